"""What the evidence says: the word, the sentence, and what is missing for another."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.intervals import BEFORE
from rollouts.judging import DOUBT_SECONDS, EXPECTED_MIN, advance, begin, conclude, judge
from tests.unit.functions.rollouts.builders import at, policy
from tests.unit.functions.rollouts.histories import (
    COMPARED,
    clean,
    interval,
    last_known,
    latencies,
    looks,
    never_told,
    odd_histories,
    past,
    rollout,
    told,
    unseen,
)


def judged(history, by=COMPARED, *, affinity=False):
    return judge(history, by, last_known(history), affinity=affinity)


def of_minutes(*errors, rps=20.0, lag=120, **fields):
    """Return a history as it comes: errors 5 s after each interval, totals a minute at a time."""
    history = rollout(*errors, rps=rps, settle=5, **fields)
    ends = [at(60 * (index // 6 + 1) + lag) for index in range(len(history))]
    return [
        replace(one, seen_at=max(end, one.known_at or one.end))
        for one, end in zip(history, ends, strict=True)
    ]


# The word.


def test_a_whole_window_with_nothing_against_the_canary_is_a_pass_that_says_its_numbers():
    verdict = judged([*past(), *rollout((0, 2), *[(0, 0)] * 29)])

    assert (verdict.kind, verdict.cause, verdict.page) == ("pass", "", "")
    assert verdict.because == "0 of 600 requests failed, stable 2 of 5,400"
    assert (verdict.numbers.step, verdict.numbers.percent) == (0, 10)
    assert (verdict.numbers.watched_seconds, verdict.numbers.window_seconds) == (300, 300)
    assert verdict.numbers.canary_ratio == pytest.approx((0.0, 0.00636), abs=1e-4)


def test_a_canary_that_fails_more_often_than_stable_is_a_fail_at_once():
    verdict = judged([*past(), *rollout((9, 0), (9, 1))])

    assert (verdict.kind, verdict.cause) == ("fail", "errors")
    assert verdict.because.startswith(
        "18 of 40 requests failed, stable 1 of 360; the canary fails more often than stable"
    )
    assert "100 is enough" in verdict.because


def test_three_errors_of_the_canary_alone_are_enough_at_10_percent_and_two_are_not():
    assert judged([*past(), *rollout(*[(1, 0)] * 2)]).kind == "inconclusive"
    assert judged([*past(), *rollout(*[(1, 0)] * 3)]).kind == "fail"


def test_ten_errors_of_the_canary_alone_are_enough_at_50_percent_and_nine_are_not():
    assert judged([*past(), *rollout(*[(1, 0)] * 9, step=1)]).kind == "inconclusive"
    assert judged([*past(), *rollout(*[(1, 0)] * 10, step=1)]).kind == "fail"


@pytest.mark.parametrize(("sensitivity", "needed"), [("high", 7), ("normal", 10), ("low", 13)])
def test_how_soon_is_the_users_choice(sensitivity, needed):
    by = policy(analysis={"sensitivity": sensitivity})

    assert judged([*past(), *rollout(*[(1, 0)] * needed, step=1)], by).kind == "fail"
    assert judged([*past(), *rollout(*[(1, 0)] * (needed - 1), step=1)], by).kind != "fail"


def test_evidence_of_an_earlier_step_is_kept():
    two = rollout(*[(1, 0)] * 2, *[(0, 0)] * 3)
    four = rollout(*[(1, 0)] * 4, step=1, since=50)

    assert judged([*past(), *two, *four]).kind == "fail"
    assert judged([*past(), *four]).kind != "fail"


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


def test_where_a_person_alone_is_told_a_limit_that_stable_breaks_as_well_hides_nothing():
    by = policy(analysis={"watch_action": "alert", "max_error_ratio": 0.05})
    history = [*past(), *rollout(*[(20, 0)] * 6, step=2)]
    both = [replace(one, stable=replace(one.stable, requests=9, errors=9)) for one in history[30:]]

    assert judged([*history[:30], *both], by).cause == "full"


def test_a_dry_run_asks_its_limits_first():
    history = [*past(), *rollout((9, 0), (9, 0))]

    assert judged(history, policy(analysis={"dry_run": True, "max_errors": 5})).cause == "limit"
    assert judged(history, policy(analysis={"dry_run": True})).cause == "errors"


# What is missing.


@pytest.mark.parametrize(("seconds", "kind"), [(290, "inconclusive"), (300, "pass")])
def test_a_pass_needs_the_errors_of_the_whole_window(seconds, kind):
    verdict = judged([*past(), *clean(seconds // 10)])

    assert verdict.kind == kind
    if kind != "pass":
        assert (verdict.missing_seconds, verdict.settled) == (10, False)
        assert verdict.because.endswith("; watching")


@pytest.mark.parametrize(("visible", "kind"), [(17, "inconclusive"), (18, "pass")])
def test_a_pass_needs_the_totals_of_six_tenths_of_the_window(visible, kind):
    history = [*past(), *clean(visible), *[unseen(10 * index) for index in range(visible, 30)]]

    verdict = judged(history)

    assert verdict.kind == kind
    assert verdict.missing_seconds == (10 if kind != "pass" else None)


def test_a_healthy_step_with_totals_two_minutes_late_takes_its_window_and_a_moment():
    history = [*past(), *of_minutes(*[(0, 0)] * 60)]

    passed = [
        now
        for now, _, verdict in looks(history, map(at, range(0, 420, 5)))
        if verdict.kind == "pass"
    ]

    assert passed[0] == at(305)


def test_what_is_missing_in_between_was_not_watched():
    """Not what an interval stands for, but a pass by its first and last would be one by silence."""
    gap = [*past(), *clean(2), *clean(2, since=280)]

    verdict = judged(gap)

    assert (verdict.kind, verdict.numbers.watched_seconds) == ("inconclusive", 40)


def test_a_signal_that_stays_silent_is_not_waited_out():
    """After four minutes intervals are judged without totals; that is no totals."""
    history = [*past(), *clean(6), *[unseen(60 + 10 * index) for index in range(60)]]

    verdict = judged(history)

    assert (verdict.kind, verdict.settled) == ("inconclusive", False)
    assert verdict.missing_seconds == 120


def test_totals_that_will_never_be_told_are_not_waited_for():
    """Those of the first shift's own minute: smoke tests stand in them."""
    first = [never_told(one) for one in clean(6)]

    assert judged([*past(), *first, *clean(24, since=60)]).kind == "pass"


