"""Alert policies: when an incident opens and closes, and what is told of it."""

import datetime as dt
import json
import random
from typing import Any

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.kit.traffic import ServedRequest
from local_cloud.monitoring.alerts import AlertPolicies, AlertSettings
from local_cloud.monitoring.model import DEMO, MonitoringModel
from local_cloud.monitoring.policies import AlertPolicy, ErrorRatio, LatencyPercentile

START = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
TOPIC = "projects/p/topics/alerts"


def policy(condition=None, **changes):
    values: dict[str, Any] = {
        "display_name": "fleet errors",
        "project": "p",
        "topic": TOPIC,
        "filter": 'resource.labels.service_name="fleet"',
        "user_labels": {"service": "fleet", "action": "roll_back"},
        "severity": "CRITICAL",
    }
    return AlertPolicy(condition=condition or ErrorRatio(0.05), **(values | changes))


class World:
    def __init__(self, settings=None, **alert_settings):
        self.scheduler = VirtualScheduler(START)
        self.monitoring = MonitoringModel(self.scheduler, Audit(self.scheduler), settings)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.alerts = AlertPolicies(
            self.scheduler,
            self.monitoring,
            lambda topic, document: self.told.append((topic, document)),
            random.Random(1),
            AlertSettings(project_numbers={"p": 780026775853}, **alert_settings),
        )

    def serve_minutes(
        self, minutes, good=90, bad=0, revision="fleet-1", latency=0.1, service="fleet"
    ):
        """Each minute `good` requests answer 200 and `bad` answer 500."""
        for _ in range(minutes):
            for status, count in ((200, good), (500, bad)):
                if count:
                    self.monitoring.record(
                        ServedRequest(
                            "p",
                            "europe-west1",
                            service,
                            revision,
                            "i",
                            "GET",
                            "http://fleet/",
                            status,
                            self.scheduler.now(),
                            latency,
                        ),
                        count,
                    )
            self.scheduler.run_for(60)

    def states(self):
        return [document["incident"]["state"] for _, document in self.told]


@pytest.fixture
def world():
    return World()


def test_a_bad_revision_opens_one_incident_and_health_closes_it(world):
    world.alerts.create(policy())

    world.serve_minutes(10, bad=10)
    assert world.states() == ["open"]
    assert len(world.alerts.open_incidents()) == 1

    world.serve_minutes(10)
    assert world.states() == ["open", "closed"]
    assert world.alerts.open_incidents() == ()
    assert [incident.value for incident in world.alerts.closed] == [0.0]


def test_the_real_delays_make_the_alert_minutes_late(world):
    """60 s of sampling and 120 s of ingestion come before the first look that can see it."""
    world.alerts.create(policy())

    world.serve_minutes(2, bad=10)
    assert world.states() == []

    world.serve_minutes(1, bad=10)
    assert world.states() == ["open"]


def test_the_demos_settings_alert_within_two_seconds():
    world = World(DEMO, evaluation_seconds=1)
    world.alerts.create(policy(alignment_seconds=1))
    world.monitoring.record(
        ServedRequest("p", "r", "fleet", "f-1", "i", "GET", "http://fleet/", 500, START, 0.1)
    )

    world.scheduler.run_for(2)

    assert world.states()[0] == "open"


