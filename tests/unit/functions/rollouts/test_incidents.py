"""Cloud Monitoring notifications, in the real shape and with its traps (reference/gcp.md, 3)."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.errors import BadInput
from rollouts.incidents import Incident, parse_incident
from tests.unit.functions.rollouts.strategies import anything, attempt

INCIDENT = {
    "incident_id": "0.m8u0mnh9byf4",
    "scoping_project_id": "team-production",
    "scoping_project_number": 780026775853,
    "url": "https://console.cloud.google.com/monitoring/alerting/incidents/0.m8u0mnh9byf4",
    "started_at": 1795348800,
    "ended_at": None,
    "state": "open",
    "summary": "Request count for api-2 is above the threshold of 0.05 with a value of 0.310.",
    "observed_value": "0.310",
    "threshold_value": "0.05",
    "policy_name": "api error ratio",
    "policy_user_labels": {"service_name": "api", "team": "shop"},
    "condition_name": "5xx ratio",
    "resource": {
        "type": "cloud_run_revision",
        "labels": {
            "project_id": "team-production",
            "service_name": "api",
            "revision_name": "api-2",
            "location": "europe-west1",
        },
    },
    "metric": {"type": "run.googleapis.com/request_count", "displayName": "", "labels": {}},
    "metadata": {"system_labels": {}, "user_labels": {}},
    "documentation": {"content": "see the runbook", "mime_type": "text/markdown"},
}


def parsed(version="1.2", **changes):
    return parse_incident(json.dumps({"version": version, "incident": INCIDENT | changes}))


def test_an_open_incident_names_its_revision_and_when_it_began():
    assert parsed() == Incident(
        id="0.m8u0mnh9byf4",
        open=True,
        test=False,
        started=dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC),
        policy="api error ratio",
        summary="Request count for api-2 is above the threshold of 0.05 with a value of 0.310.",
        project="team-production",
        service="api",
        region="europe-west1",
        revision="api-2",
        version="1.2",
    )


def test_a_closed_incident_is_not_open():
    assert not parsed(state="closed", ended_at=1795348860).open


def test_a_channels_test_message_shouts_its_state_and_is_a_test():
    found = parsed("test", state="OPEN", documentation="plain", scoping_project_number="1")

    assert found.open
    assert found.test


def test_a_policy_that_groups_by_nothing_names_no_revision():
    found = parsed(resource={"type": "cloud_run_revision", "labels": {"project_id": "p"}})

    assert (found.project, found.service, found.region, found.revision) == ("p", "api", "", "")


def test_the_resources_labels_go_over_the_policys_own():
    found = parsed(policy_user_labels={"service_name": "other", "location": "us-east1"})

    assert (found.service, found.region) == ("api", "europe-west1")


UPTIME = {
    "policy_name": "api answers",
    "policy_user_labels": {"service_name": "api", "location": "europe-west1", "project_id": "run"},
    "resource": {
        "type": "uptime_url",
        "labels": {"project_id": "monitoring", "host": "Api.example.com"},
    },
    "metric": {
        "type": "monitoring.googleapis.com/uptime_check/check_passed",
        "labels": {"check_id": "api-answers-x1y2z3"},
    },
}
"""An uptime check names a host. What it checks is said by the policy's own labels."""


def test_an_uptime_incident_names_its_host_and_what_its_policy_says():
    found = parsed(**UPTIME)

    assert (found.project, found.service, found.region) == ("run", "api", "europe-west1")
    assert (found.host, found.revision) == ("api.example.com", "")


def test_an_uptime_check_of_a_run_service_names_it_and_no_revision():
    labels = {
        "project_id": "team-production",
        "service_name": "api",
        "location": "europe-west1",
        "revision_name": "",
        "configuration_name": "",
    }
    found = parsed(resource={"type": "cloud_run_revision", "labels": labels})

    assert (found.service, found.region, found.revision, found.host) == (
        "api", "europe-west1", "", "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("version", "readable"),
    [("1.2", True), ("1.0", True), ("1", True), ("2.0", False), ("10.1", False), ({}, False)],
)
def test_a_schema_is_known_by_what_stands_before_its_dot(version, readable):
    assert parsed(version).readable is readable


def test_a_message_that_tells_no_schema_is_read_as_it_is():
    assert parse_incident(json.dumps({"incident": INCIDENT})).readable


@pytest.mark.parametrize("resource", [None, "x", {}, {"labels": None}, {"labels": []}])
def test_without_a_resource_the_project_is_the_one_that_scopes(resource):
    found = parsed(resource=resource, policy_user_labels=None)

    assert (found.project, found.service) == ("team-production", "")


def test_without_anything_an_incident_names_nothing():
    found = parse_incident(b'{"incident": {}}')

    assert found == Incident("", False, False, None, "", "", "", "", "", "")


@pytest.mark.parametrize("started", [None, "null", True, "1795348800", 1e300, float("nan")])
def test_a_start_that_cannot_be_read_is_unknown(started):
    assert parsed(started_at=started).started is None


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\xff", b"[]", b"null", b"{}", b'{"incident": []}', b"[" * 100_000]
)
def test_what_is_no_incident_is_refused(data):
    with pytest.raises(BadInput, match="the alert message holds no"):
        parse_incident(data)


KEYS = st.sampled_from(["incident", "version", "labels", "resource", *INCIDENT])


@given(
    anything(KEYS).map(json.dumps)
    | st.binary(max_size=30)
    | st.dictionaries(KEYS, anything(KEYS), max_size=6).map(
        lambda incident: json.dumps({"version": "1.2", "incident": incident})
    )
)
def test_whatever_arrives_only_bad_input_escapes(data):
    assert isinstance(attempt(parse_incident, data, BadInput), Incident | BadInput)
