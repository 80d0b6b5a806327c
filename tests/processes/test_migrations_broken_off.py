"""A migrator that is broken off: killed, interrupted, without its connection or its server."""

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from local_cloud.sql.server import PostgresServer
from tests.processes import revision_before as before
from tests.processes.fleet_database import (
    PASSWORD,
    USER,
    Fresh,
    FreshDatabases,
    connected,
    until,
    version,
)
from tests.processes.service_process import PATIENCE_SECONDS

pytestmark = pytest.mark.processes
BROKEN = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
OURS = "FROM pg_stat_activity WHERE application_name = 'health_service.migrate'"
TERMINATE = f"SELECT pg_terminate_backend(pid) {OURS}"
INTERRUPTED = "error: interrupted; what is done stays done, and the next run goes on behind it\n"


@pytest.fixture
def database(fresh_databases: FreshDatabases) -> Fresh:
    return fresh_databases()


async def fill(connection: asyncpg.Connection, count: int) -> None:
    """Store vehicles as the revision before did, many at once."""
    await connection.execute(
        "INSERT INTO vehicles (vin, name, odometer)"
        f" SELECT '1HGCM82633A' || lpad(n::text, 6, '0'), 'old', n FROM generate_series(1, {count}) n"
    )


@contextlib.asynccontextmanager
async def building(database: Fresh) -> AsyncIterator[subprocess.Popen[str]]:
    """Start a migrator and wait until it builds an index, which it does until this ends."""
    async with connected(database) as reader, connected(database) as other:
        await database.upgrade("0002")
        # The build waits for every transaction that is older than itself.
        await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await reader.fetch(before.LIST, 1)
        process = database.migrator()
        try:
            await until(lambda: other.fetchval(f"SELECT ({BROKEN}) = 1"))
            yield process
        finally:
            process.kill()
            process.communicate()


async def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a process; return its status and standard error."""
    _, err = await asyncio.to_thread(process.communicate, timeout=PATIENCE_SECONDS)
    return process.returncode, err


async def _terminated(database: Fresh, _server: PostgresServer) -> None:
    async with connected(database) as other:
        await other.execute(TERMINATE)


async def _server_killed(_database: Fresh, server: PostgresServer) -> None:
    await server.kill()


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (_terminated, "the database is shutting down, or its administrator ended the connection"),
        (_server_killed, "the connection to the database was lost"),
    ],
)
def test_a_connection_that_is_lost_while_an_index_is_built_is_told(
    end: Callable[[Fresh, PostgresServer], Awaitable[None]], why: str, tmp_path: Path
):
    """What is tidied up behind the build fails as well, and must not hide why."""

    async def story() -> None:
        async with PostgresServer(tmp_path) as server:
            await server.create_database("fleet", USER, PASSWORD)
            database = Fresh(server.url("fleet", USER))
            async with building(database) as process:
                await end(database, server)
                status, err = await ended(process)
            assert status == 1
            assert err.splitlines()[1:] == [
                f" because {why}",
                " hint: run it again; what is done is not done twice",
            ]
            assert "it is at 0002" in err
            await server.start()
            assert (await database.migrate())[0] == 0

    asyncio.run(story())


def test_a_migrator_that_is_interrupted_says_so_in_a_line(database: Fresh):
    async def story() -> None:
        async with building(database) as process:
            process.send_signal(signal.SIGINT)
            assert await ended(process) == (130, INTERRUPTED)
        assert (await database.migrate())[0] == 0

    asyncio.run(story())


def test_a_migrator_that_is_killed_in_the_backfill_is_gone_on_with(database: Fresh):
    """What was committed stays, and the next run begins behind it."""

    async def story() -> None:
        async with connected(database) as old, connected(database) as blocker:
            await database.upgrade("0001")
            await fill(old, 2500)
            await database.upgrade("0003")
            last = await old.fetchval("SELECT id FROM vehicles ORDER BY id DESC LIMIT 1")
            locked = blocker.transaction()
            await locked.start()
            await blocker.execute("SELECT FROM vehicles WHERE id = $1 FOR UPDATE", last)
            process = database.migrator("--lock-timeout-ms", "60000")
            count = "SELECT count(*) FROM vehicles WHERE odometer_km IS NOT NULL"
            await until(lambda: old.fetchval(f"SELECT ({count}) = 2000"))

            process.kill()
            process.communicate()

            assert (await version(old), await old.fetchval(count)) == ("0003", 2000)
            await locked.rollback()
            status, out, err = await database.migrate()
            assert (status, out.count("done:"), err) == (0, 1, "")
            assert (await version(old), await old.fetchval(count)) == ("0004", 2500)

    asyncio.run(story())


def test_a_migrator_that_is_killed_while_it_builds_an_index_leaves_no_broken_one(database: Fresh):
    async def story() -> None:
        async with connected(database) as old, connected(database) as reader:
            await database.upgrade("0002")
            # The build waits for every transaction that is older than itself.
            reading = reader.transaction(isolation="repeatable_read")
            await reading.start()
            await reader.fetch(before.LIST, 1)
            process = database.migrator()
            await until(lambda: old.fetchval(f"SELECT ({BROKEN}) = 1"))

            process.kill()
            process.communicate()
            await old.execute(TERMINATE)

            assert await version(old) == "0002"
            await reading.rollback()
            status, _, err = await database.migrate()
            assert (status, err) == (0, "")
            assert await old.fetchval(BROKEN) == 0
            assert await old.fetchval("SELECT to_regclass('vehicles_by_age') IS NOT NULL")

    asyncio.run(story())


def test_a_connection_that_ends_in_the_middle_is_told(database: Fresh):
    waits = f"SELECT count(*) = 1 {OURS} AND wait_event_type = 'Lock'"

    async def story() -> None:
        async with connected(database) as blocker, connected(database) as other:
            await database.upgrade("0001")
            async with blocker.transaction():
                await blocker.execute("LOCK TABLE vehicles IN ACCESS EXCLUSIVE MODE")
                process = database.migrator("--lock-timeout-ms", "30000")
                await until(lambda: other.fetchval(waits))
                await other.execute(TERMINATE)
                _, err = await asyncio.to_thread(process.communicate, timeout=PATIENCE_SECONDS)
        assert process.returncode == 1
        assert "it is at 0001" in err
        assert " because the database is shutting down, or its administrator ended" in err
        assert "Traceback" not in err

    asyncio.run(story())


def test_a_database_that_cannot_be_reached_is_told_without_its_address(database: Fresh):
    async def story() -> None:
        nowhere = "postgresql://fleet@127.0.0.1:1/fleet?sslmode=disable"
        for env, why in (
            ({"DATABASE_URL": nowhere}, "the database refuses connections"),
            ({"DATABASE_PASSWORD": "wrong"}, "the database refuses the password"),
        ):
            status, out, err = await database.migrate(**env)
            assert (status, out) == (1, "")
            assert err.splitlines()[0] == f"error: the schema was not looked at; {why}"
            assert not [word for word in ("127.0.0.1", PASSWORD, "Traceback") if word in err]

    asyncio.run(story())
