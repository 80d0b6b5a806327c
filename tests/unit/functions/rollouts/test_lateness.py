"""What became known late: carried once, by an interval that closes then, under its own share."""

from rollouts.assembling import gather
from rollouts.intervals import Carried
from rollouts.reading import log_since
from rollouts.record import ShiftDone
from tests.unit.functions.rollouts.builders import at
from tests.unit.functions.rollouts.signalled import (
    TEN,
    bad,
    during,
    errors,
    first,
    point,
    signals,
    silent_at,
)


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


def test_intervals_that_wait_too_long_are_not_compared_any_more():
    """Monitoring is down: what is kept must stay small."""
    rollout = first(35, visible_until=at(minutes=-30))
    for now in range(45, 605, 10):
        rollout.look(signals(now, visible_until=at(minutes=-30), logged=[bad(now - 7)]), now)
    assert log_since(rollout.kept, rollout.unseen, TEN).arrived_since == at(350)

    rollout.look(
        signals(605, visible_until=at(minutes=-30), logged=[bad(3), bad(351), bad(358)]), 605
    )

    assert errors(during(rollout), "canary") == 56 + 1


def test_in_a_rebuilt_history_what_the_totals_alone_show_is_carried_when_it_became_visible():
    points = [point(0, errors=2), point(1)]

    found = during(first(600, points=points))

    assert [one.end for one in found if one.carried] == [at(180)]


def test_of_intervals_that_close_at_one_instant_the_newest_carries_what_is_late():
    rollout = first(175)
    rollout.look(signals(199, log_until=None, visible_until=at(0)), 199)

    rollout.look(signals(206, points=[point(0, errors=1), point(0, "stable")]), 206)

    assert [one.end for one in during(rollout) if one.carried] == [at(200)]


def test_what_the_totals_show_beside_a_silent_log_is_told_at_once():
    rollout = silent_at(185)

    told = rollout.look(signals(245, points=[point(1, errors=7), point(1, "stable")]), 245)

    assert [one.end for one in told.intervals if one.carried] == [at(190)]


def test_late_entries_of_a_step_that_nobody_knows_are_left_out():
    """What is kept may be of another rollout; nothing may fail for it."""
    rollout = first(25, (*TEN, ShiftDone(at(12), 1, 50)))
    rollout.look(signals(27, logged=[bad(14)]), 27)

    given = gather(rollout.kept, (), signals(45), TEN, at(45))

    assert [one.carried for one in given.intervals] == [(), ()]
