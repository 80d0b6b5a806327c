"""Brings the schema to the newest migration of this image. Safe to repeat, and to run twice.

Not here: words for people and exit statuses (`health_service/migrate.py`).
"""

import asyncio
import io
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from health_service.migrations.limits import Limits

# Any number will do that no other program locks in the same database.
LOCK: Final = 6_238_119_240
_LOOK_EVERY_SECONDS: Final = 0.2
_AGAIN: Final = frozenset({"55P03", "40P01"})
"""SQLSTATE of what another attempt cures: a lock that was not got in time, a deadlock."""

_FAILURES: Final = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

Connect = Callable[[], Awaitable["asyncpg.Connection[asyncpg.Record]"]]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the schema was and is (None: at nothing), and whether this image has that migration."""

    before: str | None
    after: str | None
    known: bool = True


class NotConnected(Exception):
    """No connection was made; the cause is the driver's error."""


class NotLookedAt(Exception):
    """The connection did not tell where the schema is; the cause says why."""


class NotUpgraded(Exception):
    """The schema stands at `at` (None: at nothing); the cause is the database's word."""

    def __init__(self, at: str | None) -> None:
        super().__init__(at)
        self.at = at


class NoTurn(Exception):
    """Another migrator went on for longer than this one waits."""


class StrangeSchema(Exception):
    """The schema's revision is neither one of this image's nor newer."""


def head() -> str:
    """Return the newest migration of this image."""
    newest = ScriptDirectory.from_config(config()).get_current_head()
    assert newest is not None
    return newest


def sql(limits: Limits) -> str:
    """Return what all migrations together would run, for people and linters to read."""
    written = io.StringIO()
    offline = config(limits=limits)
    offline.output_buffer = written
    command.upgrade(offline, "head", sql=True)
    return written.getvalue()


async def upgrade(connect: Connect, limits: Limits, tell: Tell, target: str = "head") -> Outcome:
    """Bring the schema up to `target`. `connect` opens a connection with the limits' settings.

    Raises NotConnected, NotLookedAt, NotUpgraded, NoTurn and StrangeSchema. Every step that was
    done stays done, and the next call goes on behind it.
    """
    try:
        driver = await connect()
    except Exception as error:
        raise NotConnected from error

    async def connected() -> "asyncpg.Connection[asyncpg.Record]":
        return driver

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=connected, poolclass=NullPool
    )
    try:
        # One connection holds the lock and does the work: without the one there is not the other.
        async with engine.connect() as connection:
            try:
                await _wait_for_turn(connection, limits, tell)
                before = await _revision(connection)
            except _FAILURES as error:
                raise NotLookedAt from error
            return await _upgrade(connection, before, limits, tell, target)
    finally:
        driver.terminate()
        await engine.dispose()


async def _wait_for_turn(connection: AsyncConnection, limits: Limits, tell: Tell) -> None:
    """Ask for the lock again and again; it is given back with the connection.

    Waiting inside the database would be a transaction that `CREATE INDEX CONCURRENTLY` of the other
    migrator waits for: neither would ever end.
    """
    deadline, told = time.monotonic() + limits.turn_seconds, False
    statement = sa.text(f"SELECT pg_try_advisory_lock({LOCK})")
    while True:
        ours = await connection.scalar(statement)
        await connection.commit()
        if ours:
            return
        if time.monotonic() >= deadline:
            raise NoTurn
        if not told:
            tell("waiting: another migration is under way")
        told = True
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _upgrade(
    connection: AsyncConnection, before: str | None, limits: Limits, tell: Tell, target: str
) -> Outcome:
    if before is not None and before not in _revisions():
        if not (before.isdigit() and int(before) > int(head())):
            raise StrangeSchema(before)
        return Outcome(before, before, known=False)
    for left in reversed(range(limits.attempts_max)):
        try:
            await connection.run_sync(_run, limits, tell, target)
            break
        except Exception as error:
            at = await _revision_if_told(connection, before)
            if not left or _state(error) not in _AGAIN:
                raise NotUpgraded(at) from error
        pause = limits.pause_seconds * 2 ** (limits.attempts_max - 1 - left)
        tell(f"waiting {pause:g} s: a lock was not got in time, {left} more attempts")
        await asyncio.sleep(pause)
    return Outcome(before, await _revision(connection))


def _run(connection: sa.Connection, limits: Limits, tell: Tell, target: str) -> None:
    def on_step(*, step: Any, **_: Any) -> None:
        tell(f"done: {step.up_revision_id} {step.up_revision.doc}")

    try:
        command.upgrade(config(connection=connection, limits=limits, on_step=on_step), target)
    except PendingRollbackError as error:
        raise _first(error) from None


def config(**attributes: Any) -> Config:
    """Return Alembic's settings; `env.py` takes the attributes."""
    made = Config(attributes=attributes)
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def _revisions() -> frozenset[str]:
    script = ScriptDirectory.from_config(config())
    return frozenset(one.revision for one in script.walk_revisions())


async def _revision(connection: AsyncConnection) -> str | None:
    """Return where the schema is, None if no migration ever ran."""
    there = await connection.scalar(sa.text("SELECT to_regclass('alembic_version')::text"))
    revision = None
    if there is not None:
        revision = await connection.scalar(sa.text("SELECT max(version_num) FROM alembic_version"))
    await connection.commit()
    return revision


async def _revision_if_told(connection: AsyncConnection, otherwise: str | None) -> str | None:
    """The same after a failure, which the connection may not have outlived."""
    try:
        await connection.rollback()
        return await _revision(connection)
    except _FAILURES:
        return otherwise


def _first(error: BaseException) -> BaseException:
    """Return what broke a step off: what is tidied up behind it fails on a connection that is lost.

    That may be a cancellation, which must not be taken for a failure of the database.
    """
    while isinstance(error, PendingRollbackError) and error.__context__ is not None:
        error = error.__context__
    return error


def _state(error: Exception) -> str | None:
    return getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
