"""Whom a write wakes, and whose rollout it is."""

from dataclasses import replace

from rollouts.record import Record, Waiting
from rollouts.waking import waiting
from tests.unit.functions.rollouts.builders import (
    CALLBACK,
    EXECUTION,
    NOW,
    OTHER_EXECUTION,
    rollout,
)

THEIRS = "https://workflowexecutions.googleapis.com/v1/projects/p/callbacks/d"
QUEUED = Waiting("9", OTHER_EXECUTION, THEIRS, rollout().build, NOW)


def test_a_driver_is_woken_by_what_others_write_and_not_by_its_own():
    before, after = Record(rollout=rollout()), Record(rollout=rollout("stopped"))

    assert waiting(before, after, "") == {CALLBACK: rollout().id}
    assert waiting(before, after, EXECUTION) == {}


def test_who_is_superseded_is_woken_and_who_took_its_place_is_not():
    new = rollout("deploying", id="8", execution=OTHER_EXECUTION, callback=THEIRS)

    assert list(waiting(Record(rollout=rollout()), Record(rollout=new), OTHER_EXECUTION)) == [
        CALLBACK
    ]


def test_the_driver_of_a_rollout_that_has_ended_is_gone():
    before, after = Record(rollout=rollout("promoted")), Record(rollout=rollout("rolled_back"))

    assert waiting(before, after, "") == {}


def test_who_waits_is_woken_at_the_end():
    before = Record(rollout=rollout(), waiting=QUEUED)

    assert list(waiting(before, replace(before, rollout=rollout("promoted")), EXECUTION)) == [
        THEIRS
    ]
    assert waiting(before, replace(before, rollout=rollout(paged_at=NOW)), EXECUTION) == {}
    assert list(waiting(before, replace(before, rollout=None), EXECUTION)) == [THEIRS]


def test_who_lost_its_place_in_the_queue_is_woken():
    before = Record(rollout=rollout(), waiting=QUEUED)
    newer = replace(QUEUED, id="10", execution="e3", callback="c3")

    assert list(waiting(before, replace(before, waiting=newer), "e3")) == [THEIRS]
    assert list(waiting(before, replace(before, waiting=None), "")) == [THEIRS]


def test_who_comes_and_goes_with_one_write_is_called_once_and_who_has_no_callback_never():
    before = Record(rollout=rollout(callback=""), waiting=QUEUED)

    assert list(waiting(before, Record(rollout=rollout("stopped", callback="")), "")) == [THEIRS]
    assert waiting(Record(), Record(rollout=rollout()), "") == {}
