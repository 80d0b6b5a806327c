"""Errors that only the totals show: found, told once, and never mistaken for others."""

from collections import Counter

from rollouts.grid import Grid
from rollouts.kept import CANARY, STABLE, Kept, Late, Row
from rollouts.ledger import Ledger
from tests.unit.functions.rollouts.builders import at
from tests.unit.functions.rollouts.signalled import (
    LATE_IN_SLOT,
    MINUTE,
    TEN,
    bad,
    during,
    errors,
    first,
    point,
    signals,
)


def test_errors_that_only_the_totals_show_are_carried_once():
    rollout = first(175)
    points = [point(0, errors=2), point(1), point(2, errors=1)]
    for now in (185, 245, 305):
        rollout.look(signals(now, points=points), now)

    assert errors(during(rollout), "canary") == 3


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


def ledger(**kept):
    first = Kept(at(0), at(0), at(0), MINUTE, None, at(0), **kept)
    return Ledger(first, Grid(MINUTE, TEN))


def test_what_is_told_again_counts_once_by_the_higher_count():
    found = ledger(told={Row(at(10), 0, CANARY): 2})

    found.take(Counter({Row(at(10), 0, CANARY): 1, Row(at(20), 0, CANARY): 4}))

    assert found.told == {Row(at(10), 0, CANARY): 2, Row(at(20), 0, CANARY): 4}


def test_what_was_told_is_counted_by_the_half_open_time_in_which_its_intervals_begin():
    found = ledger(told={Row(at(start), 0, CANARY): 1 for start in (0, 10, 20)})

    assert found.told_between(CANARY, at(0), at(20)) == 2
    assert found.told_between(STABLE, at(0), at(20)) == 0


def test_what_is_kept_of_both_accounts_leaves_out_the_same_of_each():
    """Rows that are not kept are taken from the debt: the difference stays."""
    found = ledger(told={Row(at(0), 0, CANARY): 3, Row(at(10), 0, CANARY): 1}, debt=(4, 2))

    assert found.told_since(at(10)) == {Row(at(10), 0, CANARY): 1}
    assert found.debt_before(at(10)) == (1, 2)


def test_a_settled_error_is_owed_no_more():
    found = ledger(told={Row(at(0), 0, CANARY): 1})
    points = (point(0, errors=3), point(0, "stable", errors=1))

    assert found.settle_up(at(0), at(60), points) == {Late(0, CANARY): 2, Late(0, STABLE): 1}
    assert found.settle_up(at(60), at(120), (None, None)).total() == 0
    assert found.hidden == 3
