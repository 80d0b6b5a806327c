"""Every alert policy of the plan, in the local cloud's Monitoring: it fires on what is bad, no sooner.

The policies are the real Terraform's; what they are shown stands in signals.py.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from local_cloud.monitoring.notifications import notification
from rollouts.delivery_file import parse_delivery
from rollouts.incidents import parse_incident
from rollouts.named_by_alert import named_target
from tests.terraform.applied import Applied
from tests.terraform.environments import planned
from tests.terraform.monitored import SERVICE, own_plan, policies, service_plan
from tests.terraform.signals import SIGNALS

ROOT = Path(__file__).parents[2]
TOPIC = "projects/barq-delivery/topics/barq-alerts"
OF_BARQ = {"error-ratio", "unavailable"}
BY_REVISION = {"error-ratio", "latency", "startup", "application-errors"}
MINUTES = 25
SOONEST = {
    # Sampled for a minute, or at its end, and 120 s late (165 s for the database); then for so long.
    "error-ratio": 8,
    "unavailable": 3,
    "latency": 8,
    "instances": 7,
    "database-connections": 6,
    "database-cpu": 8,
    "sweeper-silent": 22,
    "person-must-act": 0,
}
"""Minutes until a policy fires."""


def world_of(signal):
    made = service_plan() if signal in policies(service_plan()) else own_plan()
    return Applied(made, {SERVICE["rollback_channel"]: TOPIC})


def played(signal, *qualities):
    """Show minutes of data; return the world, and in which minute the signal fired."""
    world = world_of(signal)
    fired = None
    for number, quality in enumerate(qualities):
        SIGNALS[signal](world, quality)
        if fired is None and signal in world.incidents():
            fired = number
        world.scheduler.run_for(60)
    return world, fired


def test_every_policy_is_shown_something():
    assert sorted(SIGNALS) == sorted({*policies(service_plan()), *policies(own_plan())})


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_policy_fires_on_bad_data_and_not_before_its_time(signal):
    world, fired = played(signal, *["bad"] * MINUTES)

    assert fired is not None
    assert fired >= SOONEST.get(signal, 0)
    assert fired <= SOONEST.get(signal, 4) + 1
    document = notification(world.incidents()[signal], 1)
    assert json.loads(json.dumps(document))["version"] == "1.2"


@pytest.mark.parametrize("signal", SIGNALS)
def test_nothing_at_all_fires_on_good_data(signal):
    world, _ = played(signal, *["good"] * MINUTES)

    assert world.incidents() == {}


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_policy_is_quiet_at_its_threshold(signal):
    _, fired = played(signal, *["edge"] * MINUTES)

    assert fired is None


LASTING = [one for one in SOONEST if one not in ("person-must-act", "sweeper-silent")]


@pytest.mark.parametrize("signal", LASTING)
def test_a_policy_is_quiet_about_what_passes_sooner(signal):
    """A minute less than it takes."""
    for_how_long = {"unavailable": 1}.get(signal, SOONEST[signal] - 3)

    _, fired = played(signal, *["bad"] * for_how_long, *["good"] * 10)

    assert fired is None


def test_ten_times_503_are_no_news_and_the_eleventh_is():
    """The second condition of the same policy: 503 asks to be asked again."""
    world = world_of("function-answers")
    for _ in range(6):
        for _ in range(3):
            SIGNALS["function-answers"](world, "edge")
        world.scheduler.run_for(60)

    incident = world.incidents()["function-answers"]

    assert incident.condition.display_name == "more than 10 times 503 in 5 minutes"
    assert incident.metric_labels() == {"status": "503"}
    assert incident.resource_labels()["service_name"] == "barq-on-alert"


@pytest.mark.parametrize("signal", sorted(BY_REVISION))
def test_a_payload_names_service_region_and_revision(signal):
    world, _ = played(signal, *["bad"] * 12)

    resource = notification(world.incidents()[signal], 1)["incident"]["resource"]

    assert resource == {
        "type": "cloud_run_revision",
        "labels": {
            "project_id": SERVICE["project"],
            "service_name": "fleet",
            "revision_name": "fleet-2",
            "location": SERVICE["region"],
        },
    }


@pytest.mark.parametrize("signal", sorted(policies(service_plan())))
def test_barq_hears_of_two_policies_and_finds_the_target_in_both(signal):
    world, _ = played(signal, *["bad"] * MINUTES)
    delivery = parse_delivery(yaml.safe_load((ROOT / "docs/examples/delivery.yaml").read_text()))

    heard = [parse_incident(json.dumps(told)) for topic, told in world.published if topic == TOPIC]
    mine = [one for one in heard if one.policy == world.policies[signal].display_name]

    assert bool(mine) == (signal in OF_BARQ)
    for incident in mine:
        service, target = named_target(incident, delivery) or pytest.fail("no target")
        assert (service.name, target.name) == ("fleet", "production")
        assert incident.revision == ("fleet-2" if signal in BY_REVISION else "")
        assert incident.readable


def alerting(made, *, on):
    """The plan with all policies switched on or off, as the variable `alerting` does."""
    return replace(
        made,
        resources={
            address: replace(one, values={**one.values, "enabled": on})
            if one.type == "google_monitoring_alert_policy"
            else one
            for address, one in made.resources.items()
        },
    )


@pytest.mark.parametrize("on", [False, True])
def test_the_alerts_of_productions_whole_plan_reach_the_topic_of_delivery(on):
    """Its channels, metrics, objectives and policies together; nobody, before the first delivery."""
    world = Applied(alerting(planned("production"), on=on), {})
    for _ in range(12):
        SIGNALS["error-ratio"](world, "bad")
        world.scheduler.run_for(60)

    heard = [(topic, told["incident"]["policy_user_labels"]) for topic, told in world.published]

    assert [(topic, labels["signal"]) for topic, labels in heard] == [(TOPIC, "error-ratio")] * on
    assert {channel.type for channel, _ in world.told} >= {"pubsub", "pagerduty"} or not on


def test_barq_hears_when_it_is_over():
    world, _ = played("error-ratio", *["bad"] * 12, *["good"] * 6)

    states = [told["incident"]["state"] for _, told in world.published]

    assert states == ["open", "closed"]


def test_a_revision_that_has_no_requests_any_more_is_no_incident():
    """After a rollback nobody asks the bad revision: its incident does not stay open."""
    world, fired = played("error-ratio", *["bad"] * 12)
    assert fired is not None

    world.scheduler.run_for(6 * 60)

    assert [one for one in world.alerts.open_incidents() if one.group.resource_type] == []


def test_whoever_is_told_of_a_line_reads_what_it_said():
    world, _ = played("person-must-act", "bad")

    told = notification(world.incidents()["person-must-act"], 1)["incident"]["documentation"]

    assert "page.sent" in told["content"]
    assert "${" not in told["content"]
