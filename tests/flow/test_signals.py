"""What is not seen never speaks for a canary: no data, and signals that cannot be read."""

from local_cloud.cloud import CloudSettings
from local_cloud.logging.model import LoggingSettings
from local_cloud.monitoring.model import DEMO
from tests.flow.flow import DELIVERY, Flow, changed

QUICK = changed(
    DELIVERY.replace("window: 2m", "window: 1m").replace("deadline: 1h", "deadline: 20m"),
    approval="{by: none, expires: 10m}",
)
SILENT_LOG = CloudSettings(logging=LoggingSettings(exclusions=("httpRequest.status>=500",)))


def question(flow: Flow) -> str:
    asked = [one["data"] for one in flow.events if one["data"]["event"] == "approval.requested"]
    return str(asked[-1]["because"])


def asked_at_the_deadline(flow: Flow) -> None:
    """Nothing is promoted; when the deadline is over a person is asked, and no answer rolls back."""
    reference = flow.image("v2")
    flow.built(reference)
    flow.until_at(10)
    began = flow.now
    flow.until(lambda: flow.rollout().deadline_approval is not None)
    assert 20 * 60 <= (flow.now - began).total_seconds() <= 20 * 60 + 30
    assert [one.percent for one in flow.rollout().shifts] == [10]

    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert "expired" in flow.outcome()[1]
    assert flow.split() == {"v1": 100}
    assert flow.record().refusal(reference.partition("@")[2]) is None


def test_without_traffic_nothing_is_promoted_and_a_person_is_asked_at_the_deadline():
    flow = Flow(QUICK, rps=0)

    asked_at_the_deadline(flow)


def test_no_data_pass_promotes_without_a_request():
    flow = Flow(changed(QUICK, no_data="pass"), rps=0)

    flow.built(flow.image("v2"))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"
    assert "no_data: pass" in flow.outcome()[1]


def test_no_data_pass_does_not_promote_what_fails():
    flow = Flow(changed(QUICK, no_data="pass"))

    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"


def test_no_data_roll_back_takes_a_silent_canary_back_before_its_deadline():
    flow = Flow(changed(QUICK, no_data="roll_back"), rps=0)

    flow.built(flow.image("v2"))
    flow.until_at(10)
    began = flow.now
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert "no_data: roll_back" in flow.outcome()[1]
    assert (flow.now - began).total_seconds() < 10 * 60


def test_no_data_roll_back_is_not_meant_for_traffic_that_is_not_visible_yet():
    flow = Flow(changed(QUICK, no_data="roll_back"))

    flow.built(flow.image("v2"))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"


def test_no_data_pass_is_not_meant_for_traffic_that_is_not_visible_yet():
    """A slow canary under 5 requests a second, on a service that was silent until now."""
    flow = Flow(changed(QUICK, no_data="pass"))

    flow.built(flow.image("v2", latency_seconds=2.0))
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"


def test_no_data_roll_back_leaves_a_canary_with_traffic_alone():
    flow = Flow(changed(QUICK, no_data="roll_back"))
    flow.passes(minutes=10)

    flow.built(flow.image("v2"))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"


def test_too_few_requests_are_no_pass():
    flow = Flow(changed(QUICK, window="2m", analysis="{min_requests: 100000}"))

    asked_at_the_deadline(flow)

    assert "more requests are needed" in question(flow)


def test_with_monitoring_down_a_good_canary_is_never_promoted():
    flow = Flow(QUICK)
    flow.faults.monitoring_down = True

    asked_at_the_deadline(flow)


def test_with_monitoring_down_no_data_pass_promotes_nothing():
    """The policy speaks of requests that are not there, not of signals that cannot be read."""
    flow = Flow(changed(QUICK, no_data="pass"))
    flow.faults.monitoring_down = True

    asked_at_the_deadline(flow)


def test_with_monitoring_down_no_data_roll_back_waits_for_the_deadline():
    flow = Flow(changed(QUICK, no_data="roll_back"))
    flow.passes(minutes=10)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.faults.monitoring_down = True
    flow.passes(minutes=10)
    assert flow.state() == "shifting"

    flow.faults.monitoring_down = False
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"


def test_with_monitoring_down_the_log_still_takes_a_bad_canary_back():
    flow = Flow(QUICK)
    flow.faults.monitoring_down = True

    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until_at(10)
    flow.until(lambda: flow.split() == {"v1": 100}, within_minutes=2)

    assert flow.state() == "rolled_back"


def test_monitoring_that_comes_back_lets_the_rollout_go_on():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.faults.monitoring_down = True
    flow.passes(minutes=8)
    assert flow.rollout().percent == 10
    assert "Cloud Monitoring could not be read" in str(flow.status()["notes"])

    flow.faults.monitoring_down = False
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"


def test_with_a_silent_log_monitoring_alone_takes_a_bad_canary_back():
    flow = Flow(QUICK, settings=SILENT_LOG)

    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until_at(10)
    began = flow.now
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert (flow.now - began).total_seconds() < 5 * 60


def test_with_a_silent_log_a_good_canary_is_promoted():
    flow = Flow(QUICK, settings=SILENT_LOG)

    flow.built(flow.image("v2"))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"


def test_with_the_log_quota_exhausted_monitoring_alone_decides():
    nothing_left = CloudSettings(logging=LoggingSettings(reads_per_minute=0))
    good = Flow(QUICK, settings=nothing_left)
    bad = Flow(QUICK, settings=nothing_left)

    good.built(good.image("v2"))
    bad.built(bad.image("v2", error_ratio=1.0))
    bad.until_at(10)
    assert "request log could not be read" in str(bad.status()["notes"])
    bad.until_ended()
    good.until_ended()

    assert good.outcome()[0] == "promoted"
    assert bad.outcome()[0] == "rolled_back"
    assert [one.percent for one in bad.rollout().shifts] == [10]


def test_an_alert_after_promotion_with_a_silent_log_is_a_matter_for_people():
    """The incident alone moves no traffic: rollback.weigh wants a bad request in the log."""
    flow = Flow(QUICK, settings=SILENT_LOG)
    flow.alert_policy()
    reference = flow.image("v2")
    flow.built(reference)
    flow.until_ended()

    flow.becomes(reference, error_ratio=1.0)
    flow.passes(minutes=10)

    assert flow.split() == {"v2": 100}
    assert "no bad request of the canary in the log" in flow.blames[0]


def test_a_brief_burst_of_stables_troubles_is_not_the_canarys():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)

    flow.becomes(flow.image("v1"), error_ratio=1.0)
    flow.passes(seconds=30)
    flow.becomes(flow.image("v1"))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"


def test_fast_metrics_of_the_demo_make_a_fast_rollout():
    fast = CloudSettings(monitoring=DEMO)
    flow = Flow(
        changed(QUICK, window="6s", check_every="1s", analysis="{slowdown_tolerated: off}"),
        rps=40,
        settings=fast,
    )

    flow.built(flow.image("v2"))
    began = flow.now
    flow.until_ended(within_minutes=2)

    assert flow.outcome()[0] == "promoted"
    assert (flow.now - began).total_seconds() < 40
