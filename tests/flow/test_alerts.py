"""An alert takes back what shows only later; alone it moves no traffic."""

import datetime as dt
from typing import Any

from tests.flow.flow import DELIVERY, Flow, changed

QUICK = DELIVERY.replace("window: 2m", "window: 1m")


def promoted(flow: Flow, name: str = "v2") -> str:
    """Deliver an image; return its reference."""
    reference = flow.image(name)
    flow.built(reference)
    flow.until_ended()
    assert flow.split() == {name: 100}
    return reference


def incident(flow: Flow, **given: Any) -> dict[str, Any]:
    """Return a message of an open incident of the canary's, begun now."""
    key = flow.key()
    labels = {
        "project_id": key.project,
        "service_name": key.name,
        "location": key.region,
        "revision_name": flow.rollout().canary,
        **given.pop("labels", {}),
    }
    said = {
        "incident_id": "0.abc",
        "scoping_project_id": key.project,
        "started_at": int(flow.now.timestamp()),
        "state": "open",
        "summary": "the ratio is above 0.01",
        "policy_name": "error ratio",
        "resource": {"type": "cloud_run_revision", "labels": labels},
        **given,
    }
    return {"version": "1.2", "incident": said}


def test_an_alert_after_promotion_gives_the_old_stable_everything():
    flow = Flow(QUICK)
    flow.alert_policy()
    reference = promoted(flow)
    flow.passes(minutes=10)

    flow.becomes(reference, error_ratio=0.5)
    flow.until(lambda: flow.split() == {"v1": 100}, within_minutes=7)

    assert flow.state() == "rolled_back"
    assert flow.rollout().ended_by == "alert"
    assert flow.told()[-1] == "rollout.rolled_back"
    assert flow.record().refusal(flow.rollout().digest)


def test_a_fault_that_begins_after_the_watch_is_left_to_people():
    flow = Flow(changed(QUICK, watch="5m"))
    flow.alert_policy()
    reference = promoted(flow)
    flow.passes(minutes=10)

    flow.becomes(reference, error_ratio=0.5)
    flow.passes(minutes=10)

    assert flow.split() == {"v2": 100}
    assert "was promoted more than 5m before the incident" in flow.blames[0]


def test_an_alert_during_a_rollout_rolls_back_and_wakes_the_driver():
    flow = Flow(changed(DELIVERY, window="10m", check_every="10m"))
    reference = flow.image("v2")
    flow.built(reference)
    flow.until_at(10)
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)

    flow.publish("alerts", incident(flow))
    flow.passes(seconds=3)

    assert flow.split() == {"v1": 100}
    assert flow.ended()
    assert flow.outcome()[0] == "rolled_back"


def test_an_alert_delivered_twice_rolls_back_once():
    flow = Flow(QUICK)
    reference = promoted(flow)
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)
    message = incident(flow)

    flow.publish("alerts", message)
    flow.publish("alerts", message)
    flow.passes(minutes=1)

    assert flow.told().count("rollout.rolled_back") == 1
    assert "is rolled back already" in flow.blames[1]


def test_a_closed_incident_and_a_test_message_move_nothing():
    flow = Flow(QUICK)
    reference = promoted(flow)
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)

    flow.publish("alerts", incident(flow, state="closed"))
    flow.cloud.alerts.send_test(flow.key().project, flow.topic("alerts"))
    flow.publish("alerts", {**incident(flow), "version": "test"})
    flow.passes(minutes=1)

    assert flow.split() == {"v2": 100}
    assert flow.blames[0] == "the incident is closed"


def test_an_alert_that_names_stable_moves_nothing():
    flow = Flow()
    flow.becomes(flow.image("v1"), error_ratio=0.5)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.passes(seconds=30)

    flow.publish("alerts", incident(flow, labels={"revision_name": flow.rollout().stable}))
    flow.passes(seconds=5)

    assert flow.split() == {"v1": 90, "v2": 10}
    assert "and the canary is" in flow.blames[0]


def common_outage(seed: int) -> Flow:
    """Bring an image to 50 %, and have every third request fail, whichever revision serves it."""
    flow = Flow(changed(QUICK, analysis="{max_error_ratio: off}"), rps=20, seed=seed)
    flow.built(flow.image("v2"))
    flow.until_at(50)
    flow.traffic.platform_fails["production"] = 0.3
    flow.passes(minutes=2)
    return flow


def test_an_alert_while_the_canary_is_not_worse_moves_nothing():
    flow = Flow(changed(QUICK, analysis="{max_error_ratio: off}"), rps=20)
    flow.becomes(flow.image("v1"), error_ratio=0.6)
    flow.passes(minutes=10)
    flow.built(flow.image("v2", error_ratio=0.2))
    flow.until_at(50)
    flow.passes(minutes=1)

    flow.publish("alerts", incident(flow, labels={"revision_name": ""}))
    flow.passes(seconds=5)

    assert flow.split() == {"v1": 50, "v2": 50}
    assert "the canary is not worse than stable" in flow.blames[0]


def test_an_alert_in_a_common_outage_is_no_toss_of_a_coin():
    for seed in range(4):
        flow = common_outage(seed)

        flow.publish("alerts", incident(flow, labels={"revision_name": ""}))
        flow.passes(seconds=5)

        assert flow.split() == {"v1": 50, "v2": 50}, flow.rollout().because


