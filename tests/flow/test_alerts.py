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


def under_way(flow: Flow, percent: int = 10, name: str = "v2") -> str:
    """Bring an image so far; return its reference."""
    reference = flow.image(name)
    flow.built(reference)
    flow.until_at(percent)
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
    reference = under_way(flow)
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

    assert flow.told_once().count("rollout.rolled_back") == 1
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
    reference = under_way(flow)
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


def test_a_common_outage_during_the_next_canary_is_not_the_last_promotions_fault():
    """Their database is down: both fail alike, the canary is held and a person called."""
    flow = Flow(QUICK)
    reference = promoted(flow)
    flow.built(flow.image("v3"))
    flow.until_at(50)

    flow.traffic.platform_fails["production"] = 1.0
    flow.passes(minutes=1)
    flow.publish("alerts", incident(flow, labels={"revision_name": flow.rollout().stable}))
    flow.passes(minutes=3)

    assert flow.split() == {"v2": 50, "v3": 50}
    assert "verdict.page" in flow.told()
    assert "which serves beside it, fails alike" in flow.blames[-1]

    flow.until_ended()

    assert flow.split() == {"v2": 100}
    assert "a precaution" in flow.rollout().because
    for image in (reference, flow.image("v3")):
        assert flow.record().refusal(image.partition("@")[2]) is None


def test_an_alert_never_gives_the_users_to_the_placeholder():
    flow = Flow(QUICK, first=None)
    outage_after_promotion(flow)

    assert flow.split() == {"v2": 100}
    assert flow.told().count("verdict.alert") == 1
    assert "only the installer's placeholder" in flow.blames[0]


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


def test_the_promotion_puts_on_record_what_stable_was_like():
    flow = Flow(changed(QUICK, analysis="{max_error_ratio: off}"))
    flow.becomes(flow.image("v1"), error_ratio=0.02)
    flow.passes(minutes=30)
    promoted(flow, "v2")

    usual = flow.rollout().usual
    assert usual is not None
    assert 0.01 < usual.errors / usual.requests < 0.03
    assert 4.5 < usual.requests_a_second < 5.5


def test_after_promotion_a_canary_that_fails_no_more_than_stable_did_stays():
    """v1 always failed 2 % of the requests; so does v2, and a new alert policy finds that bad."""
    flow = Flow(changed(QUICK, analysis="{max_error_ratio: off}"), rps=20)
    flow.becomes(flow.image("v1"), error_ratio=0.02)
    flow.passes(minutes=30)
    flow.image("v2")
    reference = promoted(flow)
    flow.becomes(reference, error_ratio=0.02)
    flow.passes(minutes=5)

    flow.publish("alerts", incident(flow))
    flow.passes(minutes=1)
    assert flow.blames == [], "a fresh incident is weighed again"
    flow.passes(minutes=2)

    assert flow.split() == {"v2": 100}
    assert "the canary is not worse than stable" in flow.blames[0]
    assert "in 300 s, at 100 %, where stable's record allows" in flow.blames[0]


def test_an_alert_that_is_delivered_again_tells_the_rollback_again_under_the_same_id():
    """Whoever took it first may have died between its write and its word."""
    flow = Flow(QUICK, rps=20)
    reference = promoted(flow)
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)

    flow.publish("alerts", incident(flow))
    flow.passes(seconds=5)
    flow.publish("alerts", incident(flow))
    flow.passes(seconds=5)

    assert flow.told().count("rollout.rolled_back") == 2
    assert flow.told_once().count("rollout.rolled_back") == 1


def test_an_incident_that_comes_before_its_evidence_is_weighed_again():
    """It is told of once: what is too little a second after it opened is enough ten later."""
    flow = Flow(changed(QUICK, analysis="{max_error_ratio: off}"), rps=20)
    flow.becomes(flow.image("v1"), error_ratio=0.02)
    flow.passes(minutes=30)
    flow.image("v2")
    reference = promoted(flow)
    flow.passes(minutes=5)
    flow.becomes(reference, error_ratio=0.3)
    flow.passes(seconds=1)

    flow.publish("alerts", incident(flow))
    flow.passes(minutes=1)

    assert flow.split() == {"v1": 100}
    assert len(flow.blames) == 1


def outage_after_promotion(flow: Flow) -> None:
    """Promote an image, then have everything fail, whichever revision serves it."""
    promoted(flow)
    flow.passes(minutes=2)
    flow.traffic.platform_fails["production"] = 0.5
    flow.passes(minutes=1)
    flow.publish("alerts", incident(flow))
    flow.passes(seconds=5)