def test_a_step_of_which_no_total_was_ever_visible_is_not_silent():
    silent = [never_told(one) for one in clean(30)]

    verdict = judged([*past(), *silent])

    assert (verdict.kind, verdict.settled) == ("no_data", False)
    assert verdict.because.endswith("no total is visible")
    failing = [never_told(one) for one in rollout((1, 5), *[(0, 0)] * 29)]
    assert judged([*past(), *failing]).kind == "inconclusive"


@pytest.mark.parametrize(("requests", "kind"), [(19, "inconclusive"), (20, "pass")])
def test_a_pass_needs_the_least_number_of_requests(requests, kind):
    history = [*past(), *clean(29, rps=0), interval(290, (requests, 0), (180, 0))]

    verdict = judged(history)

    assert verdict.kind == kind
    if kind != "pass":
        assert verdict.because.endswith("1 more requests are needed")
        assert (verdict.missing_requests, verdict.settled) == (1, True)
        assert verdict.missing_seconds == pytest.approx(300 / 19)


def test_each_step_has_its_own_window_and_requests():
    by = policy(window=["1m", "2m"], analysis={"min_requests": [20, 300]})
    second = clean(12, step=1, rps=4, since=60)

    verdict = judged([*past(), *clean(6), *second], by)

    assert (verdict.kind, verdict.missing_requests) == ("inconclusive", 60)
    assert verdict.numbers.window_seconds == 120


# Doubt: at most 300 s more.

DOUBTED = [*past(), *rollout((3, 0), *[(0, 0)] * 29)]


def test_a_canary_in_doubt_is_not_given_more_and_says_what_would_settle_it():
    verdict = judged(DOUBTED)

    assert verdict.kind == "inconclusive"
    assert "; in doubt (evidence " in verdict.because
    assert 10 <= verdict.evidence.errors < 100 / 0.7
    assert verdict.missing_requests > 0
    assert 0 < verdict.missing_seconds <= DOUBT_SECONDS


@pytest.mark.parametrize(("more", "kind"), [(29, "inconclusive"), (30, "pass")])
def test_a_doubt_that_does_not_grow_holds_for_five_minutes(more, kind):
    assert judged([*DOUBTED, *clean(more, since=300)]).kind == kind


