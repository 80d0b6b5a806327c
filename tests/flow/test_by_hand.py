"""What a person starts by hand: `{"action": ...}` as the workflow's argument."""

import datetime as dt
import json
from typing import Any

import pytest

from tests.flow.flow import DELIVERY, Flow, changed

QUICK = DELIVERY.replace("window: 2m", "window: 1m")
SLOW_LOOKS = changed(DELIVERY, window="10m", check_every="10m")


def test_roll_back_by_hand_wakes_the_waiting_execution_at_once():
    """Measured in virtual seconds, with the next look ten minutes away."""
    flow = Flow(SLOW_LOOKS)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    delivery = flow.execution()["name"]
    flow.passes(seconds=30)
    asked = flow.now

    flow.by_hand(
        action="roll_back", service="api", target="production", reason="checkout is failing"
    )
    flow.until(lambda: flow.split() == {"v1": 100}, within_minutes=1)
    assert (flow.now - asked) <= dt.timedelta(seconds=1)
    flow.until(flow.ended, within_minutes=1)

    assert (flow.now - asked) <= dt.timedelta(seconds=4)
    assert flow.outcome(delivery)[0] == "rolled_back"
    assert "checkout is failing" in flow.outcome(delivery)[1]


def test_roll_back_by_hand_refuses_the_digest():
    flow = Flow(QUICK)
    bad = flow.image("v2")
    flow.built(bad)
    flow.until_at(10)
    flow.asks("roll_back", reason="checkout is failing")
    flow.until_ended()

    flow.built(bad)
    flow.until_ended()

    assert flow.outcome()[0] == "stopped"
    assert "checkout is failing" in flow.outcome()[1]


def test_roll_back_by_hand_after_promotion_gives_the_old_stable_everything():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_ended()
    flow.passes(hours=8)

    answer = flow.asks("roll_back", reason="checkout is failing")

    assert answer["action"]["outcome"] == "rolled_back"
    assert flow.split() == {"v1": 100}


def test_roll_back_by_hand_twice_changes_nothing_the_second_time():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.asks("roll_back", reason="first")
    before = flow.writes()

    answer = flow.asks("roll_back", reason="second")

    assert answer["action"]["outcome"] == "rolled_back"
    assert "first" in answer["action"]["because"]
    assert flow.writes() == before
    assert flow.told().count("rollout.rolled_back") == 1


def test_roll_back_by_hand_while_an_approval_is_awaited():
    flow = Flow(changed(QUICK, approval="{by: manual, expires: 6h}"))
    flow.built(flow.image("v2"))
    flow.until(lambda: flow.rollout().approval is not None)

    flow.asks("roll_back", reason="not this one")
    flow.passes(seconds=2)

    assert flow.ended()
    assert flow.state() == "rolled_back"


def test_roll_back_by_hand_works_after_a_person_has_moved_traffic():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    rollout = flow.rollout()
    flow.person_sets_traffic("production", {rollout.stable: 50, rollout.canary: 50})

    flow.asks("roll_back", reason="checkout is failing")
    flow.until_ended()

    assert flow.split() == {"v1": 100}
    assert flow.tags() == []


def test_roll_back_by_hand_does_not_take_back_the_rollout_that_came_after():
    """The workflow asks again until the split is served; by then another may be under way."""
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.cloud.run.hold_routes(flow.key())
    rolled = flow.by_hand(
        action="roll_back", service="api", target="production", reason="checkout is failing"
    )
    flow.until(lambda: flow.state() == "rolled_back")

    flow.by_hand(action="rollout", service="api", image=flow.image("v3"))
    flow.until(lambda: flow.rollout().digest == flow.image("v3").partition("@")[2])
    flow.cloud.run.release_routes(flow.key())
    flow.until_ended()

    assert flow.split() == {"v3": 100}
    assert flow.result(rolled)["action"]["kind"] == "stop"


def test_roll_back_by_hand_of_nothing_says_so():
    flow = Flow(QUICK)

    answer = flow.asks("roll_back", reason="checkout is failing")

    assert "has no rollout to roll back" in answer["action"]["because"]
    assert flow.writes() == 0


def test_stop_by_hand_leaves_the_split_and_ends_the_execution_at_once():
    flow = Flow(SLOW_LOOKS)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.passes(seconds=30)

    flow.asks("stop", reason="a demo at noon")
    flow.passes(seconds=1)

    assert flow.ended()
    assert flow.split() == {"v1": 90, "v2": 10}
    assert flow.state() == "stopped"
    assert "a demo at noon" in flow.rollout().because
    assert flow.told()[-1] == "rollout.stopped"


def test_stop_by_hand_wakes_the_waiting_execution_at_once():
    """Measured in virtual seconds, with the next look ten minutes away."""
    flow = Flow(SLOW_LOOKS)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    delivery = flow.execution()["name"]
    flow.passes(seconds=30)
    asked = flow.now

    flow.by_hand(action="stop", service="api", target="production", reason="a demo at noon")
    flow.until(lambda: flow.has_ended(delivery), within_minutes=1)

    assert (flow.now - asked) <= dt.timedelta(seconds=3)
    assert flow.outcome(delivery)[0] == "stopped"