def test_after_promotion_a_common_outage_looks_like_a_bad_canary():
    """Nothing is left to compare with; docs/concepts/alerts.md says so."""
    flow = Flow(QUICK)

    outage_after_promotion(flow)

    assert flow.split() == {"v1": 100}
    assert flow.rollout().ended_by == "alert"


def test_with_watch_action_alert_a_person_is_told_once_and_traffic_stays():
    flow = Flow(changed(QUICK, analysis="{watch_action: alert}"))
    outage_after_promotion(flow)

    flow.publish("alerts", incident(flow, incident_id="0.second"))
    flow.passes(seconds=5)

    assert flow.split() == {"v2": 100}
    assert flow.told().count("verdict.alert") == 1
    assert flow.blames[0].startswith("watch_action: alert: alert ")
    assert "a person was told at" in flow.blames[1]


def test_with_watch_action_alert_a_canary_that_is_worse_than_stable_still_goes_back():
    flow = Flow(changed(QUICK, analysis="{watch_action: alert}", check_every="1m"))
    reference = under_way(flow, 50)
    flow.becomes(reference, error_ratio=0.9)
    flow.passes(seconds=20)

    flow.publish("alerts", incident(flow))
    flow.passes(seconds=3)

    assert flow.split() == {"v1": 100}
    assert flow.rollout().ended_by == "alert"


def uptime(flow: Flow, **given: Any) -> dict[str, Any]:
    """Return a message of an uptime check that fails: it names a host, no service, no revision."""
    message = incident(flow, **given)
    host = f"{flow.key().name}-780026775853.{flow.key().region}.run.app"
    labels = {"project_id": flow.key().project, "host": host}
    message["incident"] |= {
        "resource": {"type": "uptime_url", "labels": labels},
        "metric": {
            "type": "monitoring.googleapis.com/uptime_check/check_passed",
            "labels": {"check_id": "api-answers"},
        },
        "policy_name": "api answers",
    }
    return message


def test_an_uptime_check_names_no_revision_and_the_log_says_whose_fault_it_is():
    flow = Flow(changed(DELIVERY, window="10m", check_every="10m"))
    reference = under_way(flow)
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)

    flow.publish("alerts", uptime(flow))
    flow.passes(seconds=3)

    assert flow.split() == {"v1": 100}
    assert flow.rollout().because.startswith('alert "api answers" (')


def test_an_uptime_check_while_stable_alone_fails_moves_nothing():
    flow = Flow(changed(DELIVERY, window="10m", check_every="10m"))
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.becomes(flow.image("v1"), error_ratio=1.0)
    flow.passes(seconds=30)

    flow.publish("alerts", uptime(flow))
    flow.passes(seconds=3)

    assert flow.split() == {"v1": 90, "v2": 10}
    assert "no bad request of the canary in the log" in flow.blames[0]


def test_after_promotion_an_instance_that_cannot_start_any_more_is_seen_by_an_uptime_check_alone():
    """The metrics count nothing that reached no container, and the judge looks no more."""
    flow = Flow(QUICK)
    reference = promoted(flow)
    flow.passes(minutes=2)
    flow.becomes(reference, refused_ratio=1.0, refused_status=503)
    flow.passes(minutes=1)

    flow.publish("alerts", uptime(flow))
    flow.passes(seconds=3)

    assert flow.split() == {"v1": 100}


def test_an_incident_told_again_during_the_next_rollout_is_old_news():
    flow = Flow(QUICK)
    reference = promoted(flow)
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)
    message = incident(flow, labels={"revision_name": ""})
    flow.publish("alerts", message)
    flow.passes(minutes=1)
    flow.built(flow.image("v3"))
    flow.until_at(10)

    flow.publish("alerts", message)
    flow.passes(seconds=5)

    assert flow.split() == {"v1": 90, "v3": 10}
    assert flow.blames[1] == "the incident began before the first shift"


def test_two_incidents_of_the_same_fault_roll_back_once():
    flow = Flow(QUICK)
    reference = promoted(flow)
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)

    flow.publish("alerts", incident(flow))
    flow.publish("alerts", uptime(flow, incident_id="0.other"))
    flow.passes(minutes=1)

    assert flow.told_once().count("rollout.rolled_back") == 1
    assert sorted("is rolled back already" in one for one in flow.blames) == [False, True]


def test_an_alert_after_a_stop_by_a_person_leaves_the_split_as_they_left_it():
    flow = Flow(changed(DELIVERY, window="10m", check_every="10m"))
    reference = under_way(flow)
    flow.asks("stop", reason="we look at it")
    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=30)

    flow.publish("alerts", incident(flow))
    flow.passes(seconds=5)

    assert flow.split() == {"v1": 90, "v2": 10}
    assert flow.blames[0].startswith(f"rollout {flow.rollout().id} is stopped, by ")
    assert flow.rollout().ended_by in flow.blames[0]
