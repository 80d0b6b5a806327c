"""The SQLite file of a store: whose it is, its tables, and what is said when it cannot be used.

In WAL mode with synchronous=NORMAL what has been committed survives the death of the process,
kill -9 included. It may not survive the machine's: after a power failure the file is whole, but
its last transactions may be missing.
Source: https://www.sqlite.org/pragma.html#pragma_synchronous
"""

import sqlite3
from pathlib import Path
from typing import Final

from local_cloud.workflows.service.store import StoreUnusable, damaged

SCHEMA: Final = 1
_OURS: Final = 0x42415251
"""SQLite's application_id: tells this file from any other program's."""
_WAL_PAGES: Final = 4000
"""16 MB are written between two waits for the disk."""
_TABLES: Final = """
CREATE TABLE workflows (
    name TEXT PRIMARY KEY, project_number TEXT NOT NULL, created INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE revisions (
    workflow TEXT NOT NULL, revision_id TEXT NOT NULL, position INTEGER NOT NULL,
    service_account TEXT NOT NULL, environment TEXT NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (workflow, revision_id)
) WITHOUT ROWID;
CREATE TABLE operations (
    position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, document TEXT NOT NULL
);
CREATE TABLE executions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, workflow TEXT NOT NULL, execution_id TEXT NOT NULL,
    revision_id TEXT NOT NULL, document TEXT NOT NULL, state TEXT NOT NULL,
    created INTEGER NOT NULL, started INTEGER, ended INTEGER, final TEXT NOT NULL
);
CREATE TABLE turns (
    execution INTEGER NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL,
    event TEXT NOT NULL, body BLOB, answers TEXT, asked TEXT NOT NULL,
    PRIMARY KEY (execution, position)
) WITHOUT ROWID;
"""


def open_file(path: str) -> sqlite3.Connection:
    """Return a connection that has the file for itself. Raises StoreUnusable, changing nothing."""
    if not Path(path).parent.is_dir():
        what = f"the store {path} cannot be opened: its folder is not there"
        raise StoreUnusable(what, "create the folder, or choose another file")
    _make(path)
    db: sqlite3.Connection | None = None
    try:
        # One thread uses it at a time, which need not be the one that has opened it.
        db = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        _prepare(db, path)
    except (sqlite3.Error, StoreUnusable) as error:
        if db is not None:
            db.close()
        if isinstance(error, sqlite3.Error):
            raise _unusable(path, error) from error
        raise
    return db


def _make(path: str) -> None:
    """Make the file if it is not there, for its owner alone: workflows handle secrets."""
    if Path(path).exists():
        return
    try:
        Path(path).touch(0o600)
    except OSError as error:
        what = f"the store {path} cannot be made: {error.strerror}"
        raise StoreUnusable(what, "make the folder writable, or choose another file") from error


def _prepare(db: sqlite3.Connection, path: str) -> None:
    """Lock the file, see whose it is and that it is whole, and make it if it is empty."""
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")  # Fails where another process has it.
    [(tables,)] = db.execute("SELECT count(*) FROM sqlite_schema")
    if tables == 0:
        for statement in _TABLES.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {_OURS}")
        db.execute(f"PRAGMA user_version = {SCHEMA}")
    else:
        _check(db, path)
    db.execute("COMMIT")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")


def _check(db: sqlite3.Connection, path: str) -> None:
    [(owner,)] = db.execute("PRAGMA application_id")
    [(schema,)] = db.execute("PRAGMA user_version")
    if owner != _OURS:
        what = f"the store {path} is another program's database; nothing was changed"
        raise StoreUnusable(what, "choose another file")
    if schema != SCHEMA:
        what = f"the store {path} has schema {schema}, and this version reads {SCHEMA}; nothing was"
        hint = "use the version that wrote it, or choose another file"
        raise StoreUnusable(f"{what} changed", hint)
    if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise damaged(path)


def _unusable(path: str, error: sqlite3.Error) -> StoreUnusable:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        what = f"the store {path} is in use by another local cloud; nothing was changed"
        return StoreUnusable(what, "stop that one, or choose another file")
    if code == sqlite3.SQLITE_READONLY:
        what = f"the store {path} cannot be written; nothing was changed"
        return StoreUnusable(what, "make file and folder writable, or choose another file")
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return damaged(path)
    return StoreUnusable(f"the store {path} cannot be opened: {error}", "choose another file")
