"""Functions that do not answer, answers that get lost, quotas: errors are not evidence."""

import itertools

import pytest

from local_cloud.kit.errors import Refused
from tests.flow.flow import DELIVERY, Flow, changed
from tests.flow.install import SWEEP

QUICK = DELIVERY.replace("window: 2m", "window: 1m")
DRIVING = ("plan", "deploy", "verify", "shift_traffic", "check_metrics")


@pytest.mark.parametrize("function", DRIVING)
def test_a_function_that_is_down_for_two_minutes_delays_the_rollout(function):
    flow = Flow(QUICK)
    flow.faults.function_down(function, minutes=2)

    flow.built(flow.image("v2"))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"
    assert flow.split() == {"v2": 100}
    assert flow.told().count("rollout.started") == 1


@pytest.mark.parametrize("function", ["deploy", "verify", "shift_traffic", "check_metrics"])
def test_a_function_that_is_down_for_20_minutes_takes_the_canary_back_and_says_so(function):
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    if function == "check_metrics":
        flow.until_at(10)
    flow.faults.function_down(function, minutes=20)
    flow.until(flow.ended)

    said = flow.error()
    assert "the delivery to production broke off" in said
    assert "503" in said
    assert "{" not in said
    assert flow.split() == {"v1": 100}
    assert flow.tags() == []
    assert flow.state() in ("rolled_back", "no rollout")


def test_after_a_delivery_that_broke_off_the_same_image_may_be_delivered_again():
    flow = Flow(QUICK)
    good = flow.image("v2")
    flow.built(good)
    flow.until_at(10)
    flow.faults.function_down("check_metrics", minutes=20)
    flow.until(flow.ended)
    flow.passes(minutes=20)

    flow.built(good)
    flow.until_ended()

    assert flow.split() == {"v2": 100}


def test_plan_down_for_20_minutes_fails_the_execution_with_a_sentence():
    flow = Flow(QUICK)
    flow.faults.function_down("plan", minutes=20)

    flow.built(flow.image("v2"))
    flow.until(flow.ended)

    assert flow.execution()["state"] == "FAILED"
    assert "503" in flow.error()
    assert flow.writes() == 0


def test_rollback_down_as_well_tells_both_reasons():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.faults.function_down("check_metrics", "rollback", minutes=120)
    flow.until(flow.ended, within_minutes=90)

    said = flow.error()
    assert "broke off" in said
    assert "could not be rolled back" in said


def test_a_rollback_that_google_denies_for_some_minutes_is_asked_for_again():
    """A 403 is not worth another attempt anywhere else; here nobody else would give it back."""
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.faults.function_down("check_metrics", minutes=20)
    denied = flow.faults.api("PUT", "/services/", 403, function="rollback", times=3)
    flow.until(flow.ended)

    assert denied.hits == 3
    assert flow.split() == {"v1": 100}
    assert "broke off" in flow.error()


def test_a_verdict_that_grew_old_on_the_way_promotes_nothing():
    """shift_traffic is down while the canary goes bad: what was judged is minutes ago."""
    flow = Flow(QUICK)
    reference = flow.image("v2")
    flow.built(reference)
    flow.until_at(100)
    flow.faults.function_down("shift_traffic", minutes=5.5)
    flow.passes(minutes=4.5)
    flow.becomes(reference, error_ratio=1.0)
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert flow.split() == {"v1": 100}


@pytest.mark.parametrize("function", [*DRIVING, "rollback"])
def test_an_answer_that_gets_lost_doubles_nothing(function):
    flow = Flow(QUICK)
    bad = function == "rollback"
    flow.faults.answers_lost[function] = 2

    flow.built(flow.image("v2", error_ratio=1.0 if bad else 0.0))
    flow.until_ended()

    told = flow.told_once()
    assert told.count("rollout.started") == 1
    if bad:
        assert flow.split() == {"v1": 100}
        assert told.count("rollout.rolled_back") == 1
    else:
        assert flow.split() == {"v2": 100}
        assert told.count("traffic.shifted") == 3
        assert told.count("rollout.promoted") == 1


