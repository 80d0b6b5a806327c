"""Silence, and what is none: a target that nobody uses, and a canary that gets no request."""

import pytest

from rollouts.intervals import BEFORE
from rollouts.silence import EXPECTED_MIN
from tests.unit.functions.rollouts.builders import policy
from tests.unit.functions.rollouts.histories import (
    COMPARED,
    clean,
    interval,
    judged,
    never_told,
    past,
    rollout,
    unseen,
)

SILENT = policy(steps=[100], window="1m", no_data="pass", analysis={"min_requests": 1})
"""Only a target on the way, which passes silence in one step, is asked whether it is silent."""


def silence(step=2, count=1):
    return [interval(10 * index, (0, 0), (0, 0), step=step) for index in range(count)]


def test_a_target_that_nobody_uses_has_no_data_at_once():
    verdict = judged([*past(0), *silence()], SILENT)

    assert (verdict.kind, verdict.settled) == ("no_data", True)
    assert verdict.because == "no traffic to judge by (under 5 requests a window)"


def test_the_first_failures_are_given_a_moment():
    first = interval(0, (0, 0), (0, 0), step=2, seconds=5)

    assert not judged([*past(0), first], SILENT).settled


@pytest.mark.parametrize(
    "by", [COMPARED, policy(window="1m", no_data="pass"), policy(steps=[100], no_data="hold")]
)
def test_elsewhere_a_silent_window_is_watched_whole(by):
    assert not judged([*past(0), *silence(0)], by).settled


@pytest.mark.parametrize("requests", [EXPECTED_MIN * 10 - 1, EXPECTED_MIN * 10])
def test_silence_is_what_a_window_of_the_past_would_not_show(requests):
    """Ten windows of past: less than five requests in each of them is silence."""
    before = interval(-600, (0, 0), (requests, 0), step=BEFORE, seconds=600)

    verdict = judged([before, unseen(0, step=2)], SILENT)

    assert verdict.settled is (requests < EXPECTED_MIN * 10)


@pytest.mark.parametrize(
    "known", [((1, 0), (0, 0)), ((None, 1), (None, 0)), ((None, 0), (None, 1))]
)
def test_a_quiet_target_with_a_request_now_is_not_silent(known):
    one = interval(0, *known, step=2, lag=None if known[0][0] is None else 0)

    assert not judged([*past(0), one], SILENT).settled


def test_an_unread_past_is_no_proof_of_silence():
    assert not judged([unseen(0, step=2)], SILENT).settled


# A canary without a request.


def test_a_canary_without_a_request_has_no_data_until_its_window_is_over():
    quiet = [interval(10 * index, (0, 0), (1, 0)) for index in range(30)]
    waiting, over = judged([*past(), *quiet[:-1]]), judged([*past(), *quiet])

    assert (waiting.kind, waiting.settled) == ("no_data", False)
    assert (over.kind, over.settled) == ("no_data", True)
    assert over.because.endswith("the canary had no request")


@pytest.mark.parametrize(("stable", "kind"), [(44, "no_data"), (45, "inconclusive")])
def test_a_silent_canary_beside_a_busy_stable_is_not_without_data(stable, kind):
    """Its share of the requests went somewhere: a platform that answers for it is no silence."""
    history = [*past(), interval(0, (0, 0), (stable, 0), seconds=300)]

    verdict = judged(history)

    assert verdict.kind == kind
    if kind != "no_data":
        assert verdict.because.endswith("the canary had no request, of about 5 that were its share")


def test_at_100_percent_the_past_tells_whether_silence_is_odd():
    silent = silence(2, 30)

    assert judged([*past(), *silent]).kind == "inconclusive"
    assert judged([*past(0), *silent]).kind == "no_data"


def test_a_step_of_which_no_total_was_ever_visible_is_not_silent():
    silent = [never_told(one) for one in clean(30)]

    verdict = judged([*past(), *silent])

    assert (verdict.kind, verdict.settled) == ("no_data", False)
    assert verdict.because.endswith("no total is visible")
    failing = [never_told(one) for one in rollout((1, 5), *[(0, 0)] * 29)]
    assert judged([*past(), *failing]).kind == "inconclusive"


def test_errors_alone_are_no_silence():
    """Before any total is visible, what is watched is not without data."""
    assert judged([*past(), unseen(0, 1)]).kind == "inconclusive"
    assert judged([*past(), unseen(0)]).kind == "no_data"
