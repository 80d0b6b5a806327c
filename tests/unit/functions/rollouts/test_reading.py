"""From when on the log and the metrics are read, and before when."""

from dataclasses import replace

import pytest

from rollouts.reading import LONGEST, OVERLAP, PAST, log_before, log_since, metrics_since
from tests.unit.functions.rollouts.builders import at
from tests.unit.functions.rollouts.signalled import MINUTE, TEN, first


def test_the_log_is_read_back_to_the_first_interval_without_totals():
    rollout = first(95)

    assert log_since(rollout.kept, rollout.unseen, TEN).arrived_since == at(0)
    assert log_since(rollout.kept, (), TEN).arrived_since == at(90) - OVERLAP
    assert log_since(None, (), TEN).arrived_since == at(0) - OVERLAP


def test_what_arrives_now_may_have_begun_as_long_ago_as_a_request_may_take():
    begun = at(minutes=90)
    now = first(95).kept
    assert now
    kept = replace(now, closed_until=begun)

    assert log_since(now, (), TEN).began_since == at(0) - OVERLAP
    assert log_since(kept, (), TEN).began_since == begun - OVERLAP - LONGEST


def test_the_log_is_never_read_from_before_the_first_shift_and_what_was_under_way_then():
    rollout = first(15)

    assert log_since(rollout.kept, (), TEN).arrived_since == at(10) - OVERLAP
    assert log_since(first(4).kept, (), TEN) == (at(0) - OVERLAP, at(0) - OVERLAP)


@pytest.mark.parametrize(("now", "before"), [(24.9, 10), (25, 20), (34.9, 20)])
def test_the_log_is_read_up_to_what_can_be_known(now, before):
    assert log_before(MINUTE, at(now)) == at(before)


def test_totals_are_asked_for_from_where_they_ended():
    assert metrics_since(None, TEN) == at(0) - PAST
    assert metrics_since(first(185).kept, TEN) == at(60)
