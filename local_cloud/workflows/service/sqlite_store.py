"""A store in one SQLite file. Each method is a transaction of its own."""

import contextlib
import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final

from local_cloud.workflows.service import journal
from local_cloud.workflows.service.journal import Turn
from local_cloud.workflows.service.sqlite_file import open_file
from local_cloud.workflows.service.store import (
    Kept,
    KeptExecution,
    KeptRevision,
    KeptWorkflow,
    StoreFailed,
    damaged,
)

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class SqliteStore:
    """Implements `store.Store`. Opening raises StoreUnusable."""

    keeps = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._positions: dict[int, int] = {}
        """How many turns are kept of each execution that has any."""
        self._db = open_file(path)

    def close(self) -> None:
        self._db.close()

    def load(self) -> Kept:
        with self._reading():
            kept = {
                name: KeptWorkflow(name, number, _time(created), [])
                for name, number, created in self._db.execute(
                    "SELECT name, project_number, created FROM workflows"
                )
            }
            for name, *fields in self._db.execute(
                "SELECT workflow, revision_id, service_account, environment, document"
                " FROM revisions ORDER BY position"
            ):
                kept[name].revisions.append(_revision(*fields))
            operations = [
                json.loads(text)
                for (text,) in self._db.execute("SELECT document FROM operations ORDER BY position")
            ]
            executions = [
                _execution(row)
                for row in self._db.execute(
                    "SELECT number, workflow, execution_id, revision_id, document, state,"
                    " created, started, ended, final FROM executions ORDER BY number"
                )
            ]
            self._positions = dict(
                self._db.execute("SELECT execution, max(position) FROM turns GROUP BY execution")
            )
        return Kept(list(kept.values()), operations, executions)

    def turns(self, number: int) -> Iterable[Turn]:
        with self._reading():
            rows = self._db.execute(
                "SELECT at, event, body, answers, asked FROM turns WHERE execution = ?"
                " ORDER BY position",
                (number,),
            ).fetchall()
        for at, event, body, answers, asked in rows:
            try:
                told = tuple(json.loads(answers)) if answers else ()
            except ValueError as error:
                raise journal.Unreadable from error
            yield Turn(at, journal.decode(event, body), told, asked)

    def workflow(self, workflow: KeptWorkflow) -> None:
        revision, position = workflow.revisions[-1], len(workflow.revisions)
        with self._writing():
            self._db.execute(
                "INSERT OR REPLACE INTO workflows VALUES (?, ?, ?)",
                (workflow.name, workflow.project_number, _micros(workflow.created)),
            )
            # One may stand there that was kept, and then refused all the same.
            self._db.execute(
                "DELETE FROM revisions WHERE workflow = ? AND position >= ?",
                (workflow.name, position),
            )
            self._db.execute(
                "INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?)",
                (
                    workflow.name,
                    revision.revision_id,
                    position,
                    revision.service_account,
                    json.dumps(revision.environment),
                    json.dumps(revision.document),
                ),
            )

    def drop_workflow(self, name: str) -> None:
        with self._writing():
            self._db.execute(
                "DELETE FROM turns WHERE execution IN"
                " (SELECT number FROM executions WHERE workflow = ?)",
                (name,),
            )
            self._db.execute("DELETE FROM executions WHERE workflow = ?", (name,))
            self._db.execute("DELETE FROM revisions WHERE workflow = ?", (name,))
            self._db.execute("DELETE FROM workflows WHERE name = ?", (name,))

    def operation(self, operation: dict[str, Any]) -> None:
        self._write(
            "INSERT INTO operations (name, document) VALUES (?, ?)",
            operation["name"],
            json.dumps(operation),
        )

    def drop_operation(self, name: str) -> None:
        self._write("DELETE FROM operations WHERE name = ?", name)

    def created(self, execution: KeptExecution) -> int:
        written = self._write(
            "INSERT INTO executions (workflow, execution_id, revision_id, document, state, created,"
            " started, final) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            execution.workflow,
            execution.execution_id,
            execution.revision_id,
            json.dumps(execution.document),
            execution.state,
            _micros(execution.created),
            execution.started and _micros(execution.started),
            json.dumps(execution.final),
        )
        assert written.lastrowid is not None
        return written.lastrowid

    def began(self, number: int, started: dt.datetime) -> None:
        self._write(
            "UPDATE executions SET state = 'ACTIVE', started = ? WHERE number = ?",
            _micros(started),
            number,
        )

    def turned(self, number: int, turn: Turn) -> None:
        event, body = journal.encode(turn.event)
        answers = json.dumps(turn.answers) if turn.answers else None
        position = self._positions.get(number, 0) + 1
        self._write(
            "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(number, position, turn.at, event, body, answers, turn.asked),
        )
        self._positions[number] = position

    def ended(self, number: int, state: str, ended: dt.datetime, final: dict[str, Any]) -> None:
        with self._writing():
            self._db.execute(
                "UPDATE executions SET state = ?, ended = ?, final = ? WHERE number = ?",
                (state, _micros(ended), json.dumps(final), number),
            )
            if number in self._positions:
                self._db.execute("DELETE FROM turns WHERE execution = ?", (number,))
        self._positions.pop(number, None)

    def drop(self, number: int) -> None:
        self._write("DELETE FROM executions WHERE number = ?", number)

    def _write(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Run one statement, which is a transaction."""
        try:
            return self._db.execute(statement, values)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Make one transaction of what is inside."""
        try:
            self._db.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise self._failed(error) from error

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError, TypeError, KeyError, OverflowError) as error:
            raise damaged(self._path) from error

    def _failed(self, error: sqlite3.Error) -> StoreFailed:
        return StoreFailed(f"the store {self._path} cannot be written: {error}")


def _revision(
    revision_id: str, service_account: str, environment: str, document: str
) -> KeptRevision:
    return KeptRevision(revision_id, service_account, json.loads(environment), json.loads(document))


def _execution(row: tuple[Any, ...]) -> KeptExecution:
    number, workflow, execution_id, revision_id, document, state, *times, final = row
    created, started, ended = (None if time is None else _time(time) for time in times)
    assert created is not None
    return KeptExecution(
        number,
        workflow,
        execution_id,
        revision_id,
        json.loads(document),
        state,
        created,
        started,
        ended,
        json.loads(final),
    )


def _micros(instant: dt.datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _time(micros: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=micros)