def test_an_alert_of_another_service_or_without_labels_is_nobodys():
    flow = Flow(QUICK)
    reference = promoted(flow)
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)

    flow.publish("alerts", incident(flow, labels={"service_name": "other"}))
    flow.publish("alerts", incident(flow, labels={"service_name": "", "location": ""}))
    flow.passes(seconds=5)

    assert flow.split() == {"v2": 100}
    assert flow.blames == ["it names no target of delivery.yaml"] * 2


def test_an_incident_of_before_the_rollout_is_not_the_canarys_fault():
    flow = Flow()
    before = int((flow.now - dt.timedelta(minutes=5)).timestamp())
    reference = flow.image("v2")
    flow.built(reference)
    flow.until_at(10)
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=5)

    flow.publish("alerts", incident(flow, started_at=before))
    flow.passes(seconds=2)

    assert flow.split() == {"v1": 90, "v2": 10}


def test_an_alert_that_cannot_read_the_log_is_delivered_again():
    flow = Flow(QUICK)
    reference = promoted(flow)
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)
    flow.faults.api("POST", "entries:list", 429, seconds=60)

    flow.publish("alerts", incident(flow))
    flow.passes(seconds=50)
    assert flow.split() == {"v2": 100}
    flow.passes(minutes=2)

    assert flow.split() == {"v1": 100}


def test_what_is_no_incident_is_dropped():
    flow = Flow(QUICK)

    flow.publish("alerts", {"hello": "world"})
    flow.publish("alerts", [1, 2])
    flow.passes(minutes=10)

    assert flow.split() == {"v1": 100}


def test_an_alert_leaves_alone_what_a_person_has_taken_back():
    flow = Flow(QUICK)
    reference = promoted(flow)
    stable = flow.rollout().stable
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)
    message = incident(flow)
    flow.person_sets_traffic("production", {stable: 100})

    flow.publish("alerts", message)
    flow.passes(seconds=30)

    assert flow.split() == {"v1": 100}
    assert flow.state() == "promoted"
    assert "rollout.stopped" not in flow.told()


def test_the_next_event_after_an_alert_delivers_beside_the_old_stable():
    flow = Flow(QUICK)
    reference = promoted(flow)
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)
    flow.publish("alerts", incident(flow))
    flow.passes(seconds=30)

    flow.built(flow.image("v3"))
    flow.until_ended()

    assert flow.split() == {"v3": 100}


def waiting_for_approval(flow: Flow, name: str = "v3") -> None:
    """Push one more image, which waits for a person while the last promoted one is watched."""
    flow.built(flow.image(name))
    flow.until(lambda: flow.rollout().approval is not None and not flow.rollout().shifts)


APPROVED = changed(QUICK, approval="{by: manual, expires: 6h}")


def promoted_with_approval(flow: Flow) -> str:
    reference = flow.image("v2")
    flow.built(reference)
    flow.until(lambda: flow.rollout().approval is not None)
    flow.answers("approve")
    flow.until_ended()
    assert flow.split() == {"v2": 100}
    return reference


def test_the_next_push_does_not_switch_off_the_watch_of_the_last_promotion():
    flow = Flow(APPROVED)
    flow.alert_policy()
    reference = promoted_with_approval(flow)
    waiting_for_approval(flow)

    flow.becomes(reference, error_ratio=0.5)
    flow.until(lambda: flow.split() == {"v1": 100}, within_minutes=7)
    flow.until_ended()

    assert flow.told()[-2:] == ["rollout.superseded", "rollout.rolled_back"]
    assert flow.state() == "rolled_back"
    assert flow.record().refusal(reference.partition("@")[2])
    assert flow.outcome()[0] == "superseded"


def test_the_last_promotion_goes_back_also_while_the_next_canary_has_traffic():
    flow = Flow(QUICK)
    flow.alert_policy()
    reference = promoted(flow)
    flow.built(flow.image("v3"))
    flow.until_at(10)

    flow.becomes(reference, error_ratio=0.5)
    flow.until(lambda: flow.split() == {"v1": 100}, within_minutes=7)

    assert flow.record().promoted is None
    assert flow.tags() == []


def test_an_alert_of_the_promotion_before_the_watch_is_over_but_told_much_later_is_left_alone():
    flow = Flow(changed(QUICK, watch="5m"))
    promoted(flow)
    flow.passes(minutes=4)
    message = incident(flow)
    flow.passes(minutes=60)

    flow.publish("alerts", message)
    flow.passes(seconds=5)

    assert flow.split() == {"v2": 100}
    assert "long after the watch" in flow.blames[-1]


def test_an_alert_of_a_promotion_that_a_person_has_replaced_overwrites_nobody():
    """v2 is promoted and fails, a person gives v1 everything, v3 begins beside v1."""
    flow = Flow(APPROVED)
    reference = promoted_with_approval(flow)
    message = incident(flow)
    flow.person_sets_traffic("production", {flow.rollout().stable: 100})
    waiting_for_approval(flow)
    flow.becomes(reference, error_ratio=1.0)

    flow.publish("alerts", message)
    flow.passes(seconds=5)

    assert flow.split() == {"v1": 100}
    assert flow.rollout().approval is not None
    assert flow.state() == "verified"
