"""The check that decides whether an instance has its database."""

import asyncio
from dataclasses import asdict
from typing import Final

from health_service.database.errors import READ_ONLY, Unavailable
from health_service.database.pool import Database
from health_service.health.checks import Check, Details, Unhealthy

NAME: Final = "database"
# The check keeps its limit itself, to say what it waited for. This is for the case that it cannot.
_BACKSTOP_SECONDS: Final = 0.1
# As good as `SELECT 1`, and it tells of a server that takes no writes: a replica, a full disk.
_ASK: Final = "SELECT current_setting('transaction_read_only')"


def database_check(db: Database, *, timeout_seconds: float, cache_seconds: float) -> Check:
    """Return the check: a statement through the service's own pool, as a request would send it."""

    async def probe() -> Details:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        try:
            async with db.connection(timeout_seconds) as connection:
                asked_at = loop.time()
                read_only = await connection.fetchval(_ASK, timeout=deadline - asked_at)
                latency_seconds = loop.time() - asked_at
        except Unavailable as error:
            raise Unhealthy(str(error), {"pool": asdict(db.stats())}) from error
        found: Details = {
            "latency_ms": round(latency_seconds * 1000, 1),
            "pool": asdict(db.stats()),
        }
        if read_only == "on":
            raise Unhealthy(READ_ONLY, found)
        return found

    return Check(
        NAME,
        probe,
        timeout_seconds=timeout_seconds + _BACKSTOP_SECONDS,
        cache_seconds=cache_seconds,
    )