@pytest.mark.parametrize("function", ["deploy", "verify", "shift_traffic", "rollback"])
def test_a_write_whose_answer_gets_lost_is_not_done_twice_and_is_told(function):
    """The write happened; only Cloud Run's answer to the function is gone."""
    flow = Flow(QUICK)
    bad = function == "rollback"
    fault = flow.faults.api("PUT", "/services/", None, function=function, times=1)

    flow.built(flow.image("v2", error_ratio=1.0 if bad else 0.0))
    flow.until_ended()

    assert fault.hits == 1
    kinds = ["rollout.started", "rollout.verified", "traffic.shifted"]
    if bad:
        assert flow.split() == {"v1": 100}
        assert flow.told() == [*kinds, "rollout.rolled_back"]
    else:
        assert flow.split() == {"v2": 100}
        assert flow.told() == [*kinds, *["traffic.shifted"] * 2, "rollout.promoted"]


def test_an_approval_whose_write_got_no_answer_is_taken_once():
    flow = Flow(changed(QUICK, approval="{by: manual, expires: 6h}"))
    flow.built(flow.image("v2"))
    flow.until(lambda: flow.rollout().approval is not None)
    flow.faults.api("PUT", "/services/", None, function="approve", times=1)

    said = flow.answers("approve")
    flow.passes(seconds=3)

    assert said["action"]["kind"] == "shift"
    assert flow.split() == {"v1": 90, "v2": 10}
    assert flow.told().count("approval.given") == 1


@pytest.mark.parametrize("seconds", [0.001, 0.5, 7, 65, 400])
@pytest.mark.parametrize("kind", ["good", "bad"])
def test_every_functions_request_delivered_twice_changes_nothing(kind, seconds):
    flow = Flow(QUICK)
    flow.faults.delivered_twice_after = seconds

    flow.built(flow.image("v2", error_ratio=1.0 if kind == "bad" else 0.0))
    flow.until_ended()
    flow.passes(seconds=seconds)

    assert flow.split() == ({"v1": 100} if kind == "bad" else {"v2": 100})
    assert flow.writes() == (5 if kind == "bad" else 7)
    assert len(flow.told_once()) == (4 if kind == "bad" else 6)


def test_requests_of_a_rollout_delivered_late_do_not_disturb_the_next_one():
    flow = Flow(QUICK)
    flow.faults.delivered_twice_after = 1200
    flow.by_hand(action="rollout", service="api", image=flow.image("v2"))
    flow.until_ended()

    flow.by_hand(action="rollout", service="api", image=flow.image("v3"))
    flow.until_ended()
    flow.passes(minutes=30)

    assert flow.split() == {"v3": 100}
    assert flow.told().count("rollout.started") == 2


def test_a_promotion_by_hand_is_not_begun_again_by_a_late_request_of_its_own():
    """v2, then v1 again, each by hand: the late request of the first must claim nothing."""
    flow = Flow(QUICK)
    flow.by_hand(action="rollout", service="api", image=flow.image("v2"))
    flow.until_ended()
    sent = flow.faults.delivered_twice_after = 3600
    flow.by_hand(action="rollout", service="api", image=flow.image("v3"))
    flow.until_ended()
    flow.faults.delivered_twice_after = None
    flow.by_hand(action="rollout", service="api", image=flow.image("v1"))
    flow.until_ended()
    before = flow.writes()

    flow.passes(seconds=sent)

    assert flow.writes() == before
    assert flow.split() == {"v1": 100}


@pytest.mark.parametrize("function", [*DRIVING, "rollback"])
def test_a_write_quota_exhausted_for_a_minute_delays_and_doubles_nothing(function):
    flow = Flow(QUICK)
    bad = function == "rollback"
    flow.built(flow.image("v2", error_ratio=1.0 if bad else 0.0))
    if bad or function == "check_metrics":
        flow.until_at(10)
    flow.faults.api("PUT", "/services/", 429, seconds=60)

    flow.until_ended()

    assert flow.split() == ({"v1": 100} if bad else {"v2": 100})
    assert flow.told().count("rollout.started") == 1


