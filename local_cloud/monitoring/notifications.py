"""What a Pub/Sub notification channel publishes: schema 1.2, and the channel's test message.

Source: reference/gcp.md, section 3, after a real message.
"""

import re
from typing import Any, Final

from local_cloud.monitoring.conditions import Absence, LogMatch, Threshold
from local_cloud.monitoring.descriptors import Metric
from local_cloud.monitoring.incidents import Incident
from local_cloud.monitoring.resources import RESOURCES

VERSION: Final = "1.2"
_VARIABLE: Final = re.compile(r"\$\{([a-z_]+(?:\.[a-zA-Z0-9_]+)+)\}")


def notification(incident: Incident, project_number: int) -> dict[str, Any]:
    """Return the document that tells of an incident, open or closed."""
    policy, group = incident.policy, incident.group
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
        # The display name: the policy's id is only inside `condition.name`.
        "policy_name": policy.display_name,
        "condition_name": incident.condition.display_name,
        "resource_id": "",
        "resource_name": "",
        "resource_display_name": "",
        "resource_type_display_name": _resource_name(incident),
        "resource": {"type": group.resource_type, "labels": incident.resource_labels()},
        "metric": _metric(incident),
        "metadata": {"system_labels": {}, "user_labels": {}},
        "policy_user_labels": policy.user_labels,
        "condition": dict(incident.condition.document),
    }
    if isinstance(incident.condition.test, Threshold):
        body["observed_value"] = _text(incident.value)
        body["threshold_value"] = f"{incident.condition.test.threshold:g}"
    severity = policy.document.get("severity", "SEVERITY_UNSPECIFIED")
    if severity != "SEVERITY_UNSPECIFIED":
        body["severity"] = severity.capitalize()
    if told := policy.document.get("documentation"):
        body["documentation"] = _documentation(told, incident)
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


def _metric(incident: Incident) -> dict[str, Any]:
    """Return whose series it is; a burn rate and a log entry are of no metric."""
    metric = _metric_of(incident)
    return {
        "type": metric.type if metric else "",
        "displayName": metric.display_name if metric else "",
        "labels": incident.metric_labels(),
    }


def _metric_of(incident: Incident) -> Metric | None:
    test = incident.condition.test
    return None if isinstance(test, LogMatch) else test.metric


def _resource_name(incident: Incident) -> str:
    known = RESOURCES.get(incident.group.resource_type)
    return known.display_name if known else ""


def _documentation(told: dict[str, Any], incident: Incident) -> dict[str, Any]:
    """Return the policy's words, with the variables that Google fills in.

    Source: https://cloud.google.com/monitoring/alerts/doc-variables
    """
    known = {
        "policy.name": incident.policy.name,
        "policy.display_name": incident.policy.display_name,
        "condition.name": incident.condition.name,
        "condition.display_name": incident.condition.display_name,
        "resource.type": incident.group.resource_type,
        "resource.project": incident.policy.project,
        "metric.type": _metric(incident)["type"],
        "metric.display_name": _metric(incident)["displayName"],
        **{f"resource.label.{key}": text for key, text in incident.resource_labels().items()},
        **{f"metric.label.{key}": text for key, text in incident.metric_labels().items()},
        **{f"log.extracted_label.{key}": text for key, text in incident.metric_labels().items()},
        **{f"policy.user_label.{key}": text for key, text in incident.policy.user_labels.items()},
    }

    def filled(text: str) -> str:
        return _VARIABLE.sub(lambda found: known.get(found[1], found[0]), text)

    made: dict[str, Any] = {
        "content": filled(told.get("content", "")),
        "mime_type": told.get("mimeType", "text/markdown"),
    }
    if "subject" in told:
        made["subject"] = filled(told["subject"])
    if "links" in told:
        made["links"] = [
            {"displayName": link.get("displayName", ""), "url": filled(link.get("url", ""))}
            for link in told["links"]
        ]
    return made


def _summary(incident: Incident) -> str:
    test = incident.condition.test
    if isinstance(test, LogMatch):
        return f"Log match condition fired for {_resource_name(incident)}."
    is_ratio = isinstance(test, Threshold) and test.denominator is not None
    what = test.metric.display_name if test.metric and not is_ratio else "The ratio"
    pairs = {**incident.resource_labels(), **incident.metric_labels()}
    labels = ", ".join(f"{key}={value}" for key, value in sorted(pairs.items()))
    about = f"{what} for {incident.policy.project} {_resource_name(incident)} labels {{{labels}}}"
    if isinstance(test, Absence):
        return f"{about} {'is absent' if incident.ended is None else 'has data again'}."
    if incident.ended is None:
        side = "above" if test.above else "below"
        return (
            f"{about} is {side} the threshold of {test.threshold:.3f} with a value of"
            f" {_text(incident.value)}."
        )
    return f"{about} returned to normal with a value of {_text(incident.value)}."


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
