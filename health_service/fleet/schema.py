"""The check "schema": a revision that came before its migration gets no traffic.

It asks for columns, not for the number of a migration: a schema that is further on is fine, as it
is after a rollback of the image, for as long as it keeps what this revision needs. It asks for the
rights to them too: without these nothing can be served either.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import asyncpg

from health_service.database.connection import Connection
from health_service.database.errors import NO_RIGHT, Unavailable
from health_service.database.pool import Database
from health_service.database.reading import read
from health_service.fleet.store import CREATE
from health_service.health.checks import Check, Unhealthy

COLUMNS: Final = ("id", "vin", "name", "odometer", "odometer_km", "created")
"""What the statements of `store.py` name."""
LOOK: Final = f"SELECT {', '.join(COLUMNS)} FROM vehicles LIMIT 0"
# Looks whether it could be done, rights included, and does nothing.
LOOK_TO_WRITE: Final = f"EXPLAIN {CREATE}"
LACKS: Final = (
    "the schema lacks what this revision needs: run the migration"
    " (python -m health_service.migrate)"
)
LACKING: Final = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.InsufficientPrivilegeError,
)


def why_lacking(error: Exception) -> str:
    """Return the words for one of LACKING."""
    return NO_RIGHT if isinstance(error, asyncpg.InsufficientPrivilegeError) else LACKS


class GoodLook:
    """Until when a look at the schema counts that found it good.

    The check looks, and a request that meets LACKING knows better: both have this in common.
    """

    def __init__(self, monotonic: Callable[[], float], good_for_seconds: float = 30.0) -> None:
        self._monotonic = monotonic
        self._good_for_seconds = good_for_seconds
        self._until: float | None = None

    def counts(self) -> bool:
        return self._until is not None and self._monotonic() < self._until

    def had(self) -> None:
        self._until = self._monotonic() + self._good_for_seconds

    def forget(self) -> None:
        self._until = None


def schema_check(
    database: Database,
    good_look: GoodLook,
    *,
    timeout_seconds: float = 1.0,
    cache_seconds: float = 1.0,
) -> Check:
    """Return the check that the columns and the rights are there.

    Only a good look counts for longer than `cache_seconds`, or a migration and a database that is
    back would be noticed half a minute late.
    """

    async def probe() -> Mapping[str, Any] | None:
        if good_look.counts():
            return None
        try:
            await read(database, _look, timeout_seconds)
        except LACKING as error:
            raise Unhealthy(why_lacking(error)) from error
        except Unavailable as error:
            raise Unhealthy(str(error)) from error
        good_look.had()
        return None

    return Check("schema", probe, timeout_seconds=timeout_seconds, cache_seconds=cache_seconds)


async def _look(connection: Connection) -> None:
    await connection.fetch(LOOK)
    await connection.fetch(LOOK_TO_WRITE, "", "", 0)
