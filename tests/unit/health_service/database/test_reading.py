import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from health_service.database.errors import Lost, Unavailable
from health_service.database.reading import read
from tests.unit.health_service.fleet.asking import as_database


class Lent:
    """A database whose connections end as they are told: one error for each that is lent."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.limits: list[float | None] = []

    @contextlib.asynccontextmanager
    async def connection(self, limit_seconds: float | None = None) -> AsyncIterator[Any]:
        self.limits.append(limit_seconds)
        yield self.errors.pop(0)


async def row(error):
    if error is not None:
        raise error
    return "row"


def test_a_read_whose_connection_ended_is_sent_once_more():
    database = Lent(Lost("its connection ended"), None)

    assert asyncio.run(read(as_database(database), row, 0.5)) == "row"
    assert database.limits == [0.5, 0.5]


def test_a_second_end_is_told():
    database = Lent(Lost("once"), Lost("twice"), None)

    with pytest.raises(Lost, match="twice"):
        asyncio.run(read(as_database(database), row))


def test_what_is_no_end_of_a_connection_is_not_tried_again():
    database = Lent(Unavailable("no answer"), None)

    with pytest.raises(Unavailable, match="no answer"):
        asyncio.run(read(as_database(database), row))
    assert len(database.limits) == 1
