"""The check "schema": a revision that came before its migration gets no traffic.

It asks for columns, not for the number of a migration: a schema that is further on is fine, as it
is after a rollback of the image, for as long as it keeps what this revision needs.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import asyncpg

from health_service.database.connection import Connection
from health_service.database.errors import Unavailable
from health_service.database.pool import Database
from health_service.database.reading import read
from health_service.health.checks import Check, Unhealthy

COLUMNS: Final = ("id", "vin", "name", "odometer", "odometer_km", "created")
"""What the statements of `store.py` name."""
LOOK: Final = f"SELECT {', '.join(COLUMNS)} FROM vehicles LIMIT 0"
LACKS: Final = (
    "the schema lacks what this revision needs: run the migration"
    " (python -m health_service.migrate)"
)
LACKING: Final = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)


def schema_check(
    database: Database,
    monotonic: Callable[[], float],
    *,
    timeout_seconds: float = 1.0,
    good_for_seconds: float = 30.0,
) -> Check:
    """Return the check that the columns are there.

    A good look counts for `good_for_seconds`; anything else only for a moment, or a migration and a
    database that is back would be noticed half a minute late.
    """
    probe = _Probe(database, monotonic, timeout_seconds, good_for_seconds)
    return Check("schema", probe, timeout_seconds=timeout_seconds, cache_seconds=1.0)


class _Probe:
    def __init__(
        self,
        database: Database,
        monotonic: Callable[[], float],
        timeout_seconds: float,
        good_for_seconds: float,
    ) -> None:
        self._database = database
        self._monotonic = monotonic
        self._timeout_seconds = timeout_seconds
        self._good_for_seconds = good_for_seconds
        self._good_until: float | None = None

    async def __call__(self) -> Mapping[str, Any] | None:
        if self._good_until is not None and self._monotonic() < self._good_until:
            return None
        try:
            await read(self._database, _look, self._timeout_seconds)
        except LACKING as error:
            raise Unhealthy(LACKS) from error
        except Unavailable as error:
            raise Unhealthy(str(error)) from error
        self._good_until = self._monotonic() + self._good_for_seconds
        return None


async def _look(connection: Connection) -> None:
    await connection.fetch(LOOK)
