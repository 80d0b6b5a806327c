"""Log entries: the request log's shape, and the check of entries that others write."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.kit.traffic import ServedRequest
from local_cloud.logging.values import SEVERITIES, instant_of, instant_text, severity_of

REQUEST_LOG: Final = "run.googleapis.com%2Frequests"


def request_entry(served: ServedRequest, number: int, received: dt.datetime) -> dict[str, Any]:
    """Return the request-log entry of `served`; `number` makes its ids its own.

    `timestamp` is when the request began. Source: reference/gcp.md, section 2, "Request log".
    What the platform answered itself has its words as `textPayload`, and no `labels.instanceId`
    unless the request had been given to an instance. Seen: entries of the two 5xx and the 429 in
    incident reports (stored files 69376356076, 69094614110) and Google's own page
    https://cloud.google.com/run/docs/troubleshooting
    """
    entry: dict[str, Any] = {
        "insertId": insert_id(served.began, number),
        "httpRequest": {
            "requestMethod": served.method,
            "requestUrl": served.url,
            "requestSize": str(served.request_bytes),
            "status": served.status,
            "responseSize": str(served.response_bytes),
            "userAgent": served.user_agent,
            "remoteIp": served.remote_ip,
            "serverIp": "127.0.0.1",
            "latency": f"{served.latency_seconds:.9f}s" if served.latency_seconds else "0s",
            "protocol": "HTTP/1.1",
        },
        "resource": {
            "type": "cloud_run_revision",
            "labels": {
                "project_id": served.project,
                "revision_name": served.revision,
                "location": served.region,
                "service_name": served.service,
                "configuration_name": served.service,
            },
        },
        "timestamp": instant_text(served.began),
        "severity": _severity(served.status),
        "logName": f"projects/{served.project}/logs/{REQUEST_LOG}",
        "trace": f"projects/{served.project}/traces/{number:032x}",
        "spanId": f"{number:016x}",
        "receiveTimestamp": instant_text(received),
    }
    if served.instance_id is not None:
        entry["labels"] = {"instanceId": served.instance_id}
    if served.text:
        entry["textPayload"] = served.text
    return entry


def _severity(status: int) -> str:
    # Source: reference/gcp.md, section 2: WARNING for 4xx, ERROR for 5xx (from general knowledge).
    if status >= 500:  # noqa: PLR2004
        return "ERROR"
    return "WARNING" if status >= 400 else "INFO"  # noqa: PLR2004


def insert_id(began: dt.datetime, number: int) -> str:
    """Return an id that orders like time, then like `number`."""
    return f"{int(began.timestamp()):08x}{began.microsecond:08x}{number & 0xFFFFFFFF:08x}"


def written_entry(
    entry: Mapping[str, Any], number: int, now: dt.datetime, received: dt.datetime
) -> dict[str, Any]:
    """Return a written entry with what the service adds. Raises Refused(INVALID_ARGUMENT)."""
    project_of(entry)
    resource = entry.get("resource")
    if not isinstance(resource, Mapping) or not isinstance(resource.get("type"), str):
        raise Refused("INVALID_ARGUMENT", "Log entry has no resource with a type.")
    timestamp = entry.get("timestamp") or instant_text(now)
    severity = entry.get("severity") or "DEFAULT"
    try:
        began = instant_of(timestamp)
        severity_of(severity)
    except (ValueError, OverflowError):
        raise Refused(
            "INVALID_ARGUMENT",
            f"Log entry has timestamp {timestamp!r} and severity {severity!r}: must be an"
            f" instant such as 2026-01-31T12:00:00Z and one of {', '.join(SEVERITIES)}.",
        ) from None
    return {
        **entry,
        "timestamp": timestamp,
        "severity": severity,
        "insertId": entry.get("insertId") or insert_id(began, number),
        "receiveTimestamp": instant_text(received),
    }


def project_of(entry: Mapping[str, Any]) -> str:
    """Return the project in an entry's logName. Raises Refused(INVALID_ARGUMENT)."""
    name = entry.get("logName")
    parts = name.split("/") if isinstance(name, str) else []
    if len(parts) != 4 or parts[0] != "projects" or parts[2] != "logs" or not all(parts):  # noqa: PLR2004
        raise Refused(
            "INVALID_ARGUMENT",
            f"Log name {name!r}: must be projects/PROJECT/logs/LOG_ID, LOG_ID URL-encoded.",
        )
    return parts[1]
