"""A Cloud Monitoring notification as values. Not: what to do about it.

Source: reference/gcp.md section 3 (a real message of schema 1.2, and its traps). An uptime check
on a URL names a host and no service: a policy's own labels (`policy_user_labels`) can say more.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rollouts.errors import BadInput

KNOWN: Final = "1"
"""The schema's version before the dot. Within it fields are only added."""
_OF_RUN: Final = "cloud_run_revision"


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
    host: str = ""
    """What an uptime check asks; empty for every other incident."""
    version: str = ""
    """Of the message's schema; empty if it does not say."""

    @property
    def readable(self) -> bool:
        """Whether the message's schema is one that this code knows, as far as it says."""
        return self.version == "" or self.version.split(".")[0] == KNOWN


def parse_incident(data: bytes | str) -> Incident:
    """Read the decoded data of a notification. Raises BadInput for what is not one."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise BadInput("the alert message holds no JSON") from None
    incident = document.get("incident") if isinstance(document, dict) else None
    if not isinstance(incident, dict):
        raise BadInput("the alert message holds no incident")
    labels, version = _labels(incident), document.get("version")
    return Incident(
        id=str(incident.get("incident_id", "")),
        open=str(incident.get("state", "")).lower() == "open",
        test=str(version).lower() == "test",
        started=_instant(incident.get("started_at")),
        policy=str(incident.get("policy_name", "")),
        summary=str(incident.get("summary", "")),
        project=labels.get("project_id", ""),
        service=labels.get("service_name", ""),
        region=labels.get("location", ""),
        revision=labels.get("revision_name", ""),
        host=labels.get("host", "").lower(),
        version="" if version is None else str(version)[:20],
    )


def _labels(incident: Mapping[str, Any]) -> dict[str, str]:
    """Merge what names the service.

    A Cloud Run resource knows best which revision it is. Of any other resource, such as the URL
    of an uptime check, `project_id` is the project that asks: there the policy's own labels win.
    """
    resource = incident.get("resource")
    kind = resource.get("type") if isinstance(resource, dict) else None
    own = _texts(incident.get("policy_user_labels"))
    told = _texts(resource.get("labels") if isinstance(resource, dict) else None)
    found = own | told if kind in (_OF_RUN, None) else told | own
    project = incident.get("scoping_project_id")
    if isinstance(project, str):
        found.setdefault("project_id", project)
    return found


def _texts(labels: object) -> dict[str, str]:
    if not isinstance(labels, dict):
        return {}
    return {str(key): str(value) for key, value in labels.items() if value}


def _instant(value: object) -> dt.datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return dt.datetime.fromtimestamp(value, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return None
