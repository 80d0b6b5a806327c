"""From two signals to intervals: final errors at once, totals when visible, nothing invented."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest

from rollouts.assembling import (
    HIDDEN,
    OVERLAP,
    PAST,
    SILENT,
    gather,
    log_before,
    log_since,
    metrics_since,
)
from rollouts.intervals import BEFORE, PROBED, Arm, Carried, Histogram, Interval, Point
from rollouts.record import ShiftDone
from tests.unit.functions.rollouts.builders import at, shifts
from tests.unit.functions.rollouts.signalled import (
    MINUTE,
    Rollout,
    bad,
    errors,
    point,
    signals,
)

TEN = shifts(10)
LATE_IN_SLOT = (ShiftDone(at(33), 0, 10),)


def first(now, done=TEN, **found):
    """Return a rollout after its first look."""
    rollout = Rollout(done)
    rollout.look(signals(now, **found), now)
    return rollout


def during(rollout):
    return [one for one in rollout.intervals if one.step > BEFORE]


# The log closes intervals.


def test_an_interval_is_given_five_seconds_after_its_end():
    assert [one.end for one in during(first(14.9))] == []
    assert [one.end for one in during(first(15))] == [at(10)]


def test_its_errors_are_known_and_its_totals_are_not():
    (only,) = during(first(15, logged=[bad(3), bad(4, "stable"), bad(5)]))

    assert (only.canary, only.stable) == (Arm(None, 2), Arm(None, 1))
    assert (only.known_at, only.seen_at) == (at(15), None)


def test_a_look_gives_only_what_is_new():
    rollout = first(25)

    given = rollout.look(signals(35), 35)

    assert [(one.start, one.end) for one in given.intervals] == [(at(20), at(30))]


@pytest.mark.parametrize(("ended", "slot"), [(9.999, 0), (10, 1), (19.999, 1)])
def test_a_bad_request_belongs_to_the_half_open_interval_in_which_it_ended(ended, slot):
    found = during(first(25, logged=[bad(ended)]))

    assert [one.canary.errors for one in found] == [1 - slot, slot]


def test_a_bad_request_that_is_told_twice_counts_once():
    (only,) = during(first(15, logged=[bad(3, name="x"), bad(3, name="x")]))

    assert only.canary.errors == 1


def test_what_never_reached_a_container_is_counted_apart():
    unreached = [bad(3, reached=False), bad(4, "stable", reached=False), bad(5)]

    (only,) = during(first(15, logged=unreached))

    assert only.canary == Arm(None, 1, unreached=1)
    assert only.stable == Arm(None, 0, unreached=1)


def test_known_at_is_now_if_the_look_before_could_not_read_the_log():
    rollout = first(16, log_until=None)
    rollout.look(signals(21), 21)
    rollout.look(signals(25), 25)

    assert [one.known_at for one in during(rollout)] == [at(21), at(25)]


def test_nothing_is_known_sooner_than_what_is_earlier_after_a_look_without_the_log():
    rollout = first(20, log_until=None)
    rollout.look(signals(26), 26)

    assert [one.known_at for one in during(rollout)] == [at(26), at(26)]


def test_no_totals_are_visible_sooner_than_earlier_ones_after_a_look_without_the_metrics():
    rollout = first(200, visible_until=at(minutes=-1))
    rollout.look(signals(245), 245)

    assert [one.seen_at for one in rollout.intervals if one.seen_at][-12:] == [at(245)] * 12


def test_a_period_of_one_second_makes_intervals_of_one_second():
    second = dt.timedelta(seconds=1)
    fast = signals(3.5, period=second, visible_until=at(3), delay=dt.timedelta(0))
    rollout = Rollout(TEN)

    rollout.look(fast, 3.5)

    assert [(one.start, one.known_at, one.seen_at) for one in during(rollout)] == [
        (at(0), at(1.5), at(2.5)),
        (at(1), at(2.5), at(3.5)),
        (at(2), at(3.5), None),
    ]


# Shifts.


def test_the_first_interval_begins_at_the_first_shift():
    found = during(first(45, LATE_IN_SLOT, logged=[bad(32), bad(34)]))

    assert [(one.start, one.end) for one in found] == [(at(33), at(40))]
    assert found[0].canary.errors == 1


def test_the_interval_of_a_later_shift_is_whole_and_of_the_higher_share():
    done = (*TEN, ShiftDone(at(23), 1, 50))

    found = during(first(45, done))

    assert [(one.start, one.step, one.percent) for one in found] == [
        (at(0), 0, 10),
        (at(10), 0, 10),
        (at(20), 1, 50),
        (at(30), 1, 50),
    ]


def test_bad_requests_that_began_under_an_earlier_share_are_carried_with_it():
    done = (*TEN, ShiftDone(at(23), 1, 50))
    logged = [
        bad(22), bad(24, took=3), bad(25, "stable", took=3), bad(26), bad(35, took=20),
    ]  # fmt: skip

    found = during(first(45, done, logged=logged))

    assert [one.canary.errors for one in found] == [0, 0, 1, 0]
    assert [one.carried for one in found] == [
        (),
        (),
        (Carried(0, 10, 2, 1),),
        (Carried(0, 10, 1, 0),),
    ]


def test_what_began_before_the_first_shift_is_nobodys():
    found = during(first(25, logged=[bad(3, took=5), bad(4, "stable", took=5, reached=False)]))

    assert [errors_at(one) for one in found] == [(0, 0), (0, 0)]
    assert errors(found, "canary") == 0


def errors_at(one):
    return one.canary.errors + one.canary.unreached, one.stable.errors + one.stable.unreached


# Late entries.


def test_an_entry_told_after_its_interval_is_carried_by_the_newest_that_closes():
    rollout = first(25)

    given = rollout.look(signals(45, logged=[bad(3), bad(4, "stable")]), 45)

    assert [one.carried for one in given.intervals] == [(), (Carried(0, 10, 1, 1),)]
    assert rollout.history[at(0)].canary.errors == 0


def test_a_late_entry_counts_once_however_often_it_is_read():
    rollout = first(25)

    for now in range(35, 105, 10):
        rollout.look(signals(now, logged=[bad(3)]), now)

    assert errors(during(rollout), "canary") == 1


def test_a_late_entry_waits_for_the_next_interval_that_closes():
    rollout = first(25)

    assert rollout.look(signals(27, logged=[bad(3), bad(4, reached=False)]), 27).intervals == ()
    given = rollout.look(signals(35), 35)

    assert [one.carried for one in given.intervals] == [(Carried(0, 10, 1, 0),)]
    assert given.intervals[0].canary.unreached == 1


def test_a_late_entry_keeps_the_share_under_which_it_began():
    done = (*TEN, ShiftDone(at(30), 1, 50))
    rollout = first(25, done)

    (given,) = rollout.look(signals(45, logged=[bad(3)]), 45).intervals[-1:]

    assert (given.step, given.carried) == (1, (Carried(0, 10, 1, 0),))


def test_carried_bad_requests_of_one_step_are_one_number():
    done = (*TEN, ShiftDone(at(30), 1, 50))
    rollout = first(25, done)

    given = rollout.look(signals(45, logged=[bad(3), bad(35, took=10)]), 45)

    assert given.intervals[-1].carried == (Carried(0, 10, 2, 0),)


def test_the_log_is_read_back_to_the_first_interval_without_totals():
    rollout = first(95)

    assert log_since(rollout.kept, rollout.unseen, TEN) == at(0)
    assert log_since(rollout.kept, (), TEN) == at(90) - OVERLAP
    assert log_since(None, (), TEN) == at(0) - OVERLAP


def test_the_log_is_never_read_from_before_the_first_shift_and_what_was_under_way_then():
    rollout = first(15)

    assert log_since(rollout.kept, (), TEN) == at(10) - OVERLAP
    assert log_since(first(4).kept, (), TEN) == at(0) - OVERLAP


@pytest.mark.parametrize(("now", "before"), [(24.9, 10), (25, 20), (34.9, 20)])
def test_the_log_is_read_up_to_what_can_be_known(now, before):
    assert log_before(MINUTE, at(now)) == at(before)


def test_intervals_that_wait_too_long_are_not_compared_any_more():
    """Monitoring is down: what is kept must stay small."""
    rollout = first(35, visible_until=at(minutes=-30))
    for now in range(45, 605, 10):
        rollout.look(signals(now, visible_until=at(minutes=-30), logged=[bad(now - 7)]), now)
    assert log_since(rollout.kept, rollout.unseen, TEN) == at(350)

    rollout.look(
        signals(605, visible_until=at(minutes=-30), logged=[bad(3), bad(351), bad(358)]), 605
    )

    assert errors(during(rollout), "canary") == 56 + 1


# Totals.


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


def test_the_minute_of_the_first_shift_never_gets_totals():
    found = during(first(240, LATE_IN_SLOT, points=[point(0), point(1)]))

    assert [(one.start, one.seen_at) for one in found[:3]] == [
        (at(33), at(180)),
        (at(40), at(180)),
        (at(50), at(180)),
    ]
    assert [one.canary.requests for one in found[:4]] == [None, None, None, 17]


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


def test_the_pasts_last_minutes_are_given_when_they_are_visible():
    rollout = first(15)
    assert max(one.start for one in rollout.intervals if one.step == BEFORE) == at(minutes=-3)

    given = rollout.look(signals(65, points=[point(-2, "stable", 50)]), 65)

    assert given.intervals[0].stable.requests == 50
    assert (given.intervals[0].known_at, given.intervals[0].seen_at) == (at(60), at(60))


def test_before_the_first_shift_in_its_own_minute_there_is_nothing():
    found = first(240, LATE_IN_SLOT).intervals

    assert [one.end for one in found if one.step == BEFORE][-1] == at(0)


def test_probes_stand_first_and_only_once():
    probed = Interval(at(-90), at(-60), PROBED, 50, Arm(20, 0), Arm(20, 0))

    begun = gather(None, (), signals(15), TEN, at(15), probed=probed)
    later = gather(begun.kept, (), signals(25), TEN, at(25), probed=probed)

    assert begun.intervals[0] == probed
    assert probed not in later.intervals


def test_totals_are_asked_for_from_where_they_ended():
    assert metrics_since(None, TEN) == at(0) - PAST
    assert metrics_since(first(185).kept, TEN) == at(60)


# A log that tells nothing, or cannot be read.


def test_errors_that_only_the_totals_show_are_carried_with_a_note():
    rollout = first(175)

    given = rollout.look(signals(185, points=[point(0, errors=2), point(0, "stable", 9, 1)]), 185)

    assert given.intervals[-1].carried == (Carried(0, 10, 2, 1),)
    assert given.notes == (HIDDEN,)


def test_they_are_not_carried_again():
    rollout = first(175)
    points = [point(0, errors=2), point(1), point(2, errors=1)]
    for now in (185, 245, 305):
        rollout.look(signals(now, points=points), now)

    assert errors(during(rollout), "canary") == 3


def test_in_a_rebuilt_history_they_are_carried_when_they_became_visible():
    points = [point(0, errors=2), point(1)]

    found = during(first(600, points=points))

    assert [one.end for one in found if one.carried] == [at(180)]


def test_log_and_metrics_may_put_an_error_on_different_sides_of_a_minute():
    rollout = first(175, logged=[bad(60.001)])
    points = [point(0, errors=1), point(1)]
    for now in (185, 245, 305):
        rollout.look(signals(now, points=points, logged=[bad(60.001)]), now)

    assert errors(during(rollout), "canary") == 1


def test_a_smoke_tests_error_in_the_first_shifts_minute_is_not_missed_in_the_log():
    found = during(first(300, LATE_IN_SLOT, points=[point(0, errors=3), point(1)]))

    assert errors(found, "canary") == 0


def test_what_was_under_way_at_the_first_shift_is_known_to_the_log():
    logged = [bad(5, "stable", took=20)]

    found = first(300, points=[point(0, "stable", 9, 1)], logged=logged)

    assert errors(during(found), "stable") == 0


def test_a_capped_log_is_no_excluded_one():
    rollout = first(175)

    given = rollout.look(signals(185, points=[point(0, errors=2)], capped=True), 185)

    assert errors(during(rollout), "canary") == 2
    assert given.notes == ()


def test_a_log_that_tells_nothing_of_many_errors_is_silent_until_it_tells_something():
    rollout = first(175)

    given = rollout.look(signals(185, points=[point(0, errors=5)]), 185)
    assert given.notes == (HIDDEN, SILENT)
    assert given.kept.pace.silent
    unread = rollout.look(signals(195, log_until=None), 195)
    assert unread.notes == (SILENT,)
    told = rollout.look(signals(245, logged=[bad(200)]), 245)

    assert told.notes == ()
    assert not told.kept.pace.silent


def silent_at(now):
    """Return a rollout whose log is known to be silent since its first look."""
    rollout = first(now, points=[point(0, errors=9), point(0, "stable")])
    assert rollout.kept
    assert rollout.kept.pace.silent
    return rollout


def test_a_silent_log_is_no_knowledge_of_what_no_totals_cover_yet():
    rollout = silent_at(185)

    waits = rollout.look(signals(245), 245)
    goes_on = rollout.look(signals(305), 305)

    assert [one.end for one in waits.intervals if one.seen_at is None] == []
    assert [one.end for one in goes_on.intervals if one.seen_at is None] == [at(190)]
    assert rollout.kept
    assert rollout.kept.closed_until == at(190)


def test_what_the_totals_show_beside_a_silent_log_is_told_at_once():
    rollout = silent_at(185)

    told = rollout.look(signals(245, points=[point(1, errors=7), point(1, "stable")]), 245)

    assert [one.end for one in told.intervals if one.carried] == [at(190)]


def test_a_silent_log_that_tells_something_is_knowledge_again():
    rollout = silent_at(185)

    told = rollout.look(signals(245, logged=[bad(231)]), 245)

    assert told.intervals[-1].end == at(240)
    assert not told.kept.pace.silent


def test_of_intervals_that_close_at_one_instant_the_newest_carries_what_is_late():
    rollout = first(175)
    rollout.look(signals(199, log_until=None, visible_until=at(0)), 199)

    rollout.look(signals(206, points=[point(0, errors=1), point(0, "stable")]), 206)

    assert [one.end for one in during(rollout) if one.carried] == [at(200)]


def test_few_errors_that_only_the_totals_show_make_no_silent_log():
    rollout = first(175)

    assert not rollout.look(signals(185, points=[point(0, errors=4)]), 185).kept.pace.silent


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
    assert sum(one.canary.requests for one in during(rollout)) == 100


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


def test_a_visible_minute_waits_for_the_log_that_is_read():
    early = signals(62, points=[point(0)], visible_until=at(60), delay=dt.timedelta(0))
    rollout = Rollout(TEN)

    rollout.look(early, 62)
    assert during(rollout)[0].seen_at is None
    late = signals(75, points=[point(0)], visible_until=at(60), delay=dt.timedelta(0))
    rollout.look(late, 75)

    assert during(rollout)[0].seen_at == at(75)


def test_intervals_are_in_order_without_a_gap():
    found = during(first(300, LATE_IN_SLOT))

    assert all(one.end == two.start for one, two in itertools.pairwise(found))


def test_a_point_of_the_past_may_be_of_any_role():
    odd = Point(at(minutes=-5), at(minutes=-4), "canary", 4, 4)

    assert all(one.canary == Arm(0, 0) for one in first(90, points=[odd]).intervals[:5])


def test_late_entries_of_a_step_that_nobody_knows_are_left_out():
    """What is kept may be of another rollout; nothing may fail for it."""
    rollout = first(25, (*TEN, ShiftDone(at(12), 1, 50)))
    rollout.look(signals(27, logged=[bad(14)]), 27)

    given = gather(rollout.kept, (), signals(45), TEN, at(45))

    assert [one.carried for one in given.intervals] == [(), ()]
