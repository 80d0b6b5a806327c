"""What a Pub/Sub notification channel publishes: schema 1.2, and the channel's test message.

Source: reference/gcp.md, section 3, after a real message.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.monitoring.descriptors import METRICS, RESOURCE_TYPE
from local_cloud.monitoring.policies import GROUP_LABELS, AlertPolicy, Group, LatencyPercentile

VERSION: Final = "1.2"


@dataclass(slots=True)
class Incident:
    """One time that one group of a policy's series was above its threshold."""

    incident_id: str
    policy: AlertPolicy
    group: Group
    started: dt.datetime
    value: float
    """The newest value that was seen."""
    ended: dt.datetime | None = None

    def labels(self) -> dict[str, str]:
        """Return what is left of the resource's labels: the grouped ones, and the project."""
        grouped = dict(zip(GROUP_LABELS, self.group, strict=True))
        return {**grouped, "project_id": self.policy.project}


def notification(incident: Incident, project_number: int) -> dict[str, Any]:
    """Return the document that tells of an incident, open or closed."""
    policy = incident.policy
    project = policy.project
    console = "https://console.cloud.google.com/monitoring/alerting/incidents"
    body: dict[str, Any] = {
        "incident_id": incident.incident_id,
        "scoping_project_id": project,
        "scoping_project_number": project_number,
        "url": f"{console}/{incident.incident_id}?project={project}",
        "started_at": int(incident.started.timestamp()),
        "ended_at": None if incident.ended is None else int(incident.ended.timestamp()),
        "state": "open" if incident.ended is None else "closed",
        "summary": _summary(incident),
        "observed_value": _text(incident.value),
        "threshold_value": f"{policy.condition.threshold:g}",
        # The display name: the policy's id is only inside `condition.name`.
        "policy_name": policy.display_name,
        "condition_name": policy.display_name,
        "resource_id": "",
        "resource_name": "",
        "resource_display_name": "",
        "resource_type_display_name": "Cloud Run Revision",
        "resource": {"type": RESOURCE_TYPE, "labels": incident.labels()},
        "metric": {
            "type": policy.condition.metric_type,
            "displayName": METRICS[policy.condition.metric_type].display_name,
            "labels": {},
        },
        "metadata": {"system_labels": {}, "user_labels": {}},
        "policy_user_labels": dict(policy.user_labels),
        "condition": policy.condition_json(),
    }
    if policy.severity:
        body["severity"] = policy.severity.capitalize()
    if policy.documentation:
        body["documentation"] = {"content": policy.documentation, "mime_type": "text/markdown"}
    return {"version": VERSION, "incident": body}


def channel_test_message(project: str) -> dict[str, Any]:
    """Return what "send test notification" publishes: it looks like an open incident.

    Version "test", the state in capitals, documentation as plain text and the project number as
    a text: a reader must tell it from a real one.
    """
    return {
        "version": "test",
        "incident": {
            "incident_id": "12345",
            "scoping_project_id": project,
            "scoping_project_number": "12345",
            "url": "http://www.example.com/",
            "started_at": 1577840461,
            "ended_at": 1577877071,
            "state": "OPEN",
            "summary": "Test Incident",
            "observed_value": "1.0",
            "threshold_value": "0.9",
            "policy_name": "Example Policy",
            "condition_name": "Example condition",
            "documentation": "Test notification documentation",
            "resource_id": "12345",
            "resource_name": "Example Resource",
            "resource_display_name": "Example Resource",
            "resource_type_display_name": "Example Resource Type",
            "resource": {"type": "example_resource", "labels": {"example": "label"}},
            "metric": {
                "type": "test.googleapis.com/metric",
                "displayName": "Test Metric",
                "labels": {"example": "label"},
            },
            "metadata": {
                "system_labels": {"example": "label"},
                "user_labels": {"example": "label"},
            },
            "policy_user_labels": {"example": "label"},
            "condition": {
                "name": f"projects/{project}/alertPolicies/12345/conditions/12345",
                "displayName": "Example condition",
                "conditionThreshold": {
                    "filter": 'metric.type="test.googleapis.com/metric"'
                    ' resource.type="example_resource"',
                    "comparison": "COMPARISON_GT",
                    "thresholdValue": 0.9,
                    "duration": "0s",
                    "trigger": {"count": 1},
                },
            },
        },
    }


def _summary(incident: Incident) -> str:
    policy = incident.policy
    what = "Request Latency" if isinstance(policy.condition, LatencyPercentile) else "The ratio"
    labels = ", ".join(f"{key}={value}" for key, value in sorted(incident.labels().items()))
    about = f"{what} for {policy.project} Cloud Run Revision labels {{{labels}}}"
    if incident.ended is None:
        return (
            f"{about} is above the threshold of {policy.condition.threshold:.3f} with a value of"
            f" {_text(incident.value)}."
        )
    return f"{about} returned to normal with a value of {_text(incident.value)}."


def _text(value: float) -> str:
    return f"{value:.3f}"
