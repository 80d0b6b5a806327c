"""Reads that outlive the end of their connection."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from health_service.database.connection import Connection
from health_service.database.errors import Lost
from health_service.database.pool import Database

T = TypeVar("T")


async def once_more(ask: Callable[[], Awaitable[T]]) -> T:
    """Return what `ask` finds; ask again if a connection ended under it, as a read may be."""
    try:
        return await ask()
    except Lost:
        # A server that restarts, or a person, ended it. What counts is what is next.
        return await ask()


async def read(
    database: Database,
    use: Callable[[Connection], Awaitable[T]],
    limit_seconds: float | None = None,
) -> T:
    """Return what `use` reads, asked once more if need be.

    `limit_seconds` limits the wait for each connection. Raises Unavailable.
    """

    async def ask() -> T:
        async with database.connection(limit_seconds) as connection:
            return await use(connection)

    return await once_more(ask)
