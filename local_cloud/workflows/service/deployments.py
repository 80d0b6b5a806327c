"""Workflows and their revisions: what is deployed. Executions are not known here."""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.workflows.engine.compiler import compile_source
from local_cloud.workflows.engine.program import Program
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.service.checks import WRITABLE
from local_cloud.workflows.service.names import WorkflowName, timestamp

_MAKES_REVISION: Final = ("sourceContents", "serviceAccount", "userEnvVars", "cryptoKeyName")
# Source: the Workflow message: what is "not tied to a specific revision". That the two levels
# are not either is a guess: changing them makes no revision.
_WIDE: Final = (
    *("description", "labels", "createTime", "updateTime", "callLogLevel"),
    "executionHistoryLevel",
)
_KEY_VERSION: Final = "/cryptoKeyVersions/1"


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


def revise(
    deployment: Deployment,
    document: dict[str, Any],
    *,
    now: dt.datetime,
    rng: random.Random,
    default_account: str,
    choices: Choices,
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
    program = compile_source(fields["sourceContents"], choices)
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


def as_json(deployment: Deployment, revision: Revision, project: str) -> dict[str, Any]:
    """Return the Workflow resource at a revision; fields that are not set are left out."""
    current = deployment.current().document
    document = {**revision.document, **{name: current[name] for name in _WIDE}}
    shown = {name: value for name, value in document.items() if value != WRITABLE.get(name, "")}
    shown["serviceAccount"] = f"projects/{project}/serviceAccounts/{revision.service_account}"
    return shown | _keys(deployment, document["cryptoKeyName"], project)


def _keys(deployment: Deployment, key: str, project: str) -> dict[str, Any]:
    """Return what is told of keys. There is no KMS here: a key has one version, the first."""
    every = {one.document["cryptoKeyName"]: None for one in deployment.revisions}
    names = [_full(name, project) for name in every if name]
    found: dict[str, Any] = {}
    if key:
        found["cryptoKeyVersion"] = _full(key, project) + _KEY_VERSION
    if names:
        found["allKmsKeys"] = names
        found["allKmsKeysVersions"] = [name + _KEY_VERSION for name in names]
    return found


def _full(key: str, project: str) -> str:
    if not key.startswith("projects/"):
        return f"projects/{project}/{key}"
    return key.replace("projects/-/", f"projects/{project}/", 1)
