"""Where intervals are cut, and to which share they belong."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.grid import Grid, floor, length_of
from rollouts.intervals import BEFORE
from rollouts.record import ShiftDone
from tests.unit.functions.rollouts.builders import at

MINUTE = dt.timedelta(seconds=60)
DONE = (ShiftDone(at(33), 0, 10), ShiftDone(at(95), 1, 50), ShiftDone(at(98), 2, 100))


@given(
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2040, 1, 1), timezones=st.just(dt.UTC)),
    st.integers(1, 3600),
)
def test_the_grid_stands_on_the_epoch(instant, seconds):
    period = dt.timedelta(seconds=seconds)

    found = floor(instant, period)

    assert found <= instant < found + period
    assert found.timestamp() % seconds == 0


@pytest.mark.parametrize(
    ("period", "length"), [(60, 10), (1, 1), (30, 10), (7, 7), (13, 1), (24, 8), (0.5, 0.5)]
)
def test_an_interval_is_the_longest_whole_part_of_a_period_up_to_ten_seconds(period, length):
    assert length_of(dt.timedelta(seconds=period)) == dt.timedelta(seconds=length)


@pytest.mark.parametrize(
    ("start", "end", "step"),
    [(33, 40, 0), (80, 90, 0), (90, 100, 2), (90, 96, 1), (96, 98, 1), (100, 110, 2)],
)
def test_a_straddling_interval_belongs_to_the_higher_share(start, end, step):
    assert Grid(MINUTE, DONE).share(at(start), at(end)).step == step


@pytest.mark.parametrize(
    ("seconds", "step"), [(32.9, BEFORE), (33, 0), (94.9, 0), (95, 1), (98, 2), (999, 2)]
)
def test_a_request_belongs_to_the_step_in_which_it_began(seconds, step):
    assert Grid(MINUTE, DONE).step_at(at(seconds)) == step


@pytest.mark.parametrize(
    ("start", "end", "one"),
    [(0, 60, False), (33, 60, True), (60, 120, False), (98, 120, True), (0, 33, True)],
)
def test_a_period_is_of_one_step_if_no_shift_lies_inside(start, end, one):
    assert Grid(MINUTE, DONE).one_step(at(start), at(end)) is one


@pytest.mark.parametrize(("began", "since"), [(0, 0), (33, 60), (60, 60)])
def test_totals_are_whole_after_the_period_of_the_first_shift(began, since):
    grid = Grid(MINUTE, (ShiftDone(at(began), 0, 10),))

    assert grid.whole_since == at(since)
    assert grid.past_until == at(began // 60 * 60)


def test_cuts_are_after_an_instant():
    grid = Grid(MINUTE, DONE)

    assert [grid.next_cut(at(second)) for second in (33, 40)] == [at(40), at(50)]
