"""Which events start a rollout, and which are told why they do not."""

import base64
import datetime as dt
import json

from local_cloud.cloud import CloudSettings
from local_cloud.pubsub.values import PubSubSettings
from tests.flow.flow import DELIVERY, Flow, changed

QUICK = DELIVERY.replace("window: 2m", "window: 1m")


def test_the_same_build_announced_twice_is_one_rollout():
    flow = Flow(QUICK)
    good = flow.image("v2")

    flow.built(good, build="one")
    flow.built(good, build="one")
    flow.until_ended()

    assert flow.told().count("rollout.started") == 1
    assert len(flow.executions) == 2
    assert {one["state"] for one in flow.executions.values()} == {"SUCCEEDED"}


def test_a_build_announced_again_after_its_promotion_is_ignored():
    flow = Flow(QUICK)
    good = flow.image("v2")
    flow.built(good, build="one")
    flow.until_ended()

    flow.built(good, build="one")
    result = flow.until_ended()

    assert result["kind"] == "ignore"
    assert result["because"] == "build one was already acted on"


def test_every_message_delivered_twice_is_one_rollout():
    settings = CloudSettings(pubsub=PubSubSettings(duplicate_ratio=1.0))
    flow = Flow(QUICK, settings=settings)

    flow.built(flow.image("v2"))
    flow.until_ended()

    assert len(flow.executions) == 2
    assert flow.writes() == 7
    assert flow.split() == {"v2": 100}


def test_two_executions_at_once_have_one_driver():
    flow = Flow(QUICK)
    first = flow.by_hand(action="rollout", service="api", image=flow.image("v2"))
    second = flow.by_hand(action="rollout", service="api", image=flow.image("v3"))

    flow.until_ended()

    outcomes = {flow.outcome(first)[0], flow.outcome(second)[0]}
    assert outcomes == {"promoted", "stopped"}
    left = first if flow.outcome(first)[0] == "stopped" else second
    assert "was overtaken" in flow.outcome(left)[1]
    told = flow.told()
    assert (told.count("rollout.started"), told.count("rollout.superseded")) == (2, 1)


def test_a_build_older_than_the_newest_accepted_one_is_ignored():
    flow = Flow(QUICK)
    created = flow.now
    flow.built(flow.image("v3"), created=created)
    flow.until_ended()

    flow.built(flow.image("v2"), build="late", created=created - dt.timedelta(minutes=5))
    result = flow.until_ended()

    assert result["kind"] == "ignore"
    assert "before the newest accepted build" in result["because"]
    assert flow.split() == {"v3": 100}


def test_a_late_build_that_arrives_during_the_newer_ones_rollout_is_ignored():
    flow = Flow(QUICK)
    created = flow.now
    flow.built(flow.image("v3"), created=created)
    flow.until_at(10)

    flow.built(flow.image("v2"), created=created - dt.timedelta(minutes=5))
    flow.passes(seconds=10)

    assert flow.result()["kind"] == "ignore"


def test_failed_and_working_builds_are_ignored():
    flow = Flow()
    image = flow.image("v2")

    for status in ("QUEUED", "WORKING", "FAILURE", "TIMEOUT", "CANCELLED"):
        flow.built(image, status=status)
        result = flow.until_ended()
        assert result == {
            "kind": "ignore", "because": f"the build's status is {status}, not SUCCESS",
        }  # fmt: skip

    assert flow.writes() == 0


def test_a_build_of_another_branch_is_ignored():
    flow = Flow()

    flow.built(flow.image("v2"), branch="feature/x")
    result = flow.until_ended()

    assert result["kind"] == "ignore"
    assert "feature/x" in result["because"]


def test_a_build_of_another_image_is_ignored():
    flow = Flow()

    flow.built(f"europe-west1-docker.pkg.dev/barq-build/shop/web@sha256:{'2' * 64}")
    result = flow.until_ended()

    assert result["kind"] == "ignore"
    assert "shop/web" in result["because"]


def test_what_is_neither_a_build_nor_a_push_is_ignored():
    flow = Flow()

    for document in ({}, {"hello": 1}, [1], "text", {"id": None, "status": None}):
        flow.publish("builds", document)
        flow.passes(seconds=1)
        assert flow.until_ended()["kind"] == "ignore"


def test_a_push_seen_by_the_registry_is_ignored_unless_switched_on():
    flow = Flow()

    flow.publish("builds", {"action": "INSERT", "digest": flow.image("v2")})
    flow.passes(seconds=1)

    assert "registry_events is off" in flow.until_ended()["because"]


def test_a_push_seen_by_the_registry_is_delivered_once_if_switched_on():
    flow = Flow(QUICK.replace("branches: [main]", "registry_events: true"))
    push = {"action": "INSERT", "digest": flow.image("v2")}

    flow.publish("builds", push)
    flow.passes(seconds=1)
    flow.publish("builds", push)
    flow.passes(seconds=1)
    flow.until_ended()

    assert flow.told().count("rollout.started") == 1
    assert flow.split() == {"v2": 100}


def test_a_digest_pushed_twice_already_serves():
    flow = Flow(QUICK)
    good = flow.image("v2")
    flow.built(good)
    flow.until_ended()
    before = flow.writes()

    flow.built(good)
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "unchanged"
    assert "already serves" in because
    assert flow.writes() == before


def test_an_older_digest_may_be_rolled_out_by_hand():
    flow = Flow(QUICK)
    older = flow.image("v2")
    flow.built(older)
    flow.until_ended()
    flow.built(flow.image("v3"))
    flow.until_ended()

    flow.by_hand(action="rollout", service="api", target="production", image=older)
    flow.until_ended()

    assert flow.split() == {"v2": 100}
    assert flow.outcome()[0] == "promoted"


def test_the_next_build_is_delivered_after_an_older_digest_by_hand():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_ended()
    flow.by_hand(action="rollout", service="api", image=flow.image("v1"))
    flow.until_ended()

    flow.built(flow.image("v3"))
    flow.until_ended()

    assert flow.split() == {"v3": 100}


def test_the_placeholder_of_a_deleted_service_is_no_traceback():
    flow = Flow()
    flow.traffic.rps = 0
    flow.cloud.run.delete(flow.key())

    flow.built(flow.image("v2"))
    flow.until(flow.ended)

    assert "does not exist" in flow.error()
    assert "Traceback" not in flow.error()


def test_an_argument_by_hand_as_pub_sub_would_send_it_is_understood():
    flow = Flow()
    data = base64.b64encode(json.dumps({"id": "b", "status": "FAILURE"}).encode()).decode()

    flow.cloud.workflows.create_execution(
        "projects/barq-delivery/locations/europe-west1/workflows/rollout",
        json.dumps(
            {
                "type": "google.cloud.pubsub.topic.v1.messagePublished",
                "data": {"message": {"data": data}},
            }
        ),
    )

    assert flow.until_ended()["kind"] == "ignore"


def test_a_rollout_begun_keeps_its_policy():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    other = Flow(changed(QUICK, steps="[1, 2, 3, 100]")).delivery

    for world in flow.worlds.values():
        world.delivery = other
    flow.until_ended()

    assert [one.percent for one in flow.rollout().shifts] == [10, 50, 100]