def test_slow_requests_hold_a_canary_back_as_errors_do():
    usual, slower = latencies(12, 20), latencies(12, 30)
    few = latencies(12, 2, total=100)
    history = past(latency=usual)
    for index in range(30):
        pair = (slower if 10 <= index < 14 else few, usual)
        history.append(interval(10 * index, (100, 0), (900, 0), latency=pair))

    verdict = judged(history)

    assert (verdict.kind, verdict.evidence.errors) == ("inconclusive", 1.0)
    assert verdict.evidence.latency > 10


# A short first step, and an early end.

GLANCE = policy(steps=[1, 10, 100], window=["1m", "5m"])


def test_a_short_first_step_of_several_is_passed_by_the_log_alone():
    history = [*past(20), *[unseen(10 * index, percent=1) for index in range(6)]]

    assert judged(history, GLANCE).kind == "pass"
    assert judged(history[:-1], GLANCE).kind == "no_data"


@pytest.mark.parametrize(
    ("by", "rps"),
    [
        (policy(steps=[1, 10, 100], window=["61s", "5m"]), 20),
        (policy(steps=[100], window="1m"), 20),
        (GLANCE, 8.2),
    ],
)
def test_no_other_step_is(by, rps):
    """Longer than a minute, the only one, or one in which hardly a request is expected."""
    history = [*past(rps), *[unseen(10 * index, percent=1) for index in range(7)]]
    short = history if by.window[0] > dt.timedelta(seconds=60) else history[:-1]

    assert judged(short, by).kind != "pass"


def test_a_later_step_is_not_passed_at_a_glance():
    by = policy(steps=[1, 10, 100], window="1m")
    later = [unseen(60 + 10 * index, step=1, percent=10) for index in range(6)]

    assert judged([*past(), *clean(6, percent=1), *later], by).kind != "pass"


EARLY = policy(analysis={"early_promote": True})


def test_a_step_may_end_early_where_the_user_says_so():
    history = [*past(200), *clean(6, rps=200)]

    assert judged(history, EARLY).kind == "pass"
    assert judged(history).kind == "inconclusive"


@pytest.mark.parametrize("history", [
    [*past(200), *clean(5, rps=200)],
    [*past(), *clean(16)],
    [*past(200), *clean(6, rps=200), unseen(60, 1)],
    [*past(200), *rollout((0, 0), (9, 90), *[(0, 0)] * 4, rps=200)],
])  # fmt: skip
def test_an_early_end_needs_a_minute_and_many_clean_visible_requests(history):
    """About 330 of them; here after 50 s, of 320, with an error of now, with too many errors."""
    assert judged(history, EARLY).kind == "inconclusive"


# Silence.

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


def test_errors_alone_are_no_silence():
    """Before any total is visible, what is watched is not without data."""
    assert judged([*past(), unseen(0, 1)]).kind == "inconclusive"
    assert judged([*past(), unseen(0)]).kind == "no_data"


def test_nothing_known_is_nothing_to_say():
    verdict = judge([], COMPARED, at(0))

    assert (verdict.kind, verdict.settled) == ("no_data", False)
    assert (verdict.numbers.step, verdict.numbers.percent) == (BEFORE, 0)


def test_the_past_of_stable_is_not_the_canarys():
    assert judged([*past(), *clean(1)]).numbers.stable_requests == 180


# A hang.


def hanging(count, completed=0, **fields):
    return [
        interval(10 * index, (completed, 0), (180, 0), in_flight=(40.0, 5.0), **fields)
        for index in range(count)
    ]


USED = past(latency=latencies(12, 20))


def test_a_canary_that_answers_nobody_is_taken_back():
    verdict = judged([*USED, *hanging(6)])

    assert (verdict.kind, verdict.cause) == ("fail", "hang")
    assert verdict.because.endswith("the canary completed 0 of about 54 requests")


def test_a_canary_that_answers_hardly_anybody_is_not_passed():
    slow = [
        replace(one, canary=replace(one.canary, requests=2, in_flight=0.0)) for one in hanging(30)
    ]

    verdict = judged([*USED, *slow])

    assert (verdict.kind, verdict.settled) == ("inconclusive", False)
    assert verdict.because.endswith("the canary completed 54 of about 491 requests")


# Both bad.


def both_bad(count, since=0.0, canary=5, stable=45):
    return rollout(*[(canary, stable)] * count, since=since)


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


# Clients that stick to a revision.


