"""Workflows and their revisions: what is deployed. Executions are not known here."""

import datetime as dt
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.workflows.engine.compiler import compile_source
from local_cloud.workflows.engine.program import Program
from local_cloud.workflows.service.names import WorkflowName, timestamp

_LABEL_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE: Final = re.compile(r"[a-z0-9_-]{0,63}")
_LABELS_MAX: Final = 64
_ENV_MAX: Final = 20
_ENV_BYTES_MAX: Final = 4096
_ENV_KEY: Final = re.compile(r"(?!GOOGLE|WORKFLOWS)[A-Za-z_][A-Za-z0-9_]*")
_DESCRIPTION_MAX: Final = 1000
CALL_LOG_LEVELS: Final = (
    "CALL_LOG_LEVEL_UNSPECIFIED",
    "LOG_ALL_CALLS",
    "LOG_ERRORS_ONLY",
    "LOG_NONE",
)
# Fields that a caller may set, with the value that an unset one has.
WRITABLE: Final[dict[str, Any]] = {
    "description": "",
    "labels": {},
    "serviceAccount": "",
    "sourceContents": "",
    "userEnvVars": {},
    "callLogLevel": "CALL_LOG_LEVEL_UNSPECIFIED",
    "executionHistoryLevel": "EXECUTION_HISTORY_LEVEL_UNSPECIFIED",
    "cryptoKeyName": "",
}
_MAKES_REVISION: Final = ("sourceContents", "serviceAccount", "userEnvVars", "cryptoKeyName")


@dataclass(frozen=True, slots=True)
class Revision:
    """What executions run: it does not change, and outlives later deployments."""

    revision_id: str
    program: Program
    service_account: str
    """An e-mail."""
    environment: Mapping[str, str]
    document: dict[str, Any]


@dataclass(slots=True)
class Deployment:
    """A workflow. The last revision is the one that new executions run."""

    name: WorkflowName
    created: dt.datetime
    revisions: list[Revision] = field(default_factory=list)

    def current(self) -> Revision:
        return self.revisions[-1]

    def revision(self, revision_id: str) -> Revision:
        """Return a revision; "" is the current one. Raises Refused(NOT_FOUND)."""
        if not revision_id:
            return self.current()
        for revision in self.revisions:
            if revision.revision_id == revision_id:
                return revision
        raise Refused("NOT_FOUND", f"revision '{revision_id}' of '{self.name}' was not found")


def check_document(document: dict[str, Any]) -> None:
    """Refuse what the service refuses of a Workflow's fields, its source excepted."""
    _check_labels(document.get("labels") or {})
    if len(document.get("description") or "") > _DESCRIPTION_MAX:
        raise Refused(
            "INVALID_ARGUMENT", f"description is longer than {_DESCRIPTION_MAX} characters"
        )
    level = document.get("callLogLevel") or CALL_LOG_LEVELS[0]
    if level not in CALL_LOG_LEVELS:
        raise Refused("INVALID_ARGUMENT", f"unknown call log level: {level}")
    environment = document.get("userEnvVars") or {}
    if len(environment) > _ENV_MAX:
        raise Refused("INVALID_ARGUMENT", f"at most {_ENV_MAX} environment variables are allowed")
    for key, value in environment.items():
        if not _ENV_KEY.fullmatch(key):
            raise Refused("INVALID_ARGUMENT", f"invalid environment variable name: {key}")
        if len(str(value).encode()) > _ENV_BYTES_MAX:
            raise Refused("INVALID_ARGUMENT", f"environment variable {key} is larger than 4 KiB")


def _check_labels(labels: Mapping[str, str]) -> None:
    if len(labels) > _LABELS_MAX:
        raise Refused("INVALID_ARGUMENT", f"at most {_LABELS_MAX} labels are allowed")
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise Refused("INVALID_ARGUMENT", f"invalid label: {key}={value}")


check_labels = _check_labels


def revise(
    deployment: Deployment,
    document: dict[str, Any],
    *,
    now: dt.datetime,
    rng: random.Random,
    default_account: str,
) -> None:
    """Take over `document`, all writable fields of it. Raises BuildFailed, changing nothing.

    A new revision arises only when something that executions run has changed.
    """
    fields = {key: document.get(key) or unset for key, unset in WRITABLE.items()}
    before = deployment.current() if deployment.revisions else None
    stamp = timestamp(now)
    if before and all(before.document[key] == fields[key] for key in _MAKES_REVISION):
        merged = {**before.document, **fields, "updateTime": stamp}
        deployment.revisions[-1] = Revision(
            before.revision_id, before.program, before.service_account, before.environment, merged
        )
        return
    program = compile_source(fields["sourceContents"])
    ordinal = len(deployment.revisions) + 1
    revision_id = f"{ordinal:06d}-{rng.getrandbits(12):03x}"
    account = fields["serviceAccount"].rpartition("/")[2] or default_account
    complete = {
        **fields,
        "name": str(deployment.name),
        "state": "ACTIVE",
        "revisionId": revision_id,
        "createTime": timestamp(deployment.created),
        "updateTime": stamp,
        "revisionCreateTime": stamp,
    }
    deployment.revisions.append(
        Revision(revision_id, program, account, dict(fields["userEnvVars"]), complete)
    )


def as_json(revision: Revision, project: str) -> dict[str, Any]:
    """Return the Workflow resource; fields that are not set are left out."""
    shown = {key: value for key, value in revision.document.items() if value not in ("", {})}
    if shown.get("executionHistoryLevel") == WRITABLE["executionHistoryLevel"]:
        del shown["executionHistoryLevel"]
    shown["serviceAccount"] = f"projects/{project}/serviceAccounts/{revision.service_account}"
    return shown
