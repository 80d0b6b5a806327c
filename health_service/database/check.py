"""The check that decides whether an instance has its database."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Final

from health_service.database.errors import READ_ONLY, Unavailable
from health_service.database.pool import Database
from health_service.database.reading import once_more
from health_service.health.checks import Check, Details, Unhealthy

NAME: Final = "database"
# The check keeps its limit itself, to say what it waited for. This is for the case that it cannot.
_BACKSTOP_SECONDS: Final = 0.5
# As good as `SELECT 1`, and it tells of a server that takes no writes: a replica, a full disk.
_QUESTION: Final = "SELECT current_setting('transaction_read_only')"


def database_check(
    db: Database,
    monotonic: Callable[[], float],
    *,
    timeout_seconds: float,
    cache_seconds: float,
) -> Check:
    """Return the check: a statement through the service's own pool, as a request would send it.

    `monotonic` is not the loop's clock: uvloop's stands still within a turn, and knows only whole
    milliseconds.
    """

    async def probe() -> Details:
        deadline = monotonic() + timeout_seconds
        try:
            read_only, latency_seconds = await once_more(lambda: _ask(db, monotonic, deadline))
        except Unavailable as error:
            raise Unhealthy(str(error), {"pool": asdict(db.stats())}) from error
        found: Details = {
            "latency_ms": round(latency_seconds * 1000, 2),
            "pool": asdict(db.stats()),
        }
        if read_only:
            raise Unhealthy(READ_ONLY, found)
        return found

    return Check(
        NAME,
        probe,
        timeout_seconds=timeout_seconds + _BACKSTOP_SECONDS,
        cache_seconds=cache_seconds,
    )


async def _ask(db: Database, monotonic: Callable[[], float], deadline: float) -> tuple[bool, float]:
    """Return whether the server takes no writes, and the seconds in which it said so."""
    async with db.connection(deadline - monotonic()) as connection:
        asked_at = monotonic()
        answer = await connection.fetchval(_QUESTION, timeout=deadline - asked_at)
        return answer == "on", monotonic() - asked_at
