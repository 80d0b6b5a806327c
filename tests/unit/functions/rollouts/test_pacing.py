"""Each signal is asked when it can tell something, and less often when it refuses."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.actions import Hold
from rollouts.kept import Kept, Pace
from rollouts.pacing import answered, log_due, metrics_due, next_look, refused, slowed
from tests.unit.functions.rollouts.builders import NOW, at

SECOND = dt.timedelta(seconds=1)
KEPT = Kept(at(185), at(180), at(60), 60 * SECOND, 120 * SECOND, at(60))
"""Totals are given up to the first minute's end; the next minute's are visible at 240."""


def paced(**pace):
    return replace(KEPT, pace=Pace(**pace))


@pytest.mark.parametrize(("now", "due"), [(195, False), (239.9, False), (240, True), (999, True)])
def test_the_metrics_are_read_when_a_new_period_may_be_visible(now, due):
    assert metrics_due(KEPT, at(now)) is due


@pytest.mark.parametrize("kept", [None, replace(KEPT, delay=None)])
def test_the_metrics_are_read_as_long_as_they_never_were(kept):
    assert metrics_due(kept, at(195))


def test_the_log_is_read_at_each_look():
    assert log_due(None, Pace(), at(0))
    assert log_due(KEPT, Pace(), at(195))


@pytest.mark.parametrize(("now", "due"), [(199.9, False), (200, True)])
def test_a_log_that_refused_is_left_alone_for_a_while(now, due):
    assert log_due(KEPT, Pace(wait_until=at(200)), at(now)) is due
    assert log_due(None, Pace(wait_until=at(200)), at(now)) is due


def test_a_wait_that_nobody_can_have_set_is_none():
    """What travels between looks may be odd: the log is not given up for a year."""
    odd = Pace(wait_until=at(10**8), failures=1)

    assert log_due(KEPT, odd, at(195))
    assert next_look(replace(KEPT, pace=odd), at(195)) is None


@pytest.mark.parametrize(("now", "due"), [(210, False), (239, False), (240, True)])
def test_a_silent_log_is_read_beside_new_metrics(now, due):
    assert log_due(KEPT, Pace(silent=True), at(now)) is due


@given(st.text(), st.integers(0, 10**6))
def test_waits_grow_to_two_minutes_and_are_spread_by_a_quarter(key, failures):
    seconds = min(120.0, 20.0 * 2 ** min(failures, 9))

    found = refused(Pace(failures=failures), at(0), key, at(-39))

    assert found.wait_until is not None
    assert at(seconds * 0.75 - 0.001) <= found.wait_until <= at(seconds)
    assert found.failures == failures + 1
    assert found == refused(Pace(failures=failures), at(0), key, at(-39))


@given(st.text(), st.integers(0, 10**6), st.integers(40, 10**6))
def test_who_has_heard_nothing_for_long_waits_twenty_seconds_however_often_it_was_refused(
    key, failures, deaf
):
    found = refused(Pace(failures=failures), at(0), key, at(-deaf))

    assert found.wait_until is not None
    assert at(15 - 0.001) <= found.wait_until <= at(20)
    assert found.failures == failures + 1


def test_rollouts_that_were_refused_together_come_back_apart():
    waits = {refused(Pace(), at(0), f"rollout-{number}", at(0)).wait_until for number in range(30)}

    assert len(waits) > 20


def test_an_answer_forgets_one_refusal():
    pace = answered(Pace(at(10), 3), at(20))

    assert pace == Pace(None, 2)
    assert answered(Pace(), at(20)) == Pace()


def test_an_answer_that_told_nothing_makes_a_silent_log_wait():
    assert answered(Pace(silent=True), at(20)) == Pace(at(65), 0, silent=True)


@pytest.mark.parametrize(
    ("kept", "now", "expected"),
    [
        (KEPT, 195, None),
        (paced(wait_until=at(190)), 195, None),
        (paced(wait_until=at(220)), 195, at(220)),
        (paced(wait_until=at(300)), 195, at(240)),
        (paced(wait_until=at(300)), 245, None),
        (paced(silent=True), 195, at(240)),
        (paced(silent=True, wait_until=at(200)), 195, at(240)),
        (replace(paced(wait_until=at(300)), delay=None), 195, None),
    ],
)
def test_another_look_is_only_put_off_while_it_can_show_nothing_new(kept, now, expected):
    assert next_look(kept, at(now)) == expected


HOLD = Hold(10, "watching", "data", at(3600))


@pytest.mark.parametrize(
    ("until", "ends", "wait"),
    [
        (None, at(3600), 10),
        (at(-5), at(3600), 10),
        (at(5), at(3600), 10),
        (at(45.2), at(3600), 46),
        (at(45.2), None, 46),
        (at(600), at(3600), 120),
        (at(600), at(90), 90),
        (at(600), at(3), 10),
    ],
)
def test_a_look_that_can_show_nothing_new_is_put_off_at_most_two_minutes_and_not_past_the_end(
    until, ends, wait
):
    hold = replace(HOLD, until=ends)

    assert slowed(hold, until, NOW) == replace(hold, wait_seconds=wait)


def test_who_waits_for_a_person_is_not_slowed():
    hold = replace(HOLD, waits_for="approval")

    assert slowed(hold, at(60), NOW) == hold
