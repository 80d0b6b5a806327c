"""A second delivery beside one whose driver lives."""

from dataclasses import replace

import pytest

from rollouts.actions import Hold, Stop
from rollouts.images import Image
from rollouts.record import KEPT_MAX, Build, Record, Waiting
from rollouts.second_push import TURN_SECONDS, meet, out_of_queue, over, with_past
from tests.unit.functions.rollouts.builders import (
    CALLBACK,
    CANARY,
    DIGEST,
    EXECUTION,
    NOW,
    OTHER_DIGEST,
    OTHER_EXECUTION,
    REPOSITORY,
    at,
    deploying,
    rollout,
    seen,
)

PRESENT = rollout(execution=OTHER_EXECUTION, digest=OTHER_DIGEST)
NEW = Build("build-2", at(minutes=-1), "")
QUEUED = Waiting("9", "e3", "c3", Build("build-1", at(minutes=-5), ""), NOW)


def met(way, request=None, record=None):
    service = seen(record=record or Record(rollout=PRESENT, generation=6))
    asked = request or deploying(build=NEW, automatic=True)
    return meet(service, PRESENT, asked, "mine", way, NOW)


def test_a_newcomer_takes_the_place_of_the_present_one():
    assert met("supersede") is None


def test_a_rejected_newcomer_is_told_why():
    decision = met("reject")

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "stopped"
    assert "second_push is reject" in decision.action.because
    assert [one.kind for one in decision.notices] == ["delivery.ignored"]
    assert decision.change is None


def test_a_newcomer_waits_its_turn_and_says_it_once():
    decision = met("queue")

    assert isinstance(decision.action, Hold)
    assert (decision.action.waits_for, decision.action.wait_seconds) == ("turn", TURN_SECONDS)
    record = decision.change.record
    assert record.waiting == Waiting("mine", EXECUTION, CALLBACK, NEW, NOW)
    assert met("queue", record=record).change is None


def test_the_newest_has_the_place_in_the_queue():
    decision = met("queue", record=Record(rollout=PRESENT, waiting=QUEUED))

    record = decision.change.record
    assert record.waiting.id == "mine"
    assert over(record, "9")
    assert "build build-1 waited" in decision.notices[0].because


def test_a_person_takes_the_place_of_a_build_that_waits():
    decision = met("queue", deploying(), Record(rollout=PRESENT, waiting=QUEUED))

    assert decision.change.record.waiting.build == Build()


@pytest.mark.parametrize(
    ("build", "because"),
    [
        (Build("build-1", at(minutes=-1), ""), "waits already"),
        (Build("build-0", at(minutes=-9), ""), "before the one that waits"),
    ],
)
def test_what_is_not_newer_does_not_take_the_place_of_who_waits(build, because):
    request = deploying(build=build, automatic=True)

    decision = met("queue", request, Record(rollout=PRESENT, waiting=QUEUED))

    assert because in decision.action.because
    assert decision.change is None


def test_a_build_without_a_time_takes_the_place_of_who_waits():
    request = deploying(build=Build("build-2", None, ""), automatic=True)

    assert met("queue", request, Record(rollout=PRESENT, waiting=QUEUED)).change is not None


@pytest.mark.parametrize("way", ["supersede", "queue", "reject"])
def test_what_is_on_its_way_already_begins_nothing(way):
    image = deploying(image=Image(REPOSITORY, OTHER_DIGEST))
    adopted = deploying(image=None, revision=CANARY)

    for request in (image, adopted):
        assert "is on its way already" in met(way, request).action.because


def test_the_same_digest_can_be_forced():
    assert met("supersede", deploying(image=Image(REPOSITORY, OTHER_DIGEST), force=True)) is None
    assert met("supersede", deploying(image=None, revision="api-9")) is None


def test_the_same_digest_may_come_to_pass_a_closed_line_once():
    urgent = deploying(image=Image(REPOSITORY, OTHER_DIGEST), override_freeze="security fix")

    assert met("supersede", urgent) is None
    passing = replace(PRESENT, override_freeze="ann: security fix")
    decision = meet(seen(passing), passing, urgent, "mine", "supersede", NOW)
    assert decision is not None


def test_what_had_its_turn_is_told_what_came_after_it():
    record = with_past(Record(rollout=PRESENT), "mine")

    assert f"{PRESENT.id} came after it" in over(record, "mine")
    assert over(record, "other") == ""
    assert "came after" not in over(replace(record, rollout=None), "mine")


def test_the_newest_that_are_over_are_remembered():
    record = Record()
    for number in range(KEPT_MAX + 5):
        record = with_past(record, str(number))

    assert record.past == tuple(map(str, range(5, KEPT_MAX + 5)))
    assert with_past(record, "5").past[-1] == "5"


def test_who_begins_leaves_the_queue_and_another_stays():
    record = Record(waiting=QUEUED)

    assert out_of_queue(record, "9").waiting is None
    assert out_of_queue(record, "mine").waiting == QUEUED
    assert DIGEST != OTHER_DIGEST
