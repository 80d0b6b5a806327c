import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from health_service.database.errors import NO_RIGHT, Unavailable
from health_service.fleet import store
from health_service.fleet.schema import COLUMNS, LOOK, LOOK_TO_WRITE, GoodLook, schema_check
from health_service.health.checks import Unhealthy
from tests.unit.health_service.fleet.asking import as_database


class Looked:
    """A database that notes when it is looked at, and fails as it is told."""

    def __init__(self) -> None:
        self.looks = 0
        self.error: Exception | None = None
        self.now = 0.0
        self.good_look = GoodLook(lambda: self.now)

    @contextlib.asynccontextmanager
    async def connection(self, _limit_seconds: float | None = None) -> AsyncIterator[Any]:
        if isinstance(self.error, Unavailable):
            raise self.error
        yield self

    async def fetch(self, statement: str, *_values: Any) -> list[Any]:
        assert statement in (LOOK, LOOK_TO_WRITE)
        self.looks += statement == LOOK
        if self.error is not None:
            raise self.error
        return []

    def check(self) -> Any:
        return schema_check(as_database(self), self.good_look, cache_seconds=0.25)


def test_a_good_look_counts_for_half_a_minute():
    database = Looked()
    check = database.check()

    for database.now in (0.0, 1.0, 29.9):
        asyncio.run(check.probe())
    assert database.looks == 1

    database.now = 30.0
    asyncio.run(check.probe())
    assert database.looks == 2


def test_a_schema_that_lacks_a_column_is_unhealthy_until_the_migration_came():
    """It is looked at again as often as the settings say, not each half minute."""
    database = Looked()
    check = database.check()
    database.error = asyncpg.UndefinedColumnError('column "odometer_km" does not exist')

    for _ in range(2):
        with pytest.raises(Unhealthy, match="run the migration") as caught:
            asyncio.run(check.probe())
        assert "odometer" not in str(caught.value)

    database.error = None
    asyncio.run(check.probe())
    assert database.looks == 3
    assert check.cache_seconds == 0.25


def test_a_right_that_is_missing_is_told_as_that():
    database = Looked()
    database.error = asyncpg.InsufficientPrivilegeError("permission denied for table vehicles")

    with pytest.raises(Unhealthy) as caught:
        asyncio.run(database.check().probe())
    assert str(caught.value) == NO_RIGHT


def test_a_good_look_that_a_request_proved_wrong_is_taken_again_at_once():
    database = Looked()
    check = database.check()
    asyncio.run(check.probe())

    database.good_look.forget()
    asyncio.run(check.probe())

    assert database.looks == 2


def test_a_database_that_never_answered_leaves_the_schema_unknown():
    database = Looked()
    database.error = Unavailable("the database refuses connections")

    with pytest.raises(Unhealthy, match="the database refuses connections"):
        asyncio.run(database.check().probe())


def test_a_schema_that_was_good_a_moment_ago_is_not_blamed_for_a_database_that_went_away():
    database = Looked()
    check = database.check()
    asyncio.run(check.probe())

    database.error = Unavailable("the database refuses connections")

    asyncio.run(check.probe())


def test_the_check_is_critical():
    assert Looked().check().critical


def test_the_check_looks_for_every_column_that_the_statements_name():
    statements = store.CREATE + store.GET + store.FIRST_PAGE + store.NEXT_PAGE

    named = set(re.findall(r"[a-z_]+", statements)) - {"vehicles", "coalesce"}

    assert named == set(COLUMNS)
