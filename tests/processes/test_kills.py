"""kill -9 in the middle of rollouts, under 100 requests a second; benchmarks.kills has them all."""

import pytest

from tests.processes.kills import ALERT, AT_100, BACK, ENGINE_DIES, NOTICE, SHIFT

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]
EACH = pytest.mark.parametrize(
    "case", [SHIFT, BACK, ALERT, NOTICE, AT_100, ENGINE_DIES], ids=lambda one: one.victim
)


@EACH
def test_the_service_ends_on_stable_or_promoted_whoever_is_killed(kills, case):
    row = kills().rows[case]

    assert row.killed >= 1
    assert row.ended in case.ends
    assert row.whole


@EACH
def test_no_request_is_lost_through_barq_whoever_is_killed(kills, case):
    row = kills().rows[case]

    assert row.lost == 0
    assert row.requests > 200


def test_at_most_the_requests_inside_the_canary_fail_with_it(kills):
    """Whether any is inside at that moment is chance."""
    row = kills().rows[AT_100]

    assert row.failed < row.requests / 10
    assert row.lost == 0


def test_a_shift_whose_answer_got_lost_is_not_made_twice(kills):
    row = kills().rows[SHIFT]

    assert (row.ended, row.shifts) == ("promoted", (10, 50, 100))


def test_the_sweeper_puts_stable_back_where_the_execution_died(kills):
    row = kills().rows[ENGINE_DIES]

    assert (row.ended, row.by, row.told) == ("rolled_back", "sweep", 1)
    assert kills().engines == 2


def test_an_alert_is_delivered_again_until_it_is_acknowledged_and_acted_on_once(kills):
    """Killed in the middle of the first delivery, so it was another one that acted."""
    row = kills().rows[ALERT]

    assert (row.ended, row.by, row.told) == ("rolled_back", "on_alert", 1)
    assert kills().writes_by_alert == 1


def test_a_notice_is_posted_again_by_a_sender_who_lives_to_hear_the_answer(kills):
    [text] = {text for text, heard in kills().chat if not heard}

    assert (text, True) in kills().chat


def test_a_rollback_that_was_killed_is_asked_for_again(kills):
    row = kills().rows[BACK]

    assert (row.ended, row.by, row.told) == ("rolled_back", "rollback", 1)
