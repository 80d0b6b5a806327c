"""A Cloud Monitoring notification as values. Not: what to do about it.

Source: reference/gcp.md section 3 (a real message of schema 1.2, and its traps).
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollouts.errors import BadInput


@dataclass(frozen=True, slots=True)
class Incident:
    """What an alert says."""

    id: str
    open: bool
    test: bool
    """A channel's test message: never acted on."""
    started: dt.datetime | None
    policy: str
    """Display name."""
    summary: str
    project: str
    service: str
    region: str
    revision: str
    """The labels that the policy groups by; empty where it does not."""


def parse_incident(data: bytes | str) -> Incident:
    """Read the decoded data of a notification. Raises BadInput for what is not one."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise BadInput("the alert message holds no JSON") from None
    incident = document.get("incident") if isinstance(document, dict) else None
    if not isinstance(incident, dict):
        raise BadInput("the alert message holds no incident")
    labels = _labels(incident)
    return Incident(
        id=str(incident.get("incident_id", "")),
        open=str(incident.get("state", "")).lower() == "open",
        test=str(document.get("version", "")).lower() == "test",
        started=_instant(incident.get("started_at")),
        policy=str(incident.get("policy_name", "")),
        summary=str(incident.get("summary", "")),
        project=labels.get("project_id", ""),
        service=labels.get("service_name", ""),
        region=labels.get("location", ""),
        revision=labels.get("revision_name", ""),
    )


def _labels(incident: Mapping[str, Any]) -> dict[str, str]:
    """Merge what names the service: the policy's own labels first, the resource's over them."""
    found: dict[str, str] = {}
    resource = incident.get("resource")
    for source in (
        incident.get("policy_user_labels"),
        resource.get("labels") if isinstance(resource, dict) else None,
    ):
        if isinstance(source, dict):
            found |= {str(key): str(value) for key, value in source.items() if value}
    project = incident.get("scoping_project_id")
    if isinstance(project, str):
        found.setdefault("project_id", project)
    return found


def _instant(value: object) -> dt.datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return dt.datetime.fromtimestamp(value, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return None
