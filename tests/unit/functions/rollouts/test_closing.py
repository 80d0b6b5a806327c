"""What the log closes: final errors, seconds after they happened, each in its own interval."""

import datetime as dt

import pytest

from rollouts.intervals import Arm, Carried
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
    signals,
    silent_at,
)


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


def errors_at(one):
    return one.canary.errors + one.canary.unreached, one.stable.errors + one.stable.unreached


def test_what_began_before_the_first_shift_is_nobodys():
    found = during(first(25, logged=[bad(3, took=5), bad(4, "stable", took=5, reached=False)]))

    assert [errors_at(one) for one in found] == [(0, 0), (0, 0)]
    assert errors(found, "canary") == 0


# A silent log.


def test_a_silent_log_is_no_knowledge_of_what_no_totals_cover_yet():
    rollout = silent_at(185)

    waits = rollout.look(signals(245), 245)
    goes_on = rollout.look(signals(305), 305)

    assert [one.end for one in waits.intervals if one.seen_at is None] == []
    assert [one.end for one in goes_on.intervals if one.seen_at is None] == [at(190)]
    assert rollout.kept
    assert rollout.kept.closed_until == at(190)


def test_a_silent_log_that_tells_something_is_knowledge_again():
    rollout = silent_at(185)

    told = rollout.look(signals(245, logged=[bad(231)]), 245)

    assert told.intervals[-1].end == at(240)
    assert not told.kept.pace.silent