def test_the_opened_notification_is_in_schema_1_2(world):
    created = world.alerts.create(policy(documentation="Roll back."))

    world.serve_minutes(3, good=88, bad=12)

    ((topic, document),) = world.told
    incident = document["incident"]
    assert topic == TOPIC
    assert incident["incident_id"].startswith("0.")
    assert len(incident["incident_id"]) == 14
    assert json.loads(json.dumps(document)) == {
        "version": "1.2",
        "incident": {
            "incident_id": incident["incident_id"],
            "scoping_project_id": "p",
            "scoping_project_number": 780026775853,
            "url": "https://console.cloud.google.com/monitoring/alerting/incidents/"
            f"{incident['incident_id']}?project=p",
            "started_at": int(START.timestamp()) + 180,
            "ended_at": None,
            "state": "open",
            "summary": "The ratio for p Cloud Run Revision labels {location=europe-west1,"
            " project_id=p, revision_name=fleet-1, service_name=fleet} is above the threshold"
            " of 0.050 with a value of 0.120.",
            "observed_value": "0.120",
            "threshold_value": "0.05",
            "policy_name": "fleet errors",
            "condition_name": "fleet errors",
            "resource_id": "",
            "resource_name": "",
            "resource_display_name": "",
            "resource_type_display_name": "Cloud Run Revision",
            "resource": {
                "type": "cloud_run_revision",
                "labels": {
                    "service_name": "fleet",
                    "revision_name": "fleet-1",
                    "location": "europe-west1",
                    "project_id": "p",
                },
            },
            "metric": {
                "type": "run.googleapis.com/request_count",
                "displayName": "Request Count",
                "labels": {},
            },
            "metadata": {"system_labels": {}, "user_labels": {}},
            "policy_user_labels": {"service": "fleet", "action": "roll_back"},
            "severity": "Critical",
            "documentation": {"content": "Roll back.", "mime_type": "text/markdown"},
            "condition": {
                "name": f"{created.name}/conditions/{created.condition_id}",
                "displayName": "fleet errors",
                "conditionThreshold": {
                    "filter": 'metric.type="run.googleapis.com/request_count" AND'
                    ' resource.type="cloud_run_revision" AND'
                    ' (resource.labels.service_name="fleet") AND'
                    ' (metric.labels.response_code_class="5xx")',
                    "denominatorFilter": 'metric.type="run.googleapis.com/request_count" AND'
                    ' resource.type="cloud_run_revision" AND'
                    ' (resource.labels.service_name="fleet")',
                    "aggregations": [AGGREGATION],
                    "denominatorAggregations": [AGGREGATION],
                    "comparison": "COMPARISON_GT",
                    "thresholdValue": 0.05,
                    "duration": "0s",
                    "trigger": {"count": 1},
                },
            },
        },
    }


AGGREGATION = {
    "alignmentPeriod": "60s",
    "perSeriesAligner": "ALIGN_DELTA",
    "crossSeriesReducer": "REDUCE_SUM",
    "groupByFields": [
        "resource.label.service_name",
        "resource.label.revision_name",
        "resource.label.location",
    ],
}


def test_the_closed_notification_is_of_the_same_incident(world):
    world.alerts.create(policy())
    world.serve_minutes(4, bad=10)
    world.serve_minutes(4)

    opened, closed = (document["incident"] for _, document in world.told)

    assert closed["incident_id"] == opened["incident_id"]
    assert closed["started_at"] == opened["started_at"] < closed["ended_at"]
    assert closed["observed_value"] == "0.000"
    assert closed["summary"].endswith("returned to normal with a value of 0.000.")


def test_a_policy_without_the_closed_prompt_only_tells_of_the_opening(world):
    world.alerts.create(policy(notify_closed=False))

    world.serve_minutes(4, bad=10)
    world.serve_minutes(4)

    assert world.states() == ["open"]
    assert len(world.alerts.closed) == 1


def test_each_revision_has_its_own_incident(world):
    """The canary's errors must not drown in the requests of stable."""
    world.alerts.create(policy())

    for _ in range(4):
        world.serve_minutes(1, good=5, bad=5, revision="fleet-2")
        world.serve_minutes(1, good=1000, revision="fleet-1")

    named = [
        document["incident"]["resource"]["labels"]["revision_name"] for _, document in world.told
    ]
    assert set(named) == {"fleet-2"}


def test_the_threshold_itself_is_not_above_it(world):
    world.alerts.create(policy())

    world.serve_minutes(6, good=95, bad=5)

    assert world.told == []


def test_another_service_is_not_the_policys_business(world):
    world.alerts.create(policy())

    world.serve_minutes(6, bad=50, service="other")

    assert world.told == []


def test_a_duration_must_pass_above_the_threshold_without_a_gap(world):
    world.alerts.create(policy(duration_seconds=120))

    world.serve_minutes(2, bad=10)
    world.serve_minutes(1)
    world.serve_minutes(2, bad=10)
    world.serve_minutes(4)
    assert world.told == []

    world.serve_minutes(3, bad=10)
    world.serve_minutes(3)
    assert world.states()[0] == "open"


