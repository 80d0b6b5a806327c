"""Which target an alert names: by labels, or by the host that an uptime check asks."""

from dataclasses import replace

import pytest

from rollouts.delivery_file import parse_delivery
from rollouts.incidents import Incident
from rollouts.named_by_alert import named_target
from tests.unit.functions.rollouts.builders import DELIVERY, PLACE, REPOSITORY

LABELLED = Incident(
    id="0.m8",
    open=True,
    test=False,
    started=None,
    policy="api error ratio",
    summary="",
    project="team-production",
    service="api",
    region="europe-west1",
    revision="",
)
UPTIME = replace(LABELLED, service="", region="", host="api-780026775853.europe-west1.run.app")


def named(incident, delivery=DELIVERY):
    found = named_target(incident, delivery)
    return (found[0].name, found[1].name) if found else None


def test_an_incident_names_its_target_by_project_region_and_service():
    assert named(LABELLED) == ("api", "production")
    assert named(replace(LABELLED, project="team-staging")) == ("api", "staging")


@pytest.mark.parametrize(
    "incident",
    [
        replace(LABELLED, project=""),
        replace(LABELLED, region=""),
        replace(LABELLED, service=""),
        replace(LABELLED, service="other"),
        replace(LABELLED, region="us-east1"),
    ],
)
def test_an_incident_that_does_not_say_all_three_names_nothing(incident):
    assert named(incident) is None


@pytest.mark.parametrize(
    "host", ["api-780026775853.europe-west1.run.app", "api-a1b2c3d4e5-ew.a.run.app"]
)
def test_an_uptime_check_names_the_service_by_the_host_that_cloud_run_gave_it(host):
    assert named(replace(UPTIME, host=host)) == ("api", "production")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "api.example.com",
        "canary---api-780026775853.europe-west1.run.app",
        "canary---api-a1b2c3d4e5-ew.a.run.app",
        "api-780026775853.us-east1.run.app",
        "api-v2-780026775853.europe-west1.run.app",
        "api-v2-a1b2c3d4e5-ew.a.run.app",
        "api-780026775853.europe-west1.run.app.example.com",
    ],
)
def test_another_host_names_nothing(host):
    assert named(replace(UPTIME, host=host)) is None


def test_labels_that_say_something_go_over_the_host():
    assert named(replace(UPTIME, service="other", region="europe-west1")) is None


def test_a_host_that_two_targets_could_have_names_neither():
    """The old form of a host tells no region."""
    places = {"west": PLACE, "east": {**PLACE, "region": "us-east1"}}
    both = parse_delivery({"services": {"api": {"image": REPOSITORY, "targets": places}}})

    assert named(replace(UPTIME, host="api-a1b2c3d4e5-ew.a.run.app"), both) is None
    assert named(UPTIME, both) == ("api", "west")
