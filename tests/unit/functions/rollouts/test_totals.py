"""A period's totals on its intervals: requests by share and time, latency where it is whole."""

from dataclasses import replace

from rollouts.intervals import BEFORE, Arm, Histogram, Point
from rollouts.reading import PAST
from rollouts.record import ShiftDone
from tests.unit.functions.rollouts.builders import at, shifts
from tests.unit.functions.rollouts.signalled import TEN, bad, during, first, point, signals


def test_a_visible_minute_is_spread_by_share_and_time():
    points = [point(0, requests=60), point(0, "stable", 540)]

    found = during(first(180, points=points))[:7]

    assert [one.canary.requests for one in found] == [10] * 6 + [None]
    assert [one.stable.requests for one in found] == [90] * 6 + [None]
    assert [one.seen_at for one in found] == [at(180)] * 6 + [None]


def test_over_a_shift_the_higher_share_gets_more_of_the_canarys_and_less_of_stables():
    done = (*TEN, ShiftDone(at(30), 1, 50))
    points = [point(0, requests=180), point(0, "stable", 420)]

    found = during(first(180, done, points=points))[:6]

    assert [one.canary.requests for one in found] == [10] * 3 + [50] * 3
    assert [one.stable.requests for one in found] == [90] * 3 + [50] * 3


def test_at_100_percent_stables_last_requests_are_spread_by_time():
    found = during(first(180, shifts(100), points=[point(0, "stable", 6)]))[:6]

    assert [one.stable.requests for one in found] == [1] * 6


def test_requests_are_never_fewer_than_an_intervals_errors():
    logged = [bad(12, name=str(number)) for number in range(7)]

    found = during(first(180, points=[point(0, requests=12, errors=7)], logged=logged))[:6]

    assert [one.canary.requests for one in found] == [1, 7, 1, 1, 1, 1]


def test_a_visible_minute_without_a_point_had_no_request():
    found = during(first(180))[:7]

    assert [one.canary.requests for one in found] == [0] * 6 + [None]


def test_a_part_of_a_minute_that_nobody_waits_for_keeps_its_share_of_the_requests():
    rollout = first(95)
    for dropped in (0, 10, 30, 50):
        del rollout.history[at(dropped)]

    rollout.look(signals(185, points=[point(0, requests=60)]), 185)

    assert [one.canary.requests for one in during(rollout)[:2]] == [10, 10]
    assert rollout.history[at(40)].latency_since is None


# Latency and requests in flight.


SLOW = Histogram((100.0,), (90, 10))


def test_a_minutes_latency_stands_on_the_interval_that_ends_it():
    points = [replace(point(0), latency=SLOW, in_flight=3.0), point(0, "stable")]

    found = during(first(180, points=points))[:6]

    assert [one.canary.latency for one in found] == [None] * 5 + [SLOW]
    assert [one.latency_since for one in found] == [None] * 5 + [at(0)]
    assert (found[5].canary.in_flight, found[5].stable.in_flight) == (3.0, None)


def test_a_minute_of_two_steps_tells_no_latency():
    done = (*TEN, ShiftDone(at(55), 1, 50))

    found = during(first(180, done, points=[replace(point(0), latency=SLOW)]))[:6]

    assert all(one.canary.latency is None and one.latency_since is None for one in found)


def test_a_visible_minute_without_requests_has_no_latency():
    assert during(first(180))[5].canary.latency is None


# The past.


def test_the_past_is_minutes_of_stable_alone():
    points = [
        replace(point(-2, "stable", 100, 3), latency=SLOW, in_flight=2.0),
        point(-1, "canary", 9),
    ]

    found = first(90, points=points).intervals

    assert found[0].start == at(0) - PAST
    assert [(one.step, one.percent, one.canary) for one in found[-10:-8]] == [
        (BEFORE, 0, Arm(0, 0))
    ] * 2
    past = {one.start: one for one in found}
    assert past[at(minutes=-2)].stable == Arm(100, 3, SLOW, 0, 2.0)
    assert past[at(minutes=-3)].stable == Arm(0, 0)
    assert at(minutes=-1) not in past


def test_a_point_of_the_past_may_be_of_any_role():
    odd = Point(at(minutes=-5), at(minutes=-4), "canary", 4, 4)

    assert all(one.canary == Arm(0, 0) for one in first(90, points=[odd]).intervals[:5])
