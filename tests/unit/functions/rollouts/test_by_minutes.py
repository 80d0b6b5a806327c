"""Whole sample periods (to be removed with by_minutes). From what the signals tell to intervals: what is not visible is never read as zero."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.by_minutes import assemble
from rollouts.intervals import BEFORE, Arm, BadRequest, Histogram, Point, Signals
from rollouts.record import ShiftDone
from tests.unit.functions.rollouts.builders import at, shifts

MINUTE = dt.timedelta(seconds=60)
UNSEEN = Arm(None, 0)
NOTHING = Arm(0, 0)


def point(minute, role="canary", requests=100, errors=0, latency=None):
    return Point(at(minutes=minute), at(minutes=minute + 1), role, requests, errors, latency)


def bad(seconds, role="canary", name=None):
    return BadRequest(name or f"{role}-{seconds}", role, at(seconds), at(seconds))


def signals(*points, visible=0, since=0, logged=(), **more):
    return Signals(
        points=points,
        since=at(minutes=since),
        visible_until=at(minutes=visible),
        period=MINUTE,
        bad=tuple(logged),
        **more,
    )


def cut(found, done=(10,), now=300):
    return assemble(found, shifts(*done), at(now))


def test_intervals_stand_on_the_sample_grid_and_end_now():
    found = cut(signals(), now=150)

    assert [(one.start, one.end) for one in found] == [
        (at(0), at(60)),
        (at(60), at(120)),
        (at(120), at(150)),
    ]
    assert [one.seconds for one in found] == [60, 60, 30]


def test_a_now_on_the_grid_begins_no_empty_interval():
    assert [one.end for one in cut(signals(), now=120)] == [at(60), at(120)]


def test_at_the_instant_of_the_shift_there_is_nothing_of_it_yet():
    assert cut(signals(), now=0) == ()


def test_what_is_not_visible_yet_is_unknown_and_what_is_visible_without_a_point_is_zero():
    found = cut(signals(point(0), visible=2), now=180)

    assert [one.canary for one in found] == [Arm(100, 0), NOTHING, UNSEEN]
    assert [one.stable for one in found] == [NOTHING, NOTHING, UNSEEN]
    assert [one.complete for one in found] == [True, True, False]


@pytest.mark.parametrize(("seconds", "complete"), [(119, False), (120, True)])
def test_a_period_is_visible_once_its_whole_end_is(seconds, complete):
    early = replace(signals(), visible_until=at(seconds))

    assert cut(early, now=180)[1].complete is complete


def test_a_point_counts_even_if_it_came_before_it_had_to():
    found = cut(signals(point(0, errors=2), visible=0), now=60)

    assert found[0].canary == Arm(100, 2)
    assert found[0].stable == UNSEEN
    assert not found[0].complete


def test_a_failure_of_the_log_counts_before_the_totals_are_visible():
    found = cut(signals(logged=[bad(10), bad(20, "stable")]), now=60)

    assert (found[0].canary, found[0].stable) == (Arm(None, 1), Arm(None, 1))


@pytest.mark.parametrize(("told", "logged", "errors"), [(2, 3, 3), (3, 2, 3), (2, 2, 2)])
def test_log_and_totals_tell_of_the_same_failures_so_the_larger_number_counts(told, logged, errors):
    found = cut(
        signals(point(0, errors=told), visible=1, logged=[bad(second) for second in range(logged)]),
        now=60,
    )

    assert found[0].canary.errors == errors


def test_a_failure_that_the_totals_do_not_know_is_no_proof_of_an_empty_period():
    found = cut(signals(visible=1, logged=[bad(10)]), now=60)

    assert found[0].canary == Arm(None, 1)


def test_a_request_that_the_log_tells_twice_counts_once():
    twice = [bad(10, name="x"), bad(10, name="x"), bad(70, name="y")]

    found = cut(signals(logged=twice), now=120)

    assert [one.canary.errors for one in found] == [1, 1]


@pytest.mark.parametrize(("seconds", "slot"), [(59.999, 0), (60, 1), (60.001, 1)])
def test_a_failure_belongs_to_the_half_open_period_in_which_it_ended(seconds, slot):
    found = cut(signals(logged=[bad(seconds)]), now=120)

    assert [one.canary.errors for one in found] == [1 - slot, slot]


def test_steps_and_shares_are_those_in_force():
    found = cut(signals(since=-1), done=(10, 50), now=6 * 60)

    assert [(one.step, one.percent) for one in found] == [
        (BEFORE, 0),
        *[(0, 10)] * 5,
        (1, 50),
    ]


def test_a_period_with_a_later_shift_in_it_belongs_to_the_higher_share_and_begins_there():
    done = (ShiftDone(at(0), 0, 10), ShiftDone(at(90), 1, 50))

    found = assemble(signals(point(1, requests=60), visible=2), done, at(180))

    assert [(one.step, one.start, one.end) for one in found] == [
        (0, at(0), at(60)),
        (1, at(90), at(120)),
        (1, at(120), at(180)),
    ]
    assert found[1].canary.requests == 60


def test_of_two_shifts_in_one_period_the_last_counts():
    done = (ShiftDone(at(0), 0, 10), ShiftDone(at(70), 1, 50), ShiftDone(at(80), 2, 100))

    found = assemble(signals(), done, at(120))

    assert [(one.step, one.start) for one in found] == [(0, at(0)), (2, at(80))]


def test_the_period_of_the_first_shift_has_no_totals_for_smoke_tests_may_be_in_them():
    done = (ShiftDone(at(30), 0, 10),)

    found = assemble(signals(point(0), point(0, "stable"), point(1), visible=3), done, at(180))

    assert [one.canary for one in found] == [UNSEEN, Arm(100, 0), NOTHING]
    assert [one.complete for one in found] == [False, True, True]
    assert found[0].start == at(30)


def test_a_failure_of_before_the_first_shift_is_a_smoke_tests():
    done = (ShiftDone(at(30), 0, 10),)

    found = assemble(signals(logged=[bad(29), bad(30)]), done, at(60))

    assert [one.canary.errors for one in found] == [1]


def test_stables_past_stands_before_the_first_step():
    found = cut(signals(point(-2, "stable"), visible=1, since=-3), now=60)

    assert [(one.step, one.stable.requests) for one in found] == [
        (BEFORE, 0),
        (BEFORE, 100),
        (BEFORE, 0),
        (0, 0),
    ]


def test_without_a_shift_everything_is_before():
    found = assemble(signals(point(0, "stable"), visible=1, logged=[bad(5)]), (), at(60))

    assert [(one.step, one.percent, one.canary.errors) for one in found] == [(BEFORE, 0, 1)]


def test_a_point_from_further_back_than_asked_for_is_kept():
    found = cut(signals(point(-5, "stable"), visible=1), now=60)

    assert found[0].start == at(minutes=-5)


def test_latencies_travel_with_their_point():
    histogram = Histogram((10.0,), (3, 1))

    assert cut(signals(point(0, latency=histogram)), now=60)[0].canary.latency == histogram


def test_a_demo_of_one_second_periods_is_cut_as_finely():
    fast = replace(signals(), period=dt.timedelta(seconds=1), visible_until=at(3))

    found = cut(fast, now=3.5)

    assert [one.seconds for one in found] == [1, 1, 1, 0.5]
    assert [one.complete for one in found] == [True, True, True, False]


SHIFTS = st.lists(st.integers(0, 900), min_size=1, max_size=3, unique=True).map(
    lambda seconds: tuple(
        ShiftDone(at(second), step, (10, 50, 100)[step])
        for step, second in enumerate(sorted(seconds))
    )
)
POINTS = st.lists(
    st.builds(
        point,
        st.integers(-5, 20),
        st.sampled_from(["canary", "stable"]),
        st.integers(0, 50),
    ),
    max_size=10,
    unique_by=lambda one: (one.start, one.role),
)
FAILURES = st.lists(st.builds(bad, st.integers(0, 1200), st.sampled_from(["canary", "stable"])))


@given(SHIFTS, POINTS, FAILURES, st.integers(-3, 20), st.integers(900, 1800))
def test_intervals_are_in_order_without_overlap_and_never_past_now(
    done, points, failures, visible, seconds
):
    found = assemble(signals(*points, visible=visible, logged=failures), done, at(seconds))

    assert all(one.start < one.end <= at(seconds) for one in found)
    assert all(one.end <= two.start for one, two in itertools.pairwise(found))
    assert all(one.step <= two.step for one, two in itertools.pairwise(found))
    for one in found:
        if not one.complete:
            continue
        ends = one.end <= at(minutes=visible)
        assert ends or any(p.start <= one.start < p.end for p in points)


@given(SHIFTS, FAILURES, st.integers(900, 1800))
def test_no_failure_after_the_first_shift_gets_lost(done, failures, seconds):
    found = assemble(signals(logged=failures), done, at(seconds))

    known = {one.id for one in failures if done[0].at <= one.ended <= at(seconds)}
    latest = {one.id for one in failures if one.ended >= at(int(seconds // 60) * 60)}
    counted = sum(one.canary.errors + one.stable.errors for one in found)
    assert len(known - latest) <= counted <= len({one.id for one in failures})