@pytest.mark.parametrize("history", [
    [*past(), *rollout(*[(20, 0)] * 30)],
    [*USED, *hanging(30, completed=1)],
    [*past(), *both_bad(30)],
    [*past(), *rollout(*[(200, 0)] * 30, step=2)],
])  # fmt: skip
def test_where_clients_stick_to_a_revision_nothing_is_compared(history):
    verdict = judged(history, affinity=True)

    assert verdict.kind == "pass"
    assert verdict.because.endswith("clients stick to a revision, so nothing was compared")
    assert (verdict.evidence.total, verdict.evidence.threshold) == (1.0, 100.0)
    assert judged(history).kind != "pass"


def test_a_limit_that_both_break_still_holds_where_clients_stick():
    by = policy(analysis={"max_error_ratio": 0.05})

    verdict = judged([*past(), *both_bad(40)], by, affinity=True)

    assert (verdict.kind, bool(verdict.page)) == ("inconclusive", True)


# A judge that goes along.


def test_a_judge_that_goes_along_says_what_one_of_the_whole_history_says():
    history = [*past(), *of_minutes(*[(0, 1)] * 20, (3, 0), (4, 0), (0, 0))]
    tally = advance(begin(COMPARED), [told(one, at(300)) for one in history])

    assert conclude(tally) == judge([told(one, at(300)) for one in history], COMPARED, at(300))


def test_concluding_changes_nothing():
    tally = advance(begin(COMPARED), [*past(), *of_minutes((3, 0), (0, 0))])

    assert conclude(tally) == conclude(tally)


MOMENT = dt.timedelta(microseconds=1)


def test_what_was_not_known_yet_is_left_out():
    history = [*past(), *of_minutes((0, 0), (9, 0), lag=60)]

    def then(now):
        return judge(history, COMPARED, now)

    known, seen = history[-1].known_at, history[-1].seen_at
    assert then(known - MOMENT) == judge(history[:-1], COMPARED, known - MOMENT)
    assert then(known).numbers.canary_errors_uncounted == 9
    assert then(seen - MOMENT) == then(known)
    assert then(seen).numbers.canary_errors_uncounted == 0


# Properties.

POLICIES = st.builds(
    lambda window, step, analysis: policy(window=window, steps=step, analysis=analysis),
    st.sampled_from(["10s", "1m", "5m"]),
    st.sampled_from([[10, 50, 100]]),
    st.fixed_dictionaries(
        {},
        optional={
            "sensitivity": st.sampled_from(["low", "high"]),
            "max_errors": st.sampled_from([3, [2, 6]]),
            "max_error_ratio": st.sampled_from([0.05, 0.5]),
            "max_latency_p95": st.just("300ms"),
            "min_requests": st.sampled_from([0, 1, 100]),
            "early_promote": st.booleans(),
            "stable_also_bad": st.just("roll_back"),
            "bad_intervals_min": st.just(2),
        },
    ),
)


@given(odd_histories(), POLICIES, st.booleans())
def test_whatever_happens_a_verdict_says_what_it_must(history, by, affinity):
    verdict = judge(history, by, last_known(history), affinity=affinity)

    assert verdict.because
    assert verdict.cause or verdict.kind != "fail"
    assert not (verdict.cause and verdict.kind in {"pass", "no_data"})
    assert not (verdict.page and verdict.kind in {"pass", "fail"})
    assert verdict.missing_requests >= 0
    assert verdict.missing_seconds is None or verdict.missing_seconds > 0


@given(odd_histories())
def test_the_evidence_of_all_streams_is_one(history):
    one = judge(history, COMPARED, last_known(history)).evidence
    parts = 0.7 * one.errors + 0.2 * one.latency + 0.1 * one.full

    assert one.total == pytest.approx(parts) or max(one.total, one.errors, one.latency) == 1e12


@given(odd_histories(), POLICIES)
def test_a_pass_stands_on_a_whole_window_and_enough_requests_of_the_present_step(history, by):
    by = replace(
        by, window=(dt.timedelta(seconds=61),), analysis=replace(by.analysis, early_promote=False)
    )

    verdict = judge(history, by, last_known(history))

    if verdict.kind == "pass":
        present = [one for one in history if one.step == verdict.numbers.step]
        seen = sum(one.seconds for one in present if one.seen_at)
        requests = sum(one.canary.requests or 0 for one in present)
        assert sum(one.seconds for one in present) >= 61
        assert seen >= 0.6 * 61
        assert requests >= max(1, by.analysis.requests_needed(verdict.numbers.step))


@given(odd_histories(), POLICIES, st.integers(1, 5))
def test_the_same_history_always_gets_the_same_verdict(history, by, later):
    end = last_known(history)

    assert judge(history, by, end) == judge(list(history), by, end + dt.timedelta(hours=later))
