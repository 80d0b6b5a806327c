"""A database for each service, on a real server: what Terraform and a build would do."""

import asyncio
import datetime as dt

import asyncpg
import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.run.resources import ServiceKey
from local_cloud.secrets.model import SecretManagerModel
from local_cloud.sql.databases import Databases, NotMigrated

pytestmark = pytest.mark.processes
ONE = ServiceKey("one", "europe-west1", "shop")
TWO = ServiceKey("two", "europe-west1", "shop")
MIGRATE = """
import asyncio, asyncpg, os
async def main():
    connection = await asyncpg.connect(
        os.environ["DATABASE_URL"], password=os.environ["DATABASE_PASSWORD"]
    )
    await connection.execute("create table thing (id int)")
    await connection.close()
asyncio.run(main())
"""


@pytest.fixture
def secrets():
    scheduler = VirtualScheduler(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    return SecretManagerModel(scheduler, Audit(scheduler))


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "__init__.py").touch()
    return folder


async def count(variables, key, secrets) -> int:
    """Ask as the service would."""
    secret = f"projects/{key.project}/secrets/{variables.secrets['DATABASE_PASSWORD']}"
    password = secrets.access(secret)[1].data.decode()
    connection = await asyncpg.connect(variables.env["DATABASE_URL"], password=password, timeout=20)
    try:
        return int(await connection.fetchval("select count(*) from thing"))
    finally:
        await connection.close()


def test_each_service_has_a_database_with_its_schema_and_no_way_into_anothers(
    tmp_path, package, secrets
):
    (package / "migrate.py").write_text(MIGRATE)

    async def story() -> None:
        databases = Databases(tmp_path / "sql", package)
        one, two = databases.plan(ONE, "one", secrets), databases.plan(TWO, "two", secrets)
        try:
            await databases.start()
            assert [await count(one, ONE, secrets), await count(two, TWO, secrets)] == [0, 0]
            with pytest.raises(asyncpg.InvalidPasswordError):
                await count(one._replace(secrets=two.secrets), TWO, secrets)
        finally:
            await databases.close()
        assert databases.server.state == "stopped"

    asyncio.run(story())


def test_it_is_stopped_paused_and_brought_back_in_the_order_that_was_asked(
    tmp_path, package, secrets
):
    (package / "migrate.py").write_text(MIGRATE)

    async def story() -> None:
        databases = Databases(tmp_path / "sql", package)
        one = databases.plan(ONE, "one", secrets)
        seen = []
        try:
            await databases.start()
            for state in ("stopped", "running", "paused", "stopped", "paused", "running"):
                databases.change(state)
                await databases.settled()
                seen.append(databases.server.state)
            assert await count(one, ONE, secrets) == 0
            databases.change("paused")
            databases.change("running")
            databases.change("stopped")
            await databases.settled()
            with pytest.raises(OSError):
                await count(one, ONE, secrets)
        finally:
            await databases.close()
        # One that is stopped cannot be paused.
        assert seen == ["stopped", "running", "paused", "stopped", "stopped", "running"]

    asyncio.run(story())


def test_a_migration_that_fails_is_told_in_its_own_words(tmp_path, package, secrets):
    (package / "migrate.py").write_text("import sys; sys.exit('no such column: colour')")

    async def story() -> None:
        databases = Databases(tmp_path / "sql", package)
        databases.plan(ONE, "one", secrets)
        try:
            with pytest.raises(NotMigrated, match="no such column: colour"):
                await databases.start()
        finally:
            await databases.close()

    asyncio.run(story())


def test_a_package_without_migrations_has_an_empty_database(tmp_path, package, secrets):
    async def story() -> None:
        databases = Databases(tmp_path / "sql", package)
        one = databases.plan(ONE, "one", secrets)
        try:
            await databases.start()
            with pytest.raises(asyncpg.UndefinedTableError):
                await count(one, ONE, secrets)
        finally:
            await databases.close()

    asyncio.run(story())