def labels_without_end(flow: Flow) -> None:
    for number in itertools.count():
        document = flow.document()
        document["metadata"]["labels"]["number"] = str(number)
        flow.cloud.run.replace(flow.key(), document, "person@example.com")


def test_the_real_quota_of_60_writes_a_minute_is_survived():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    with pytest.raises(Refused, match="Write requests per minute"):
        labels_without_end(flow)

    flow.until_ended()

    assert flow.split() == {"v2": 100}


def test_without_permission_to_read_the_service_the_execution_says_so():
    flow = Flow(QUICK)
    flow.faults.api("GET", "/services/", 403)

    flow.built(flow.image("v2"))
    flow.until(flow.ended)

    assert "was not read: HTTP 403" in flow.error()


CHANNELS = QUICK.replace(
    "[{webhook: team}]", "[{webhook: team}, {slack: dev}, {pagerduty: on-call}]"
)


def test_a_dead_channel_delays_no_other_and_no_rollout():
    flow = Flow(CHANNELS)
    flow.channels.broken = {"dev"}

    flow.built(flow.image("v2"))
    flow.until_ended()
    assert flow.split() == {"v2": 100}
    assert len(flow.channels.texts("team")) == 6
    assert flow.channels.texts("dev") == []

    flow.channels.broken = set()
    flow.passes(minutes=10)
    links = [text.rpartition("\n")[2] for text in flow.channels.texts("dev")]
    assert [text.rpartition("\n")[0] for text in flow.channels.texts("dev")] == (
        flow.channels.texts("team")
    )
    assert all(link.endswith("|the execution>") for link in links)


def test_a_topic_that_takes_no_events_does_not_block_a_rollout_or_a_rollback():
    good, bad = Flow(QUICK), Flow(QUICK)
    for flow, ratio in ((good, 0.0), (bad, 1.0)):
        flow.faults.api("POST", ":publish", 503)
        flow.built(flow.image("v2", error_ratio=ratio))
        flow.until_ended()

    assert good.split() == {"v2": 100}
    assert bad.split() == {"v1": 100}
    assert good.told() == bad.told() == []


def test_a_cancelled_execution_is_taken_over_by_the_next_push_beside_the_right_stable():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(50)
    flow.cloud.jobs.pause(SWEEP)
    flow.cancels(flow.execution()["name"])
    flow.passes(minutes=1)
    assert flow.split() == {"v1": 50, "v2": 50}

    flow.built(flow.image("v3"))
    flow.until_at(10)

    assert flow.split() == {"v1": 90, "v3": 10}
    flow.until(lambda: flow.split() == {"v3": 100})


def test_a_cancelled_executions_rollout_can_be_rolled_back_by_hand():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(50)
    flow.cancels(flow.execution()["name"])

    flow.asks("roll_back", reason="its execution was cancelled")

    assert flow.split() == {"v1": 100}


def test_an_execution_cancelled_while_the_canary_starts_leaves_all_traffic_on_stable():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until(lambda: flow.state() == "deploying")
    flow.cancels(flow.execution()["name"])
    flow.passes(minutes=5)

    assert flow.split() == {"v1": 100}
    flow.built(flow.image("v3"))
    flow.until_at(10)
    assert flow.split() == {"v1": 90, "v3": 10}


def test_a_promoted_split_that_is_not_served_pages_a_person_after_a_rollback():
    flow = Flow(QUICK)
    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until_at(10)
    flow.passes(seconds=1)
    flow.cloud.run.hold_routes(flow.key())

    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert flow.told()[-1] == "traffic.stuck"
    assert flow.told().count("traffic.stuck") == 1
    assert "look at the service now" in flow.outcome()[1]
