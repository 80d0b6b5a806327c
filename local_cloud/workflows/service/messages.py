"""Request bodies, read as the messages that they stand for: proto3 JSON, strictly.

Source: the v1 messages of both APIs (reference/workflows.md section 6); the texts are those of
Google's REST front ends.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.kit.errors import Refused

_INT32: Final = re.compile(r"-?[0-9]{1,10}")
_CAPITAL: Final = re.compile(r"(?<!^)(?<![A-Z])[A-Z]|(?<=[A-Z])[A-Z](?=[a-z])")
_SHOWN_MAX: Final = 100
_DIGITS_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Enum:
    """Values by their number."""

    name: str
    values: tuple[str, ...]


Kind = str | Enum | Mapping[str, Any]
"""STRING, BOOL, INT32, BYTES, STRINGS (a map of strings), OUTPUT (ignored), an enum, a message."""

CALL_LOG_LEVELS: Final = (
    *("CALL_LOG_LEVEL_UNSPECIFIED", "LOG_ALL_CALLS", "LOG_ERRORS_ONLY", "LOG_NONE"),
)
HISTORY_LEVELS: Final = (
    "EXECUTION_HISTORY_LEVEL_UNSPECIFIED",
    "EXECUTION_HISTORY_BASIC",
    "EXECUTION_HISTORY_DETAILED",
)
_WORKFLOWS: Final = "type.googleapis.com/google.cloud.workflows.v1.Workflow."
_EXECUTIONS: Final = "type.googleapis.com/google.cloud.workflows.executions.v1."
EXECUTION_VIEW: Final = Enum(
    _EXECUTIONS + "ExecutionView", ("EXECUTION_VIEW_UNSPECIFIED", "BASIC", "FULL")
)
ENTRY_VIEW: Final = Enum(
    _EXECUTIONS + "ExecutionEntryView",
    (
        "EXECUTION_ENTRY_VIEW_UNSPECIFIED",
        "EXECUTION_ENTRY_VIEW_BASIC",
        "EXECUTION_ENTRY_VIEW_DETAILED",
    ),
)


def _output(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, "OUTPUT")


WORKFLOW: Final[Mapping[str, Kind]] = {
    "name": "STRING",
    "description": "STRING",
    "labels": "STRINGS",
    "serviceAccount": "STRING",
    "sourceContents": "STRING",
    "cryptoKeyName": "STRING",
    "callLogLevel": Enum(_WORKFLOWS + "CallLogLevel", CALL_LOG_LEVELS),
    "userEnvVars": "STRINGS",
    "executionHistoryLevel": Enum(_WORKFLOWS + "ExecutionHistoryLevel", HISTORY_LEVELS),
    "tags": "STRINGS",
    **_output("state", "revisionId", "createTime", "updateTime", "revisionCreateTime"),
    **_output("stateError", "allKmsKeys", "allKmsKeysVersions", "cryptoKeyVersion"),
}
EXECUTION: Final[Mapping[str, Kind]] = {
    "name": "STRING",
    "argument": "STRING",
    "callLogLevel": Enum(_EXECUTIONS + "Execution.CallLogLevel", CALL_LOG_LEVELS),
    "labels": "STRINGS",
    "disableConcurrencyQuotaOverflowBuffering": "BOOL",
    "executionHistoryLevel": Enum(_EXECUTIONS + "Execution.ExecutionHistoryLevel", HISTORY_LEVELS),
    **_output("createTime", "startTime", "endTime", "duration", "state", "result", "error"),
    **_output("workflowRevisionId", "status", "stateError"),
}
PUSH: Final[Mapping[str, Kind]] = {
    "GCPCloudEventsMode": "STRING",
    "deliveryAttempt": "INT32",
    "subscription": "STRING",
    "message": {
        "attributes": "STRINGS",
        "data": "BYTES",
        "messageId": "STRING",
        "orderingKey": "STRING",
        "publishTime": "STRING",
    },
}
EMPTY: Final[Mapping[str, Kind]] = {}


def read(kinds: Mapping[str, Kind], document: Any, path: str = "") -> dict[str, Any]:
    """Return the fields that are set, by their JSON name. Raises Refused(INVALID_ARGUMENT)."""
    if not isinstance(document, dict):
        raise unknown("", path, "Root element must be a message.")
    by_name = {spelling: name for name in kinds for spelling in (name, snake(name))}
    found: dict[str, Any] = {}
    for given, value in document.items():
        name = by_name.get(given)
        if name is None:
            raise unknown(given, path, "Cannot find field.")
        kind = kinds[name]
        if value is not None and kind != "OUTPUT":
            found[name] = _value(kind, value, f"{path}.{snake(name)}".lstrip("."))
    return found


def _value(kind: Kind, value: Any, path: str) -> Any:
    if isinstance(kind, Enum):
        return enum_value(kind, value, path)
    if not isinstance(kind, str) or kind == "STRINGS":
        if isinstance(value, list):
            parent, _, name = path.rpartition(".")
            raise unknown(name, parent, "Proto field is not repeating, cannot start list.")
        if not isinstance(value, dict):
            raise _wrong(path, "a map", value)
        if not isinstance(kind, str):
            return read(kind, value, path)
        return {_text(key, path): _text(item, f"{path}.value") for key, item in value.items()}
    return _scalar(kind, value, path)


def _scalar(kind: str, value: Any, path: str) -> Any:
    if kind == "STRING":
        return _text(value, path)
    if kind == "BOOL" and value in (True, False, "true", "false") and not _is_number(value):
        return value in (True, "true")
    if kind == "INT32":
        return whole_number(value, path)
    if kind == "BYTES" and isinstance(value, str):
        try:
            padded = value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4)
            return base64.b64encode(base64.b64decode(padded, validate=True)).decode()
        except (binascii.Error, ValueError):
            raise _wrong(path, "TYPE_BYTES", value) from None
    raise _wrong(path, f"TYPE_{kind}", value)


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong(path, "TYPE_STRING", value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _wrong(path, "TYPE_STRING, UTF-8", value) from None
    return value


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def whole_number(value: Any, path: str) -> int:
    """Read an int32, as a number or as text. Raises Refused(INVALID_ARGUMENT)."""
    is_text = isinstance(value, str) and _INT32.fullmatch(value)
    found = int(value) if is_text or type(value) is int else None
    if found is None or not -(2**31) <= found < 2**31:
        raise _wrong(path, "TYPE_INT32", value)
    return found


def enum_value(kind: Enum, value: Any, path: str) -> str:
    """Read an enum, by name or number. Raises Refused(INVALID_ARGUMENT)."""
    if isinstance(value, str) and value.isdecimal() and len(value) < _DIGITS_MAX:
        value = int(value)
    if type(value) is int and 0 <= value < len(kind.values):
        return kind.values[value]
    if value not in kind.values:
        raise _wrong(path, kind.name, value)
    return str(value)


def snake(name: str) -> str:
    return _CAPITAL.sub(lambda found: "_" + found[0], name).lower()


def unknown(name: str, path: str, why: str) -> Refused:
    at = f" at '{path}'" if path else ""
    shown = f"Invalid JSON payload received. Unknown name {json.dumps(name)}{at}: {why}"
    return _violation(path, shown)


def _wrong(path: str, kind: str, value: Any) -> Refused:
    try:
        shown = json.dumps(value)
    except RecursionError:
        shown = "..."
    shown = shown if len(shown) <= _SHOWN_MAX else shown[:_SHOWN_MAX] + "..."
    return _violation(path, f"Invalid value at '{path}' ({kind}), {shown}")


def _violation(path: str, description: str) -> Refused:
    detail = {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": path, "description": description}],
    }
    return Refused("INVALID_ARGUMENT", description, details=[detail])
