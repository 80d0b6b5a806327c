"""The service's data as its settings give it: routes, checks, and how it ends.

Drivers are imported only where a database is configured: without one the start needs none.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.routing import Route

from health_service.fleet import absent
from health_service.health.checks import Check
from health_service.settings import DatabaseSettings, ReadySettings

_CLOSE_SECONDS: Final = 0.5
"""Requests have ended by then; only something that hangs is still waited for."""


@dataclass(frozen=True, slots=True)
class Storage:
    """What the application takes in. `close` is awaited once, at the end."""

    routes: list[Route]
    checks: list[Check]
    close: Callable[[], Awaitable[None]]


def storage(
    settings: DatabaseSettings | None, ready: ReadySettings, monotonic: Callable[[], float]
) -> Storage:
    """Return the parts. Nothing is connected yet."""
    if settings is None:
        return Storage(absent.routes(), [], _nothing)
    from health_service.database.check import database_check  # noqa: PLC0415
    from health_service.database.password import reader  # noqa: PLC0415
    from health_service.database.pool import Database  # noqa: PLC0415
    from health_service.fleet.routes import routes  # noqa: PLC0415
    from health_service.fleet.schema import GoodLook, schema_check  # noqa: PLC0415

    limit = settings.statement_seconds
    database = Database(
        settings.url,
        reader(settings.password, settings.password_file),
        pool_max=settings.pool_max,
        connect_seconds=limit,
        statement_seconds=limit,
        acquire_seconds=limit,
    )
    timeout, cache = ready.timeout_seconds, ready.cache_seconds
    good_look = GoodLook(monotonic)
    return Storage(
        routes(database, good_look),
        [
            database_check(database, monotonic, timeout_seconds=timeout, cache_seconds=cache),
            schema_check(database, good_look, timeout_seconds=timeout, cache_seconds=cache),
        ],
        lambda: database.close(_CLOSE_SECONDS),
    )


async def _nothing() -> None:
    return
