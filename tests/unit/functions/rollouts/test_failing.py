"""What speaks against a canary: each cause, what it hides, and what is asked of stable too."""

from dataclasses import replace

import pytest

from tests.unit.functions.rollouts.builders import policy
from tests.unit.functions.rollouts.histories import (
    USED,
    both_bad,
    hanging,
    judged,
    past,
    rollout,
)


def test_a_canary_that_fails_more_often_than_stable_is_a_fail_at_once():
    verdict = judged([*past(), *rollout((9, 0), (9, 1))])

    assert (verdict.kind, verdict.cause) == ("fail", "errors")
    assert verdict.because.startswith(
        "18 of 40 requests failed, stable 1 of 360; the canary fails more often than stable"
    )
    assert "100 is enough" in verdict.because


def test_a_service_whose_roles_fail_alike_is_passed():
    history = [*past(errors=12), *rollout(*[(1, 9)] * 5, *[(0, 1)] * 25, rps=200)]

    assert judged(history).kind == "pass"


def test_worse_at_100_percent_than_before_the_rollout_is_a_fail_with_a_cause_of_its_own():
    verdict = judged([*past(), *rollout(*[(20, 0)] * 6, step=2)])

    assert (verdict.kind, verdict.cause) == ("fail", "full")
    assert "the canary fails more often than stable did before the rollout" in verdict.because


def test_where_a_person_alone_is_told_at_100_percent_a_broken_limit_still_acts():
    by = policy(analysis={"watch_action": "alert", "max_errors": 5})
    history = [*past(), *rollout(*[(20, 0)] * 6, step=2)]

    assert judged(history, by).cause == "limit"
    assert judged(history, policy(analysis={"watch_action": "alert"})).cause == "full"


@pytest.mark.parametrize("how", [{"watch_action": "alert"}, {"dry_run": True}])
def test_at_100_percent_stragglers_of_stable_spare_no_canary_a_limit(how):
    by = policy(analysis={"max_error_ratio": 0.05, **how})
    history = [*past(), *rollout(*[(20, 0)] * 6, step=2)]
    both = [replace(one, stable=replace(one.stable, requests=9, errors=9)) for one in history[30:]]

    verdict = judged([*history[:30], *both], by)

    assert (verdict.kind, verdict.cause) == ("fail", "limit")


def test_a_dry_run_asks_its_limits_first():
    history = [*past(), *rollout((9, 0), (9, 0))]

    assert judged(history, policy(analysis={"dry_run": True, "max_errors": 5})).cause == "limit"
    assert judged(history, policy(analysis={"dry_run": True})).cause == "errors"


def test_a_canary_that_answers_nobody_is_taken_back():
    verdict = judged([*USED, *hanging(6)])

    assert (verdict.kind, verdict.cause) == ("fail", "hang")
    assert verdict.because.endswith("the canary completed 0 of about 54 requests")


# Both bad.


def test_stable_equally_bad_holds_the_canary_and_pages():
    verdict = judged([*past(), *both_bad(3)])

    assert (verdict.kind, verdict.settled) == ("inconclusive", False)
    assert verdict.page == verdict.because
    assert verdict.because.endswith("stable is equally bad")


def test_bad_for_longer_than_allowed_is_a_precaution():
    """300 s from the end of the first bad interval to that of the last."""
    history = [*past(), *both_bad(31)]

    assert judged(history[:-1]).kind == "inconclusive"
    verdict = judged(history)
    assert (verdict.kind, verdict.cause) == ("fail", "shared")
    assert verdict.because.endswith(
        "both are bad for 5m, and were not before the rollout: a precaution"
    )


def test_how_long_is_the_users_choice():
    by = policy(analysis={"common_outage_max": "1m"})

    assert judged([*past(), *both_bad(7)], by).cause == "shared"


@pytest.mark.parametrize("before", [[], [*past(errors=0)[:-1], *past(minutes=1, errors=400)]])
def test_without_a_past_or_with_a_bad_one_nothing_is_taken_back_as_a_precaution(before):
    verdict = judged([*before, *both_bad(40)])

    assert (verdict.kind, bool(verdict.page)) == ("inconclusive", True)


def test_stable_bad_by_itself_is_told_and_then_holds_nobody():
    """After 45 bad requests of stable's, 5 of the canary's are missing."""
    assert judged([*past(), *both_bad(1, canary=0, stable=36)]).because.endswith(
        "stable itself is bad"
    )
    alone = [*past(), *both_bad(30, canary=0)]
    assert judged(alone).kind == "pass"


def test_a_user_may_have_a_common_outage_rolled_back_at_once():
    by = policy(analysis={"stable_also_bad": "roll_back"})

    assert judged([*past(), *both_bad(1)], by).cause == "shared"
    assert judged([*past(), *both_bad(1, canary=0, stable=36)], by).kind == "inconclusive"


def test_a_limit_that_both_break_for_too_long_is_a_precaution_that_refuses_no_image():
    by = policy(analysis={"max_error_ratio": 0.05})

    assert judged([*past(), *both_bad(3)], by).page.endswith("and stable breaks it too")
    assert judged([*past(), *both_bad(31)], by).cause == "shared"
