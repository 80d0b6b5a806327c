"""Visible sample periods: when each is taken, and what it gives without a log."""

import datetime as dt

from rollouts.intervals import BEFORE
from rollouts.record import ShiftDone
from tests.unit.functions.rollouts.builders import at
from tests.unit.functions.rollouts.signalled import (
    LATE_IN_SLOT,
    TEN,
    Rollout,
    bad,
    during,
    errors,
    first,
    point,
    signals,
)


def test_a_minute_that_becomes_visible_corrects_what_was_given():
    rollout = first(95, logged=[bad(3)])

    given = rollout.look(signals(185, points=[point(0)], logged=[bad(3)]), 185)

    corrected, new = [*range(6)], [*range(9, 18)]
    found = [one for one in given.intervals if one.step > BEFORE]
    assert [one.start for one in found] == [at(10 * slot) for slot in corrected + new]
    assert (found[0].canary.errors, found[0].seen_at) == (1, at(180))
    assert [one.canary.requests for one in found] == [17, 16, 17, 17, 16, 17] + [None] * 9


def test_seen_at_is_now_if_the_look_before_could_not_read_the_metrics():
    rollout = first(181, visible_until=at(minutes=-30))

    rollout.look(signals(187, points=[point(0)]), 187)

    assert during(rollout)[0].seen_at == at(187)


def test_no_totals_are_visible_sooner_than_earlier_ones_after_a_look_without_the_metrics():
    rollout = first(200, visible_until=at(minutes=-1))
    rollout.look(signals(245), 245)

    assert [one.seen_at for one in rollout.intervals if one.seen_at][-12:] == [at(245)] * 12


def test_the_minute_of_the_first_shift_never_gets_totals():
    found = during(first(240, LATE_IN_SLOT, points=[point(0), point(1)]))

    assert [(one.start, one.seen_at) for one in found[:3]] == [
        (at(33), at(180)),
        (at(40), at(180)),
        (at(50), at(180)),
    ]
    assert [one.canary.requests for one in found[:4]] == [None, None, None, 17]


def test_a_visible_minute_waits_for_the_log_that_is_read():
    early = signals(62, points=[point(0)], visible_until=at(60), delay=dt.timedelta(0))
    rollout = Rollout(TEN)

    rollout.look(early, 62)
    assert during(rollout)[0].seen_at is None
    late = signals(75, points=[point(0)], visible_until=at(60), delay=dt.timedelta(0))
    rollout.look(late, 75)

    assert during(rollout)[0].seen_at == at(75)


def test_the_pasts_last_minutes_are_given_when_they_are_visible():
    rollout = first(15)
    assert max(one.start for one in rollout.intervals if one.step == BEFORE) == at(minutes=-3)

    given = rollout.look(signals(65, points=[point(-2, "stable", 50)]), 65)

    assert given.intervals[0].stable.requests == 50
    assert (given.intervals[0].known_at, given.intervals[0].seen_at) == (at(60), at(60))


def test_before_the_first_shift_in_its_own_minute_there_is_nothing():
    found = first(240, LATE_IN_SLOT).intervals

    assert [one.end for one in found if one.step == BEFORE][-1] == at(0)


# Without the log.


def test_without_the_log_a_visible_minute_is_one_interval_with_its_own_errors():
    rollout = Rollout(TEN)
    points = [point(0, errors=7), point(0, "stable", 900, 1)]

    rollout.look(signals(185, points=points, log_until=None), 185)

    (only,) = during(rollout)
    assert (only.start, only.end) == (at(0), at(60))
    assert (only.canary.requests, only.canary.errors) == (100, 7)
    assert (only.stable.requests, only.stable.errors) == (900, 1)
    assert (only.known_at, only.seen_at, only.latency_since) == (at(180), at(180), at(0))


def test_without_the_log_the_rest_of_a_minute_is_closed_with_the_rest_of_its_errors():
    rollout = first(25, logged=[bad(3), bad(13)])
    for now in range(35, 185, 10):
        rollout.look(signals(now, log_until=None), now)

    rollout.look(signals(185, points=[point(0, errors=5)], log_until=None), 185)

    assert [(one.start, one.end, one.canary.errors) for one in during(rollout)] == [
        (at(0), at(10), 1),
        (at(10), at(20), 1),
        (at(20), at(60), 3),
    ]
    assert sum(one.canary.requests or 0 for one in during(rollout)) == 100


def test_without_the_log_a_minute_of_two_shares_belongs_to_the_higher():
    done = (*TEN, ShiftDone(at(40), 1, 50))

    found = during(first(185, done, points=[point(0, errors=1)], log_until=None))

    assert [(one.start, one.end, one.percent) for one in found] == [(at(0), at(60), 50)]


def test_without_the_log_nothing_is_known_of_the_first_shifts_minute():
    found = during(first(245, LATE_IN_SLOT, points=[point(0, errors=9), point(1)], log_until=None))

    assert [(one.start, one.end, one.canary.errors) for one in found] == [(at(60), at(120), 0)]


def test_a_log_that_comes_back_goes_on_from_the_last_closed_interval():
    rollout = first(185, points=[point(0, errors=2)], log_until=None)

    logged = [bad(3), bad(13), bad(65)]
    given = rollout.look(signals(195, logged=logged), 195)

    assert [(one.start, one.end) for one in given.intervals][:1] == [(at(60), at(70))]
    assert errors(during(rollout), "canary") == 3


def test_a_minute_that_the_log_closed_is_seen_without_it():
    rollout = first(175)

    rollout.look(signals(185, points=[point(0)], log_until=None), 185)

    assert during(rollout)[0].canary.requests == 17
