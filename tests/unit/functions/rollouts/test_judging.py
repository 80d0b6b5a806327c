"""What the evidence says of whole histories: the word, the sentence, and what holds for all."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.intervals import BEFORE
from rollouts.judging import advance, begin, conclude, judge
from tests.unit.functions.rollouts.builders import at, policy
from tests.unit.functions.rollouts.histories import (
    COMPARED,
    USED,
    both_bad,
    hanging,
    interval,
    judged,
    last_known,
    odd_histories,
    of_minutes,
    past,
    rollout,
    told,
    unseen,
)


def test_nothing_known_is_nothing_to_say():
    verdict = judge([], COMPARED, at(0))

    assert (verdict.kind, verdict.settled) == ("no_data", False)
    assert (verdict.numbers.step, verdict.numbers.percent) == (BEFORE, 0)


def test_a_whole_window_with_nothing_against_the_canary_is_a_pass_that_says_its_numbers():
    verdict = judged([*past(), *rollout((0, 2), *[(0, 0)] * 29)])

    assert (verdict.kind, verdict.cause, verdict.page) == ("pass", "", "")
    assert verdict.because == "0 of 600 requests failed, stable 2 of 5,400"
    assert (verdict.numbers.step, verdict.numbers.percent) == (0, 10)
    assert (verdict.numbers.watched_seconds, verdict.numbers.window_seconds) == (300, 300)
    assert verdict.numbers.canary_ratio == pytest.approx((0.0, 0.00636), abs=1e-4)


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


# A stable without a request.


def alone(*, stable=(0, 0), step=0):
    return [interval(10.0 * slot, (20, 0), stable, step=step) for slot in range(30)]


def test_a_pass_beside_a_stable_without_a_request_says_that_nothing_was_compared():
    verdict = judged([*past(), *alone()])

    assert verdict.kind == "pass"
    assert verdict.because == (
        "0 of 600 requests failed, stable 0 of 0; stable had no request, so nothing was compared"
    )


@pytest.mark.parametrize(
    "history",
    [
        [*past(), *alone(stable=(1, 0))],
        [*past(), *alone(step=2)],
        [*past(), *alone()[1:], unseen(300.0, 0, 1)],
    ],
)
def test_nothing_is_said_of_a_stable_that_had_requests_or_that_none_are_left_for(history):
    verdict = judged(history)

    assert verdict.kind == "pass"
    assert "nothing was compared" not in verdict.because


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
    assert known
    assert seen
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