def test_no_traffic_is_no_ratio_and_an_open_incident_waits_for_its_auto_close():
    world = World(auto_close_seconds=1800)
    world.alerts.create(policy())
    world.scheduler.run_for(3600)
    assert world.told == []
    world.serve_minutes(4, bad=10)
    assert world.states() == ["open"]

    world.scheduler.run_for(1500)
    assert world.states() == ["open"]

    world.scheduler.run_for(600)
    assert world.states() == ["open", "closed"]


def test_too_few_requests_are_no_ratio(world):
    world.alerts.create(policy(ErrorRatio(0.05, requests_min=20)))

    world.serve_minutes(6, good=9, bad=10)

    assert world.told == []


def test_slow_requests_open_an_incident_on_latency(world):
    world.alerts.create(policy(LatencyPercentile(threshold_ms=500, percentile=95)))

    world.serve_minutes(4, latency=0.1)
    assert world.told == []
    world.serve_minutes(4, latency=2.0)

    incident = world.told[0][1]["incident"]
    assert incident["state"] == "open"
    assert incident["metric"]["type"] == "run.googleapis.com/request_latencies"
    assert incident["threshold_value"] == "500"
    threshold = incident["condition"]["conditionThreshold"]
    assert threshold["aggregations"][0]["crossSeriesReducer"] == "REDUCE_PERCENTILE_95"
    assert "denominatorFilter" not in threshold


def test_a_deleted_policy_is_not_looked_at_again(world):
    name = world.alerts.create(policy()).name
    world.alerts.delete(name)

    world.serve_minutes(6, bad=10)

    assert world.told == []
    assert not world.scheduler.step()
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.alerts.delete(name)


def test_a_notification_that_fails_does_not_end_the_looking():
    scheduler = VirtualScheduler(START)
    calls = []

    def broken(topic, document):
        calls.append(topic)
        raise OSError("no such topic")

    monitoring = MonitoringModel(scheduler, Audit(scheduler))
    alerts = AlertPolicies(scheduler, monitoring, broken, random.Random(1))
    alerts.create(policy())
    monitoring.record(
        ServedRequest("p", "r", "fleet", "f-1", "i", "GET", "http://fleet/", 500, START, 0.1)
    )

    with pytest.raises(OSError, match="no such topic"):
        scheduler.run_for(600)

    assert len(alerts.open_incidents()) == len(calls) == 1
    assert scheduler.step()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"display_name": ""}, "displayName is ''"),
        ({"duration_seconds": 90}, "only multiples of 1 minute"),
        ({"alignment_seconds": 30}, "multiples of 1 minute"),
        ({"alignment_seconds": 90_060}, "90000s or less"),
        ({"alignment_seconds": 10**15}, "alignmentPeriod"),
        ({"severity": "LOUD"}, "severity"),
        ({"topic": "alerts"}, "topic"),
        ({"user_labels": {"Service": "fleet"}}, "userLabels"),
        ({"user_labels": {"service": "Fleet"}}, "userLabels"),
        ({"filter": "service=fleet"}, "a comparison starts with"),
        ({"condition": LatencyPercentile(100, 90)}, "REDUCE_PERCENTILE_90"),
        ({"condition": ErrorRatio(0.1, bad="metric.labels.colour=red")}, "valid combination"),
    ],
)
def test_a_policy_that_google_refuses_is_refused_when_it_is_made(world, change, says):
    with pytest.raises(Refused, match="INVALID_ARGUMENT") as refusal:
        world.alerts.create(policy(**change))
    assert says in refusal.value.message
    assert world.alerts.policies() == ()


def test_a_channels_test_message_looks_like_an_incident_and_says_test(world):
    world.alerts.send_test("p", TOPIC)

    ((topic, document),) = world.told
    assert topic == TOPIC
    assert document["version"] == "test"
    assert document["incident"]["state"] == "OPEN"
    assert isinstance(document["incident"]["documentation"], str)
    assert isinstance(document["incident"]["scoping_project_number"], str)


def test_a_closed_incident_is_forgotten_after_enough_others():
    world = World(closed_kept=1)
    world.alerts.create(policy())
    for _ in range(3):
        world.serve_minutes(3, bad=10)
        world.serve_minutes(3)
    world.serve_minutes(3)

    assert world.states() == ["open", "closed"] * 3
    assert len(world.alerts.closed) == 1
