"""A person's yes and no through the approve function, by HTTP and with an ID token."""

import pytest

from tests.processes.stage import PERSON

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def test_a_person_sees_what_the_rollout_stands_on_before_answering(story):
    kept = story("shop")

    evidence, image = kept.answers["evidence"], kept.images["bad"]
    assert evidence["kind"] == "evidence"
    assert evidence["waits"] is True
    assert evidence["image"] == image.reference
    assert evidence["source"].endswith("@c0ffee")
    assert evidence["verified"].startswith("smoke tests passed: /health/ready, /health/live")
    assert evidence["steps"] == [10, 50, 100]
    assert (evidence["decision"], evidence["by"]) == ("", "")


def test_a_yes_opens_the_gate_with_the_verified_name_of_who_said_it(cloud, story):
    kept = story("shop")

    assert kept.answers["approved"]["action"] == {
        "kind": "shift",
        "step": 0,
        "percent": 10,
        "because": kept.answers["evidence"]["verified"],
    }
    event = kept.events["approved"]
    assert event["by"] == PERSON
    assert event["because"] == f"approved by {PERSON}: looks good"
    approval = cloud.look(lambda stage: stage.rollout("shop"))["approval"]
    assert (approval["decision"], approval["by"]) == ("approved", PERSON)
    assert approval["reason"] == "looks good"


def test_a_no_takes_the_canary_back_without_refusing_its_digest(cloud, story):
    kept = story("gate")

    no = f"denied by {PERSON}: not before Monday"
    assert (kept.events["denied"]["by"], kept.events["denied"]["because"]) == (PERSON, no)
    assert kept.answers["outcome"]["outcome"] == "rolled_back"
    assert kept.answers["outcome"]["because"] == no
    evidence = kept.answers["evidence"]
    assert (evidence["decision"], evidence["by"], evidence["waits"]) == ("denied", PERSON, False)
    assert cloud.look(lambda stage: stage.record("gate")).get("refused", []) == []
    assert "traffic.shifted" not in cloud.look(lambda stage: stage.told("gate"))


def test_a_no_needs_a_reason(story):
    status, answer = story("gate").answers["no reason"]

    assert status == 400
    assert answer["error"]["message"].startswith("approve: reason is missing: deny needs one")


def test_another_execution_that_meets_a_waiting_rollout_stops_and_changes_nothing(story):
    delivered = story("gate").answers["other"]

    action = delivered["outcomes"][0]["action"]
    assert (action["kind"], action["outcome"]) == ("stop", "stopped")
    assert "is under way since" in action["because"]
    assert action["because"].endswith("nothing was changed")


def test_the_late_event_of_an_older_build_is_ignored(story):
    result = story("gate").answers["old"]

    assert result["kind"] == "ignore"
    assert "before the newest accepted build" in result["because"]


@pytest.mark.parametrize(
    ("action", "outcome"),
    [("roll_back", "rolled_back"), ("stop", "stopped"), ("deny", "rolled_back")],
)
def test_by_hand_a_waiting_rollout_ends_at_once(story, action, outcome):
    kept = story("hand")

    ended = kept.answers[action]
    assert ended["outcome"] == outcome
    assert f"{action}, because I say so" in ended["because"]
    assert kept.answers[f"{action} by hand"]["rollout"]["id"] == kept.events[action]["rollout"]


def test_traffic_that_a_person_moved_stops_the_rollout_and_stays(story):
    kept = story("moved")

    facts = kept.answers["status"]["targets"][0]
    assert (facts["rollout"]["state"], facts["waits_for"], facts["notes"]) == (
        "shifting",
        "data",
        [],
    )
    assert kept.answers["outcome"]["outcome"] == "stopped"
    assert kept.events["stopped"]["because"].endswith("the rollout stops and overwrites nothing")
    written = kept.answers["document"]["spec"]["traffic"]
    assert sorted(one["percent"] for one in written) == [50, 50]
