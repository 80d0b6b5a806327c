"""What a container writes to its output, as Cloud Run hands it to Cloud Logging: an entry a line.

A line that is a JSON object becomes `jsonPayload`, less the fields that mean something to Logging;
any other is `textPayload`. Stdout and stderr are one file here, so both are told as stdout.
Source: https://cloud.google.com/run/docs/logging#container-logs and
https://cloud.google.com/logging/docs/structured-logging#structured_logging_special_fields
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.logging.values import instant_of, severity_of

OUTPUT_LOG: Final = "run.googleapis.com%2Fstdout"
_PREFIX: Final = "logging.googleapis.com/"
_MOVED: Final = {
    f"{_PREFIX}insertId": ("insertId", str),
    f"{_PREFIX}labels": ("labels", dict),
    f"{_PREFIX}operation": ("operation", dict),
    f"{_PREFIX}sourceLocation": ("sourceLocation", dict),
    f"{_PREFIX}spanId": ("spanId", str),
    f"{_PREFIX}trace": ("trace", str),
    f"{_PREFIX}trace_sampled": ("traceSampled", bool),
    "httpRequest": ("httpRequest", dict),
}
"""Fields that become the entry's own, if they are of its kind."""


@dataclass(frozen=True, slots=True)
class Writer:
    """The container whose output it is."""

    project: str
    region: str
    service: str
    revision: str


def output_entry(writer: Writer, line: str) -> dict[str, Any] | None:
    """Return the entry of a line, to be written; None for an empty one."""
    text = line.rstrip()
    if not text:
        return None
    entry: dict[str, Any] = {
        "logName": f"projects/{writer.project}/logs/{OUTPUT_LOG}",
        "resource": {
            "type": "cloud_run_revision",
            "labels": {
                "project_id": writer.project,
                "revision_name": writer.revision,
                "location": writer.region,
                "service_name": writer.service,
                "configuration_name": writer.service,
            },
        },
    }
    payload = _object(text)
    return entry | ({"textPayload": text} if payload is None else _structured(payload))


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _structured(payload: dict[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {}
    left = dict(payload)
    for name, (field, kind) in _MOVED.items():
        if isinstance(left.get(name), kind):
            own[field] = left.pop(name)
    for name, field, read in (
        ("severity", "severity", severity_of),
        ("time", "timestamp", instant_of),
    ):
        if name in left and _readable(read, left[name]):
            own[field] = left.pop(name)
    if set(left) == {"message"} and isinstance(left["message"], str):
        return own | {"textPayload": left["message"]}
    return own | {"jsonPayload": left}


def _readable(read: Any, value: Any) -> bool:
    try:
        read(value)
    except (ValueError, OverflowError):
        return False
    return True
