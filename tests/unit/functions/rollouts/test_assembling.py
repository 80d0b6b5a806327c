"""From two signals to intervals: final errors at once, totals when visible, nothing invented."""

import itertools

from rollouts.assembling import HIDDEN, SILENT, gather
from rollouts.intervals import PROBED, Arm, Carried, Interval
from tests.unit.functions.rollouts.builders import at
from tests.unit.functions.rollouts.signalled import (
    LATE_IN_SLOT,
    TEN,
    bad,
    during,
    errors,
    first,
    point,
    signals,
)


def test_intervals_are_in_order_without_a_gap():
    found = during(first(300, LATE_IN_SLOT))

    assert all(one.end == two.start for one, two in itertools.pairwise(found))


def test_probes_stand_first_and_only_once():
    probed = Interval(at(-90), at(-60), PROBED, 50, Arm(20, 0), Arm(20, 0))

    begun = gather(None, (), signals(15), TEN, at(15), probed=probed)
    later = gather(begun.kept, (), signals(25), TEN, at(25), probed=probed)

    assert begun.intervals[0] == probed
    assert probed not in later.intervals


# What a look says of the log.


def test_errors_that_only_the_totals_show_are_carried_with_a_note():
    rollout = first(175)

    given = rollout.look(signals(185, points=[point(0, errors=2), point(0, "stable", 9, 1)]), 185)

    assert given.intervals[-1].carried == (Carried(0, 10, 2, 1),)
    assert given.notes == (HIDDEN,)


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


def test_few_errors_that_only_the_totals_show_make_no_silent_log():
    rollout = first(175)

    assert not rollout.look(signals(185, points=[point(0, errors=4)]), 185).kept.pace.silent
