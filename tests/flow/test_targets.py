"""Targets in order: docs/examples/delivery.yaml, staging before production."""

from tests.flow.flow import Flow
from tests.flow.install import ROOT

SHIPPED = (ROOT / "docs/examples/delivery.yaml").read_text()


def test_staging_without_traffic_passes_by_verify_alone_then_production_asks():
    flow = Flow(SHIPPED)
    flow.traffic.rps_of["staging"] = 0

    flow.built(flow.image("v2"))
    flow.until(lambda: flow.state("production") == "verified", within_minutes=15)
    flow.until(lambda: flow.rollout("production").approval is not None)

    assert flow.split("staging") == {"v2": 100}
    assert "no_data: pass" in flow.rollout("staging").because
    assert flow.split("production") == {"v1": 100}
    assert flow.told("staging")[-1] == "rollout.promoted"
    assert flow.told("production")[-1] == "approval.requested"


def test_the_shipped_delivery_goes_from_push_to_production_in_one_execution():
    flow = Flow(SHIPPED)
    flow.traffic.rps_of["staging"] = 0
    flow.built(flow.image("v2"))
    flow.until(lambda: "approval.requested" in flow.told("production"), within_minutes=15)
    flow.passes(hours=3)

    flow.answers("approve", service="fleet")
    flow.until_ended()

    assert len(flow.executions) == 1
    outcomes = [one["action"]["outcome"] for one in flow.result()["outcomes"]]
    assert outcomes == ["promoted", "promoted"]
    assert flow.split("production") == {"v2": 100}


def test_an_image_that_fails_in_staging_never_reaches_production():
    flow = Flow(SHIPPED)
    flow.traffic.rps_of["staging"] = 0

    flow.built(flow.image("v2", unhealthy=True))
    flow.until_ended()

    outcomes = flow.result()["outcomes"]
    assert [one["action"]["outcome"] for one in outcomes] == ["rolled_back"]
    assert flow.split("staging") == {"v1": 100}
    assert flow.state("production") == "no rollout"


def test_an_image_that_fails_users_of_staging_never_reaches_production():
    flow = Flow(SHIPPED)

    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until_ended()

    assert [one["action"]["outcome"] for one in flow.result()["outcomes"]] == ["rolled_back"]
    assert flow.state("production") == "no rollout"


def test_a_digest_that_staging_serves_already_goes_on_to_production():
    flow = Flow(SHIPPED)
    flow.traffic.rps_of["staging"] = 0
    good = flow.image("v2")
    flow.by_hand(action="rollout", service="fleet", target="staging", image=good)
    flow.until_ended()

    flow.built(good)
    flow.until(lambda: flow.state("production") == "verified", within_minutes=5)

    assert flow.split("staging") == {"v2": 100}


def test_a_person_may_deliver_to_one_target_alone():
    flow = Flow(SHIPPED)

    flow.by_hand(action="rollout", service="fleet", target="production", image=flow.image("v2"))
    flow.until(lambda: flow.state("production") == "verified", within_minutes=5)

    assert flow.state("staging") == "no rollout"


def test_the_first_installation_of_both_targets_is_told_as_such():
    flow = Flow(SHIPPED, first=None)
    flow.traffic.rps_of["staging"] = 0
    flow.built(flow.image("v1"))
    flow.until(lambda: "approval.requested" in flow.told("production"), within_minutes=15)

    flow.answers("approve", service="fleet")
    flow.until_ended()

    assert flow.split("staging") == {"v1": 100}
    assert flow.split("production") == {"v1": 100}
    started = [one["data"] for one in flow.events if one["data"]["event"] == "rollout.started"]
    assert all("placeholder" in one["because"] for one in started)


def test_a_second_push_while_production_is_asked_takes_its_place_there():
    flow = Flow(SHIPPED)
    flow.traffic.rps_of["staging"] = 0
    flow.built(flow.image("v2"))
    flow.until(lambda: "approval.requested" in flow.told("production"), within_minutes=15)
    first, asked = flow.execution()["name"], flow.rollout("production").id

    flow.built(flow.image("v3"))
    flow.until(lambda: flow.has_ended(first))

    assert flow.split("staging") == {"v3": 100}
    outcomes = [one["action"]["outcome"] for one in flow.result(first)["outcomes"]]
    assert outcomes == ["promoted", "superseded"]
    assert flow.rollout("production").id != asked
    assert flow.split("production") == {"v1": 100}
