"""Migrations on a real server: two revisions at once, two migrators at once, and locks."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from health_service.database.password import UNREADABLE
from health_service.fleet.models import NewVehicle
from health_service.fleet.parsing import PageQuery
from health_service.fleet.schema import GoodLook, schema_check
from health_service.fleet.store import Vehicles
from health_service.health.checks import Unhealthy
from health_service.migrations.upgrade import Outcome, head
from tests.processes import revision_before as before
from tests.processes.fleet_database import Fresh, FreshDatabases, connected, until, version
from tests.processes.service_process import PATIENCE_SECONDS

pytestmark = pytest.mark.processes
SERVES = "which serves the revision before as well as ever"
STEPS = ["0001", "0002", "0003", "0004"]
SPEAKS_NEW = "0002"
"""From here on this revision runs; below, its check keeps traffic away."""


@pytest.fixture
def database(fresh_databases: FreshDatabases) -> Fresh:
    return fresh_databases()


@pytest.fixture
def vins() -> Iterator[str]:
    return (f"1HGCM82633A{number:06}" for number in range(1_000_000))


async def row(connection: asyncpg.Connection, statement: str, *values: object) -> asyncpg.Record:
    found = await connection.fetchrow(statement, *values)
    assert found is not None
    return found


def test_the_tests_below_know_every_step():
    assert STEPS[-1] == head()


def test_both_revisions_read_and_write_after_every_step(database: Fresh, vins: Iterator[str]):
    """On connections that stay open: what a driver has prepared outlives a migration too."""

    async def story() -> None:
        pool = database.pool()
        new = Vehicles(pool)
        wanted: dict[UUID, int] = {}
        async with connected(database) as old:
            for step in STEPS:
                await database.upgrade(step)
                stored = await row(old, before.INSERT, next(vins), "old", 7)
                wanted[stored["id"]] = 7
                if step >= SPEAKS_NEW:
                    made = await new.create(NewVehicle(vin=next(vins), name="new", odometer_km=900))
                    assert made is not None
                    assert (await row(old, before.GET, made.id))["odometer"] == 900
                    await old.execute(before.DRIVE, made.id, 901)
                    await old.execute(before.RENAME, made.id, "renamed")
                    wanted[made.id] = 901
                    page = await new.page(PageQuery(100))
                    assert page is not None
                    assert {one.id: one.odometer_km for one in page.vehicles} == wanted, step
                rows = await old.fetch(before.LIST, 100)
                assert {one["id"]: one["odometer"] for one in rows} == wanted, step
        await pool.close(1)

    asyncio.run(story())


def test_a_new_statement_that_drives_is_read_by_the_revision_before(
    database: Fresh, vins: Iterator[str]
):
    """This revision has no route that changes an odometer; the next may."""

    async def story() -> None:
        await database.upgrade()
        async with connected(database) as old, connected(database) as new:
            id_ = (await row(old, before.INSERT, next(vins), "old", 7))["id"]
            await new.execute("UPDATE vehicles SET odometer_km = 8 WHERE id = $1", id_)
            assert (await row(old, before.GET, id_))["odometer"] == 8
            await new.execute("UPDATE vehicles SET odometer_km = 8 WHERE id = $1", id_)
            assert (await row(old, before.GET, id_))["odometer"] == 8

    asyncio.run(story())


def test_this_revision_gets_no_traffic_before_its_migration(database: Fresh):
    async def healthy(step: str) -> bool:
        await database.upgrade(step)
        pool = database.pool()
        try:
            await schema_check(pool, GoodLook(time.monotonic)).probe()
        except Unhealthy as error:
            assert "run the migration" in str(error)  # noqa: PT017
            return False
        finally:
            await pool.close(1)
        return True

    async def story() -> None:
        assert [await healthy(step) for step in STEPS] == [False, True, True, True]

    asyncio.run(story())


def test_writes_go_on_while_it_migrates(database: Fresh, vins: Iterator[str]):
    async def write(until_set: asyncio.Event, connection: asyncpg.Connection) -> int:
        written = 0
        while not until_set.is_set():
            await connection.fetchrow(before.INSERT, next(vins), "old", 3)
            written += 1
        return written

    async def story() -> None:
        await database.upgrade("0001")
        done = asyncio.Event()
        async with connected(database) as old, connected(database) as other:
            writing = asyncio.create_task(write(done, old))
            await until(lambda: other.fetchval("SELECT count(*) > 20 FROM vehicles"))
            await database.upgrade()
            done.set()
            written = await writing
            filled = await other.fetchval("SELECT count(*) FROM vehicles WHERE odometer_km = 3")
        assert filled == written > 20

    asyncio.run(story())


def test_a_migration_that_is_run_again_does_nothing(database: Fresh):
    async def story() -> None:
        assert await database.upgrade() == Outcome(None, head())
        assert await database.upgrade() == Outcome(head(), head())
        assert len(database.told) == len(STEPS)
        status, out, _ = await database.migrate()
        assert (status, out) == (0, f"the schema is at {head()}: nothing was to be done.\n")

    asyncio.run(story())


def test_two_migrators_at_once_do_it_once(database: Fresh):
    async def story() -> None:
        ends = await asyncio.gather(database.migrate(), database.migrate())

        assert [status for status, _, _ in ends] == [0, 0], ends
        said = "".join(out for _, out, _ in ends)
        assert [said.count(f"done: {step} ") for step in STEPS] == [1] * len(STEPS)
        assert said.count("nothing was to be done") == 1

    asyncio.run(story())


def test_one_that_waits_for_another_for_too_long_leaves_the_schema_as_it_is(database: Fresh):
    async def story() -> None:
        async with connected(database) as other:
            await other.execute("SELECT pg_advisory_lock(6238119240)")
            process = database.migrator("--turn-seconds", "1")
            out, err = await asyncio.to_thread(process.communicate, timeout=PATIENCE_SECONDS)
        assert process.returncode == 1
        assert out == "waiting: another migration is under way\n"
        assert err.startswith(
            "error: the schema was left as it is; another migration was under way"
        )

    asyncio.run(story())


def test_a_lock_that_another_session_holds_ends_in_clear_words_and_the_next_run_succeeds(
    database: Fresh,
):
    async def story() -> None:
        async with connected(database) as blocker:
            await database.upgrade("0001")
            async with blocker.transaction():
                await blocker.execute("LOCK TABLE vehicles IN ACCESS EXCLUSIVE MODE")
                status, out, err = await database.migrate(
                    "--lock-timeout-ms", "50", "--attempts", "2"
                )
            assert status == 1
            assert out == "waiting 1 s: a lock was not got in time, 1 more attempts\n"
            assert err.splitlines() == [
                f"error: the schema was not brought to {head()}; it is at 0001, {SERVES}",
                " because another transaction holds a lock",
                " hint: run it again; what is done is not done twice",
            ]
            assert await version(blocker) == "0001"
            status, _, _ = await database.migrate()
            assert status == 0

    asyncio.run(story())


def test_a_lock_that_comes_free_is_waited_for_in_several_short_waits(database: Fresh):
    """One long wait would hold up everybody who came behind it."""

    async def story() -> None:
        waits = asyncio.Event()
        async with connected(database) as blocker:
            await database.upgrade("0001")
            locked = blocker.transaction()
            await locked.start()
            await blocker.execute("LOCK TABLE vehicles IN ACCESS SHARE MODE")
            upgrading = asyncio.create_task(database.upgrade(tell=lambda _: waits.set()))
            await asyncio.wait_for(waits.wait(), PATIENCE_SECONDS)
            await locked.rollback()
            assert await upgrading == Outcome("0001", head())

    asyncio.run(story())


def test_an_older_image_leaves_a_newer_schema_alone(database: Fresh):
    """As it runs after a rollback: that is no error."""

    async def story() -> None:
        await database.upgrade()
        async with connected(database) as connection:
            await connection.execute("UPDATE alembic_version SET version_num = '9001'")
            status, out, err = await database.migrate()
            assert (status, err) == (0, "")
            assert out.startswith("the schema is at 9001, newer than this image's")
            assert "nothing was done" in out
            assert await version(connection) == "9001"

    asyncio.run(story())


def test_the_schema_of_another_service_is_left_alone(database: Fresh):
    async def story() -> None:
        await database.upgrade()
        async with connected(database) as connection:
            await connection.execute("UPDATE alembic_version SET version_num = 'ae1027a6acf'")
        status, _, err = await database.migrate()
        assert status == 1
        assert err.startswith("error: the schema was left as it is; it is at ae1027a6acf, which is")
        assert "is DATABASE_URL the database of another service?" in err

    asyncio.run(story())


def test_a_step_that_fails_says_where_the_schema_stands_and_leaves_nothing_of_itself(
    database: Fresh,
):
    async def story() -> None:
        async with connected(database) as connection:
            await connection.execute("CREATE TABLE vehicles (mine text)")
            status, out, err = await database.migrate()
            assert (status, out) == (1, "")
            assert err.splitlines()[:2] == [
                f"error: the schema was not brought to {head()}; it is at nothing, {SERVES}",
                ' because the database says: relation "vehicles" already exists (42P07)',
            ]
            await connection.execute("DROP TABLE vehicles")
            status, _, _ = await database.migrate()
            assert status == 0

    asyncio.run(story())


def test_a_password_file_that_nobody_writes_to_is_told(database: Fresh, tmp_path: Path):
    """To open a pipe like a file would never end, not even by Ctrl-C."""
    pipe = tmp_path / "password"
    os.mkfifo(pipe)

    async def story() -> None:
        status, _, err = await database.migrate(
            DATABASE_PASSWORD="", DATABASE_PASSWORD_FILE=str(pipe)
        )
        assert status == 1
        assert err.splitlines()[0] == f"error: the schema was not looked at; {UNREADABLE}"

    asyncio.run(story())