@pytest.mark.parametrize(
    ("verb", "kind", "said"),
    [
        ("roll_back", "rollout.rolled_back", "rolled back by"),
        ("stop", "rollout.stopped", "stopped by"),
    ],
)
def test_who_ended_a_rollout_by_hand_and_why_is_in_record_event_message_and_summary(
    verb, kind, said
):
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)

    flow.asks(verb, reason="checkout is failing")
    flow.until_ended()

    execution = flow.execution()["name"].rpartition("/")[2]
    because = f"{said} execution {execution}: checkout is failing"
    rollout = flow.rollout()
    assert (rollout.because, rollout.ended_by) == (because, f"execution {execution}")
    (event,) = [one["data"] for one in flow.events if one["data"]["event"] == kind]
    assert (event["because"], event["by"]) == (because, f"execution {execution}")
    assert any("checkout is failing" in text for text in flow.channels.texts())
    annotations = flow.document()["metadata"]["annotations"]
    assert "checkout is failing" in annotations["rollout.barq.dev/summary"]
    assert "checkout is failing" in flow.status()["rollout"]["because"]


@pytest.mark.parametrize(
    ("function", "more"),
    [("rollback", {}), ("shift_traffic", {"action": {"kind": "stop"}})],
)
def test_a_function_that_a_person_calls_past_the_workflow_wants_a_reason_too(function, more):
    """As `gcloud functions call` does: nobody else would know why."""
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    before = flow.writes()
    asked = {
        "execution": flow.rollout().execution,
        "service": "api",
        "target": "production",
        "by_hand": True,
        **more,
    }

    refused = flow.post(function, asked)
    assert "reason is missing" in refused["error"]["message"]
    assert (flow.writes(), flow.state()) == (before, "shifting")
    flow.post(function, {**asked, "reason": "checkout is failing"})

    assert flow.state() in ("rolled_back", "stopped")
    assert flow.rollout().because.endswith("by a person: checkout is failing")


def test_roll_back_by_hand_after_a_stop():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.asks("stop", reason="a demo at noon")
    flow.until_ended()

    flow.asks("roll_back", reason="done")

    assert flow.split() == {"v1": 100}


def test_verify_by_hand_tests_the_live_url():
    flow = Flow(QUICK)

    fine = flow.asks("verify")
    flow.becomes(flow.image("v1"), unhealthy=True)
    broken = flow.asks("verify")

    assert fine["action"]["outcome"] == "passed"
    assert broken["action"]["outcome"] == "stopped"
    assert "answered 503, not 200" in broken["action"]["because"]


def test_status_by_hand_needs_no_target():
    flow = Flow(QUICK)

    name = flow.by_hand(action="status", service="api")
    flow.until(lambda: flow.has_ended(name))

    assert flow.result(name)["targets"][0]["split"]


def test_status_says_what_is_waited_for_at_each_stage():
    flow = Flow(changed(QUICK, approval="{by: manual, expires: 6h}"))
    assert flow.status()["rollout"] is None

    reference = flow.image("v2", unhealthy=True)
    flow.built(reference)
    flow.until(lambda: flow.state() == "deploying")
    assert flow.status()["waits_for"] == "revision"
    flow.until(lambda: flow.state() == "deployed")
    assert flow.status()["waits_for"] == "smoke_test"
    flow.becomes(reference)
    flow.until(lambda: flow.rollout().approval is not None)
    asked = flow.status()
    assert (asked["waits_for"], asked["approval"]) == ("approval", "")
    flow.answers("approve")
    flow.until_at(10)
    shifted = flow.status()
    assert shifted["waits_for"] == "data"
    assert shifted["step"] == "1 of 3"
    assert shifted["split"] == {flow.rollout().stable: 90, flow.rollout().canary: 10}
    assert shifted["next"]["kind"] == "hold"
    assert shifted["differs"] == ""
    flow.until_ended()

    done = flow.status()
    assert done["rollout"]["state"] == "promoted"
    assert "waits_for" not in done


def test_status_says_what_a_person_changed():
    flow = Flow(SLOW_LOOKS)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    rollout = flow.rollout()
    flow.person_sets_traffic("production", {rollout.stable: 50, rollout.canary: 50})

    assert "50 %" in flow.status()["differs"]


@pytest.mark.parametrize(
    ("argument", "sentences"),
    [
        ({"action": "rolback", "service": "a b"}, ["action is 'rolback'", "service is 'a b'"]),
        ({"action": "rollout", "service": "api"}, ["must be exactly one of the two"]),
        (
            {"action": "rollout", "service": "api", "image": "host/p/r/api:latest"},
            ["must name a digest, not a tag", "gcloud artifacts docker images describe"],
        ),
        (
            {"action": "roll_back", "service": "a b", "tarket": "production"},
            ["service is 'a b'", "tarket is not known", "target is missing", "reason is missing"],
        ),
        ({"action": "status", "service": "web"}, ["service is 'web': must be one of api"]),
        (
            {"action": "stop", "service": "api", "target": "prod", "reason": "x"},
            ["target is 'prod': must be one of production"],
        ),
        (
            {"action": "rollout", "service": "api", "image": f"h/p/web@sha256:{'3' * 64}"},
            ["must be of the repository that delivery.yaml names"],
        ),
        (
            {"action": "rollout", "service": "api", "revision": "api-1", "force": "yes"},
            ["target is missing: a revision lives in one target", "force is 'yes'"],
        ),
        ("rollout please", ["the argument is 'rollout please'"]),
        (None, ["the argument is None"]),
    ],
)
def test_a_wrong_argument_fails_with_every_problem_in_a_sentence(argument: Any, sentences):
    flow = Flow()
    flow.cloud.workflows.create_execution(
        "projects/barq-delivery/locations/europe-west1/workflows/rollout",
        None if argument is None else json.dumps(argument),
    )

    flow.until(flow.ended)

    said = flow.error()
    for sentence in sentences:
        assert sentence in said
    assert "Traceback" not in said
    assert flow.writes() == 0
