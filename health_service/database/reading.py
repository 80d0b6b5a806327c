"""Reads that outlive the end of their connection."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from health_service.database.connection import Connection
from health_service.database.errors import Lost
from health_service.database.pool import Database

T = TypeVar("T")


async def read(
    database: Database,
    use: Callable[[Connection], Awaitable[T]],
    limit_seconds: float | None = None,
) -> T:
    """Return what `use` reads; once more if its connection ended under it, as a read may be.

    `limit_seconds` limits the wait for each connection. Raises Unavailable.
    """
    try:
        async with database.connection(limit_seconds) as connection:
            return await use(connection)
    except Lost:
        # A server that restarts, or a person, ended it. What counts is what is next.
        async with database.connection(limit_seconds) as connection:
            return await use(connection)
