"""A push while a rollout is under way: it takes its place, waits its turn, or goes."""

import datetime as dt

import pytest

from tests.flow.flow import DELIVERY, Flow, changed

QUEUE = changed(DELIVERY, second_push="queue")
REJECT = changed(DELIVERY, second_push="reject")


def under_way(delivery: str, percent: int = 10) -> Flow:
    flow = Flow(delivery)
    flow.built(flow.image("v2"))
    flow.until_at(percent)
    return flow


@pytest.mark.parametrize("percent", [10, 50, 100])
def test_a_second_push_takes_the_place_of_the_first_beside_the_original_stable(percent):
    flow = under_way(DELIVERY, percent)
    first, stable = flow.execution()["name"], flow.rollout().stable

    flow.built(flow.image("v3"))
    flow.until(lambda: "rollout.superseded" in flow.told(), within_minutes=1)

    assert flow.split() == {"v1": 100}
    assert flow.rollout().stable == stable
    flow.passes(seconds=2)
    assert flow.outcome(first)[0] == "superseded"
    flow.until_ended()
    assert flow.split() == {"v3": 100}
    assert flow.outcome()[0] == "promoted"


def test_who_is_superseded_while_it_waits_is_told_at_once():
    flow = under_way(DELIVERY)
    first = flow.execution()["name"]

    flow.built(flow.image("v3"))
    flow.until(lambda: flow.has_ended(first), within_minutes=0.2)

    assert flow.outcome(first)[0] == "superseded"


def test_a_superseded_digest_is_not_refused():
    flow = under_way(DELIVERY)
    again = flow.rollout().digest

    flow.built(flow.image("v3", error_ratio=1.0))
    flow.until_ended()
    flow.by_hand(action="rollout", service="api", image=f"{flow.repository}@{again}")
    flow.until_ended()

    assert flow.split() == {"v2": 100}


def test_a_push_of_what_is_on_its_way_already_begins_nothing():
    flow = under_way(DELIVERY)
    first = flow.rollout()

    flow.built(f"{flow.repository}@{first.digest}")
    flow.passes(seconds=30)

    outcome, because = flow.outcome()
    assert outcome == "stopped"
    assert "is on its way already" in because
    assert flow.rollout().id == first.id


def test_a_push_of_what_stable_serves_ends_the_rollout_under_way():
    flow = Flow()
    stable = flow.cloud.run.service(flow.key()).served[0].revision
    digest = flow.cloud.run.revision(flow.key(), stable).ingress_container.image.partition("@")[2]
    flow.built(flow.image("v2"))
    flow.until_at(50)

    flow.built(f"{flow.repository}@{digest}")
    flow.until_ended()

    assert flow.split() == {"v1": 100}
    assert flow.state() == "superseded"


def test_a_queued_push_begins_as_soon_as_the_rollout_before_it_has_ended():
    flow = under_way(QUEUE)
    first = flow.execution()["name"]

    flow.built(flow.image("v3"))
    flow.until(lambda: flow.record().waiting is not None, within_minutes=1)
    flow.until(lambda: flow.has_ended(first))
    ended = flow.now
    flow.until(lambda: flow.told().count("rollout.started") == 2)

    assert flow.outcome(first)[0] == "promoted"
    assert flow.record().waiting is None
    assert flow.now - ended <= dt.timedelta(seconds=2)
    flow.until_ended()
    assert flow.split() == {"v3": 100}


def test_only_the_newest_push_waits():
    flow = under_way(QUEUE)
    flow.built(flow.image("v3"))
    flow.passes(seconds=20)
    second = flow.execution()["name"]

    flow.built(flow.image("v4"))
    flow.until(lambda: flow.has_ended(second), within_minutes=0.5)

    assert "was overtaken" in flow.outcome(second)[1]
    flow.until_ended()
    assert flow.split() == {"v4": 100}
    assert flow.told().count("rollout.started") == 2


def test_an_older_build_does_not_take_the_place_of_the_one_that_waits():
    flow = under_way(QUEUE)
    flow.built(flow.image("v4"))
    flow.passes(seconds=20)

    flow.built(flow.image("v3"), created=flow.now - dt.timedelta(seconds=25))
    flow.passes(seconds=20)

    assert "before the one that waits" in flow.outcome()[1]
    flow.until_ended()
    assert flow.split() == {"v4": 100}


def test_a_build_that_waits_is_not_queued_twice():
    flow = under_way(QUEUE)
    reference = flow.image("v3")
    flow.built(reference, build="b")
    flow.passes(seconds=20)

    flow.built(reference, build="b")
    flow.passes(seconds=20)

    assert "waits already" in flow.outcome()[1]


def test_who_waits_begins_also_after_a_stop_and_after_a_rollback_by_an_alert():
    flow = under_way(QUEUE)
    flow.built(flow.image("v3"))
    flow.passes(seconds=20)
    second = flow.execution()["name"]

    flow.asks("roll_back", reason="checkout is failing")
    flow.until(lambda: flow.has_ended(second))

    assert flow.outcome(second)[0] == "promoted"


def test_a_wake_up_that_got_lost_delays_who_waits_by_two_minutes_at_most():
    flow = under_way(QUEUE)
    first = flow.execution()["name"]
    flow.built(flow.image("v3"))
    flow.passes(seconds=20)
    flow.faults.api("POST", "/callbacks/", 500)

    flow.until(lambda: flow.has_ended(first))
    flow.passes(minutes=2, seconds=5)

    assert flow.told().count("rollout.started") == 2


def test_a_rejected_push_changes_nothing_and_is_told():
    flow = under_way(REJECT)
    first = flow.rollout().id

    flow.built(flow.image("v3"))
    flow.passes(seconds=20)

    outcome, because = flow.outcome()
    assert outcome == "stopped"
    assert "is under way since" in because
    assert "second_push is reject" in because
    assert flow.rollout().id == first
    assert "delivery.ignored" in flow.told()


def test_an_execution_that_was_superseded_never_comes_back_even_if_its_requests_do():
    flow = under_way(DELIVERY)
    flow.faults.delivered_twice_after = 40.0
    flow.by_hand(action="rollout", service="api", image=flow.image("v3"))
    flow.passes(seconds=10)
    flow.by_hand(action="rollout", service="api", image=flow.image("v4"))

    flow.until_ended()

    assert flow.split() == {"v4": 100}
    assert flow.told().count("rollout.started") == 3


def set_env(service):
    service["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "1"}]
    service["spec"]["template"].setdefault("metadata", {})["name"] = "api-00042-abc"


@pytest.mark.parametrize("delivery", [DELIVERY, QUEUE])
def test_a_push_after_a_stop_by_barq_begins_beside_the_stable_of_before(delivery):
    """Somebody changed a setting, traffic is as Barq left it: the sweeper would give it back."""
    flow = under_way(delivery, 50)
    if delivery is QUEUE:
        flow.built(flow.image("v3"))
        flow.passes(seconds=20)

    flow.person_writes(set_env)
    flow.until(lambda: "rollout.stopped" in flow.told(), within_minutes=2)
    if delivery is DELIVERY:
        flow.built(flow.image("v3"))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"
    assert flow.split() == {"v3": 100}
