"""What is missing for a pass: time, requests, or trust; and two ways to need less of it."""

import datetime as dt
from dataclasses import replace

import pytest

from rollouts.holding import DOUBT_SECONDS
from tests.unit.functions.rollouts.builders import at, policy
from tests.unit.functions.rollouts.histories import (
    USED,
    clean,
    hanging,
    interval,
    judged,
    latencies,
    looks,
    never_told,
    of_minutes,
    past,
    rollout,
    unseen,
)

# Time.


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


# Requests.


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
    assert 0 < (verdict.missing_seconds or 0) <= DOUBT_SECONDS


@pytest.mark.parametrize(("more", "kind"), [(29, "inconclusive"), (30, "pass")])
def test_a_doubt_that_does_not_grow_holds_for_five_minutes(more, kind):
    assert judged([*DOUBTED, *clean(more, since=300)]).kind == kind


@pytest.mark.parametrize("used", [10, 20, 30])
def test_a_canary_of_which_every_request_fails_at_100_percent_is_not_passed(used):
    """Beside a short past its errors weigh little, and `min_requests` came before the evidence."""
    by = policy(steps=[100], window="10s")
    before = interval(-10, (0, 0), (used, 0), step=-1)
    failing = [interval(10 * index, (5, 5), (0, 0), percent=100) for index in range(5)]

    kinds = [judged([before, *failing[:looks]], by).kind for looks in range(1, 6)]

    assert kinds == ["inconclusive"] * 4 + ["fail"]


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


def test_a_canary_that_answers_hardly_anybody_is_not_passed():
    slow = [
        replace(one, canary=replace(one.canary, requests=2, in_flight=0.0)) for one in hanging(30)
    ]

    verdict = judged([*USED, *slow])

    assert (verdict.kind, verdict.settled) == ("inconclusive", False)
    assert verdict.because.endswith("the canary completed 54 of about 491 requests")


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
