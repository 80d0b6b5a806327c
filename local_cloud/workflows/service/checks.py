"""What the service refuses of a workflow's fields before it looks at the source.

Source: the Workflow message of the v1 API (reference/workflows.md 6.1).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.workflows.service.messages import CALL_LOG_LEVELS, HISTORY_LEVELS, snake

# Fields that a caller may set, with the value that an unset one has.
WRITABLE: Final[dict[str, Any]] = {
    "description": "",
    "labels": {},
    "serviceAccount": "",
    "sourceContents": "",
    "userEnvVars": {},
    "callLogLevel": CALL_LOG_LEVELS[0],
    "executionHistoryLevel": HISTORY_LEVELS[0],
    "cryptoKeyName": "",
}
_BY_SPELLING: Final = {spelling: name for name in WRITABLE for spelling in (name, snake(name))}
_LABEL_KEY: Final = re.compile(r"[^\W\d_][\w-]{0,62}")
_LABEL_VALUE: Final = re.compile(r"[\w-]{0,63}")
_LABELS_MAX: Final = 64
_ENV_MAX: Final = 20
_ENV_BYTES_MAX: Final = 4096
_ENV_KEY: Final = re.compile(r"(?!GOOGLE|WORKFLOWS)[A-Za-z_][A-Za-z0-9_]*")
_DESCRIPTION_MAX: Final = 1000
_KEY_NAME: Final = re.compile(
    r"(?:projects/[^/]+/)?locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+"
)


def check_document(document: dict[str, Any]) -> None:
    """Refuse what the service refuses of a Workflow's fields, its source excepted."""
    check_labels(document.get("labels") or {})
    if len(document.get("description") or "") > _DESCRIPTION_MAX:
        raise Refused(
            "INVALID_ARGUMENT", f"description is longer than {_DESCRIPTION_MAX} characters"
        )
    check_levels(document)
    key = document.get("cryptoKeyName")
    if key and not _KEY_NAME.fullmatch(key):
        raise Refused("INVALID_ARGUMENT", f"invalid crypto key name: {key}")
    _check_environment(document.get("userEnvVars") or {})


def _check_environment(environment: Mapping[str, str]) -> None:
    if len(environment) > _ENV_MAX:
        raise Refused("INVALID_ARGUMENT", f"at most {_ENV_MAX} environment variables are allowed")
    for key, value in environment.items():
        if not _ENV_KEY.fullmatch(key):
            raise Refused("INVALID_ARGUMENT", f"invalid environment variable name: {key}")
        if len(str(value).encode()) > _ENV_BYTES_MAX:
            raise Refused("INVALID_ARGUMENT", f"environment variable {key} is larger than 4 KiB")


def check_levels(document: Mapping[str, Any]) -> None:
    """Refuse unknown levels, of a workflow or of an execution."""
    _check_enum("callLogLevel", document, CALL_LOG_LEVELS)
    _check_enum("executionHistoryLevel", document, HISTORY_LEVELS)


def _check_enum(field: str, document: Mapping[str, Any], values: tuple[str, ...]) -> None:
    if (document.get(field) or values[0]) not in values:
        raise Refused("INVALID_ARGUMENT", f"unknown {field}: {document[field]}")


def check_labels(labels: Mapping[str, str]) -> None:
    """Letters may be of any script ("International characters are allowed"), never capital."""
    if len(labels) > _LABELS_MAX:
        raise Refused("INVALID_ARGUMENT", f"at most {_LABELS_MAX} labels are allowed")
    for key, value in labels.items():
        good = _LABEL_KEY.fullmatch(key) and _LABEL_VALUE.fullmatch(value)
        if not good or key != key.lower() or value != value.lower():
            raise Refused("INVALID_ARGUMENT", f"invalid label: {key}={value}")


def masked(document: Mapping[str, Any], given: Mapping[str, Any], mask: str) -> dict[str, Any]:
    """Return the writable fields after a PATCH. Raises Refused(INVALID_ARGUMENT).

    Without a mask, and with `*`, the whole workflow is replaced; `labels.team` changes one key.
    Source: the method's own page ("If not present, the entire workflow will be updated").
    """
    paths = [path.strip() for path in mask.split(",") if path.strip()]
    if not paths or paths == ["*"]:
        paths = list(WRITABLE)
    changed = {name: document[name] for name in WRITABLE}
    for path in paths:
        head, _, key = path.partition(".")
        name = _BY_SPELLING.get(head)
        if name is None or (key and not isinstance(WRITABLE[name], dict)):
            raise Refused("INVALID_ARGUMENT", f"invalid field in update_mask: {path}")
        value = given.get(name) or WRITABLE[name]
        changed[name] = _with_key(changed[name], key, value) if key else value
    return changed


def _with_key(entries: Mapping[str, str], key: str, given: Mapping[str, str]) -> dict[str, str]:
    rest = {name: value for name, value in entries.items() if name != key}
    return {**rest, key: given[key]} if key in given else rest
