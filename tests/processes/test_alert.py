"""A fault that shows only after promotion: alert policy, Pub/Sub push, the rollback function."""

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def test_an_alert_takes_back_what_was_promoted(cloud, story):
    kept = story("late")

    promoted, back = kept.events["promoted"], kept.events["back"]
    assert kept.answers["delivered"]["outcome"] == "promoted"
    assert kept.answers["failed before"] == 0
    assert back["by"] == "alert"
    assert back["because"].startswith('alert "error ratio above 1 %" (')
    assert back["rollout"] == promoted["rollout"]
    assert cloud.look(lambda stage: stage.shares("late")) == {promoted["stable"]: 100}


def test_the_record_says_that_the_alert_did_it_and_refuses_the_digest(cloud, story):
    kept = story("late")

    found = cloud.look(lambda stage: stage.rollout("late"))
    assert (found["state"], found["ended_by"]) == ("rolled_back", "alert")
    told = cloud.look(lambda stage: stage.told("late"))
    assert told[-2:] == ["rollout.promoted", "rollout.rolled_back"]
    refused = cloud.look(lambda stage: stage.record("late"))["refused"]
    assert [one["digest"] for one in refused] == [kept.images["late"].digest]
    assert kept.seen.failures > 0
    assert kept.seen.lost == 0
