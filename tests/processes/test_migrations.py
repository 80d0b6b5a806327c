"""Migrations on a real server: two revisions at once, two migrators at once, and every bad end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from uuid import UUID

import asyncpg
import pytest

from health_service.fleet.models import NewVehicle
from health_service.fleet.parsing import PageQuery
from health_service.fleet.schema import schema_check
from health_service.fleet.store import Vehicles
from health_service.health.checks import Unhealthy
from health_service.migrations.upgrade import Outcome, head
from tests.processes import revision_before as before
from tests.processes.fleet_database import PASSWORD, Fresh, FreshDatabases
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


@contextlib.asynccontextmanager
async def connected(database: Fresh) -> AsyncIterator[asyncpg.Connection]:
    connection = await database.connect()
    try:
        yield connection
    finally:
        await connection.close()


async def version(connection: asyncpg.Connection) -> object:
    return await connection.fetchval("SELECT version_num FROM alembic_version")


async def row(connection: asyncpg.Connection, statement: str, *values: object) -> asyncpg.Record:
    found = await connection.fetchrow(statement, *values)
    assert found is not None
    return found


async def fill(connection: asyncpg.Connection, count: int) -> None:
    """Store vehicles as the revision before did, many at once."""
    await connection.execute(
        "INSERT INTO vehicles (vin, name, odometer)"
        f" SELECT '1HGCM82633A' || lpad(n::text, 6, '0'), 'old', n FROM generate_series(1, {count}) n"
    )


async def until(
    condition: Callable[[], Awaitable[object]], seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - there is no event between processes.
            await asyncio.sleep(0.02)


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
            await schema_check(pool, asyncio.get_running_loop().time).probe()
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
    broken = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"

    async def story() -> None:
        async with connected(database) as old, connected(database) as reader:
            await database.upgrade("0002")
            # The build waits for every transaction that is older than itself.
            reading = reader.transaction(isolation="repeatable_read")
            await reading.start()
            await reader.fetch(before.LIST, 1)
            process = database.migrator()
            await until(lambda: old.fetchval(f"SELECT ({broken}) = 1"))

            process.kill()
            process.communicate()
            await old.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'health_service.migrate'"
            )

            assert await version(old) == "0002"
            await reading.rollback()
            status, _, err = await database.migrate()
            assert (status, err) == (0, "")
            assert await old.fetchval(broken) == 0
            assert await old.fetchval("SELECT to_regclass('vehicles_by_age') IS NOT NULL")

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


def test_a_connection_that_ends_in_the_middle_is_told(database: Fresh):
    ours = "FROM pg_stat_activity WHERE application_name = 'health_service.migrate'"
    waits = f"SELECT count(*) = 1 {ours} AND wait_event_type = 'Lock'"

    async def story() -> None:
        async with connected(database) as blocker, connected(database) as other:
            await database.upgrade("0001")
            async with blocker.transaction():
                await blocker.execute("LOCK TABLE vehicles IN ACCESS EXCLUSIVE MODE")
                process = database.migrator("--lock-timeout-ms", "30000")
                await until(lambda: other.fetchval(waits))
                await other.execute(f"SELECT pg_terminate_backend(pid) {ours}")
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
