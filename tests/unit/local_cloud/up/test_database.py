"""The database of `up` where there can be none. Where there is one: tests/processes."""

import asyncio
import datetime as dt
from pathlib import Path

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.run.resources import ServiceKey
from local_cloud.secrets.model import SecretManagerModel
from local_cloud.sql.binaries import NoPostgres
from local_cloud.sql.databases import Databases, NotMigrated
from local_cloud.up.database import UpDatabase
from local_cloud.up.delivery import Target

KEY = ServiceKey("shop-staging", "europe-west1", "shop")
TARGET = Target("my-shop", "staging", KEY, "host/image", "main", False, 0.05, 10)


def nowhere(_folder: Path, _package: Path) -> Databases:
    raise NoPostgres("error: no PostgreSQL for this machine\n hint: take another")


class NoSchema(Databases):
    async def start(self) -> None:
        raise NotMigrated("error: the schema is not there\nand much else")


@pytest.fixture
def secrets():
    scheduler = VirtualScheduler(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    return SecretManagerModel(scheduler, Audit(scheduler))


def test_without_binaries_it_says_so_in_a_line_and_services_get_no_variables(tmp_path, secrets):
    database = UpDatabase(tmp_path, tmp_path, nowhere)

    assert database.plan([TARGET], secrets) == {}
    asyncio.run(database.start())
    assert not database.there
    assert database.line == "none: no PostgreSQL for this machine"
    assert database.overview() == {"state": "none", "why": "no PostgreSQL for this machine"}
    with pytest.raises(Refused, match="There is no database: no PostgreSQL"):
        database.change({"state": "stopped"})
    asyncio.run(database.close())


def test_a_start_that_failed_is_told_in_a_line(tmp_path, secrets):
    database = UpDatabase(tmp_path, tmp_path, NoSchema)
    database.plan([TARGET], secrets)

    asyncio.run(database.start())

    assert not database.there
    assert database.line == "not all there: the schema is not there"
    assert database.overview()["why"] == "the schema is not there"
    asyncio.run(database.close())


def test_a_service_gets_a_url_without_password_and_a_secret(tmp_path, secrets):
    database = UpDatabase(tmp_path, tmp_path)

    variables = database.plan([TARGET, TARGET], secrets)[KEY]

    assert variables.env["DATABASE_URL"].startswith("postgresql://my_shop_staging@127.0.0.1:")
    secret = variables.secrets["DATABASE_PASSWORD"]
    password = secrets.access(f"projects/shop-staging/secrets/{secret}")[1].data.decode()
    assert len(password) > 10
    assert password not in f"{variables}{database.overview()}"
    [told] = database.overview()["databases"]
    assert told["secret"] == f"projects/shop-staging/secrets/{secret}"
    asyncio.run(database.close())


@pytest.mark.parametrize("document", [{}, {"state": "gone"}, {"state": 7}, [], "stopped"])
def test_a_wrong_state_is_told_what_would_be_right(tmp_path, document):
    database = UpDatabase(tmp_path, tmp_path)

    with pytest.raises(Refused, match="must be running, stopped, paused") as refused:
        database.change(document)

    assert refused.value.code == "INVALID_ARGUMENT"
    asyncio.run(database.close())
