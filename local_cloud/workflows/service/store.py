"""Where deployments and executions are kept, so that a restart finds them again: the port.

By default they are not: `Forgetful` keeps nothing. `open_store` gives a file.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from local_cloud.kit.errors import Refused
from local_cloud.workflows.service.journal import Turn


@dataclass(frozen=True, slots=True)
class KeptRevision:
    """A revision without its program, which is compiled again."""

    revision_id: str
    service_account: str
    environment: dict[str, str]
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeptWorkflow:
    """`name` is the resource's, by project id. Revisions are the oldest first."""

    name: str
    project_number: str
    created: dt.datetime
    revisions: list[KeptRevision] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class KeptExecution:
    """An execution as it was at its last change. `final` is there once it has ended."""

    number: int
    """The store's own name for it; higher ones were created later."""
    workflow: str
    execution_id: str
    revision_id: str
    document: dict[str, Any]
    state: str
    created: dt.datetime
    started: dt.datetime | None
    ended: dt.datetime | None
    final: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """All that a store has, but the turns of executions. The oldest are first."""

    workflows: Sequence[KeptWorkflow] = ()
    operations: Sequence[dict[str, Any]] = ()
    executions: Sequence[KeptExecution] = ()


class StoreUnusable(Exception):
    """A store that cannot be opened or read. Its text is for a person: error and hint."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(f"error: {what}\n hint: {hint}")
        self.what = what
        self.hint = hint


def damaged(path: str) -> StoreUnusable:
    what = f"the store {path} is damaged, or no store; nothing was changed"
    return StoreUnusable(what, "keep a copy of it, and choose another file")


class StoreFailed(Refused):
    """Something could not be written, so it must not be done: the caller is told UNAVAILABLE."""

    def __init__(self, message: str) -> None:
        super().__init__("UNAVAILABLE", message)


class Store(Protocol):
    """What a method was given is kept when it returns, whole.

    Those that keep raise StoreFailed, those that read StoreUnusable.
    """

    @property
    def keeps(self) -> bool:
        """Whether anything is kept: without it nobody makes turns to keep."""

    def load(self) -> Kept:
        """Return what was kept."""

    def turns(self, number: int) -> Iterable[Turn]:
        """Return the turns of an execution, in order. Raises journal.Unreadable as well."""

    def workflow(self, workflow: KeptWorkflow) -> None:
        """Keep a workflow's last revision; one with the same id is replaced."""

    def drop_workflow(self, name: str) -> None:
        """Forget a workflow, its revisions and its executions."""

    def operation(self, operation: dict[str, Any]) -> None:
        """Keep an operation, by its name."""

    def drop_operation(self, name: str) -> None: ...

    def created(self, execution: KeptExecution) -> int:
        """Keep a new execution, whatever its `number`; return the number that it has."""

    def began(self, number: int, started: dt.datetime) -> None:
        """A queued execution is ACTIVE."""

    def turned(self, number: int, turn: Turn) -> None:
        """Keep a turn, before anything that it asks for is done."""

    def ended(self, number: int, state: str, ended: dt.datetime, final: dict[str, Any]) -> None:
        """Keep how an execution ended; its turns are forgotten."""

    def drop(self, number: int) -> None:
        """Forget an execution that has ended."""

    def close(self) -> None:
        """Let others open it. Safe to repeat."""


class Forgetful:
    """Keeps nothing: executions end with the process."""

    keeps = False

    def load(self) -> Kept:
        return Kept()

    def turns(self, number: int) -> Iterable[Turn]:  # noqa: ARG002 - so with all of them: the port's.
        return ()

    def workflow(self, workflow: KeptWorkflow) -> None: ...

    def drop_workflow(self, name: str) -> None: ...

    def operation(self, operation: dict[str, Any]) -> None: ...

    def drop_operation(self, name: str) -> None: ...

    def created(self, execution: KeptExecution) -> int:  # noqa: ARG002 - the port's.
        return 0

    def began(self, number: int, started: dt.datetime) -> None: ...

    def turned(self, number: int, turn: Turn) -> None: ...

    def ended(self, number: int, state: str, ended: dt.datetime, final: dict[str, Any]) -> None: ...

    def drop(self, number: int) -> None: ...

    def close(self) -> None: ...


def open_store(path: str | None) -> Store:
    """Return the store in a file, which is made if it is not there; None keeps nothing.

    Nobody else may have it open. Raises StoreUnusable.
    """
    if path is None:
        return Forgetful()
    # Whoever keeps nothing need not load SQLite.
    from local_cloud.workflows.service.sqlite_store import SqliteStore  # noqa: PLC0415

    return SqliteStore(path)
