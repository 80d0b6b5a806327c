"""The service's connections to PostgreSQL. Nothing here waits without a limit, whatever hangs.

asyncpg keeps the pool. Added is what it leaves open when a server is halted or out of reach: no
connection is closed politely, none that is given up is waited for (`connection.py`), and one that
nobody used for a while is asked for a word before it is lent, so that one that died in silence
does not fail a request: nothing of the request's was sent yet, so this is safe for writes too.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import asyncpg

from health_service.database.connection import Connection, end, is_ended
from health_service.database.errors import Lost, Unavailable, origin, why_failed, why_not_connected
from health_service.database.password import LATE, Reading, was_late

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

TRUSTED_SECONDS: Final = 5.0
"""How long after its last answer a connection is lent unasked."""
WORD_SECONDS: Final = 0.25
"""How long a connection may take to show that it lives."""
GRACE_SECONDS: Final = 0.25
"""How much longer than the server this side waits for a statement. The server ends it by itself,
and the connection lives on; this limit is for a server that cannot."""
_IDLE_SECONDS_MAX: Final = 300.0
_CLOSED: Final = "this instance is shutting down"


@dataclass(frozen=True, slots=True)
class PoolStats:
    """`size` connections are open; `in_use` counts those that are lent or being opened."""

    size: int
    idle: int
    in_use: int
    max: int
    waiting: int


class Database:
    """A pool that connects when a connection is wanted: a service starts without its database.

    `password` is read in a thread for each new connection, as a secret changes and its file may
    hang. A use waits at most `acquire_seconds` for its turn, `connect_seconds` for a connection
    that lives, and `statement_seconds` (and a quarter) for each statement.
    """

    def __init__(
        self,
        dsn: str,
        password: Callable[[], str | None],
        *,
        pool_max: int,
        connect_seconds: float,
        statement_seconds: float,
        acquire_seconds: float,
    ) -> None:
        self._dsn = dsn
        self._password = Reading(password)
        self._max = pool_max
        self._connect_seconds = connect_seconds
        self._statement_seconds = statement_seconds
        self._acquire_seconds = acquire_seconds
        self._turns = asyncio.Semaphore(pool_max)
        self._taken = 0
        self._waiting = 0
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._failed_at = float("-inf")
        self._trouble = ""  # Why a connection failed last, if none has been good since.
        self._closed = False

    @contextlib.asynccontextmanager
    async def connection(self, limit_seconds: float | None = None) -> AsyncIterator[Connection]:
        """Lend a connection; `limit_seconds` limits the whole wait for it further.

        Raises Unavailable, also for what the block met (Lost: its connection ended). Then whether
        its last statement was done is not known. Other errors pass through: a wrong statement, a
        key that is taken.
        """
        began = time.monotonic()
        limit = float("inf") if limit_seconds is None else limit_seconds
        await self._wait_for_turn(min(self._acquire_seconds, limit))
        try:
            waited = time.monotonic() - began
            connection = await self._open(min(self._connect_seconds, limit - waited))
            lent_at = time.monotonic()
            try:
                yield connection
            except BaseException as error:  # noqa: BLE001 - it is raised again, or what it means.
                await self._take_back_after(connection, origin(error), lent_at)
            else:
                await self._take_back(connection)
        finally:
            self._taken -= 1
            self._turns.release()

    def stats(self) -> PoolStats:
        size, idle = 0, 0
        if self._pool is not None:
            size, idle = self._pool.get_size(), self._pool.get_idle_size()
        return PoolStats(size, idle, self._taken, self._max, self._waiting)

    async def close(self, seconds: float) -> None:
        """Lend nothing more, wait so long for what is lent, then end it all. Safe to repeat."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for _ in range(self._max):
                    await self._turns.acquire()
        if self._pool is not None:
            self._pool.terminate()
        self._password.close()
        await asyncio.sleep(0)  # The transports hear of their end from the loop.

    async def _wait_for_turn(self, seconds: float) -> None:
        if self._closed:
            raise Unavailable(_CLOSED)
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._turns.acquire()
        except TimeoutError:
            words = f"all {self._max} connections are in use, and none came free in time"
            # Those who have them may be waiting for a database that hangs: that is the news.
            raise Unavailable(f"{words}: {self._trouble}" if self._trouble else words) from None
        finally:
            self._waiting -= 1
        self._taken += 1

    async def _open(self, seconds: float) -> Connection:
        """Return a connection that lives, an old one or a new one."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    # A proxy, which does all that the connection does until it is given back.
                    proxy = await (await self._ready_pool()).acquire()
                    connection = cast("Connection", proxy)
                    if await self._lives(connection):
                        return connection
        except Exception as error:
            words = _CLOSED if self._closed else _why_not_open(error)
            if words is None:
                raise
            self._trouble = words
            raise Unavailable(words) from error

    async def _ready_pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        if self._closed:
            raise Unavailable(_CLOSED)
        if self._pool is None:
            limit = self._statement_seconds
            self._pool = asyncpg.create_pool(
                self._dsn,
                min_size=0,
                max_size=self._max,
                max_inactive_connection_lifetime=_IDLE_SECONDS_MAX,
                connect=self._connect,
                connection_class=Connection,
                timeout=self._connect_seconds,
                command_timeout=limit + GRACE_SECONDS,
                server_settings={"statement_timeout": f"{max(1, round(limit * 1000))}ms"},
            )
        return await self._pool

    async def _connect(self, *arguments: Any, **options: Any) -> Connection:
        # Empty, not None: for that asyncpg looks through the environment and the home folder.
        password = await self._password()
        connection = await asyncpg.connect(*arguments, password=password, **options)
        assert isinstance(connection, Connection)
        connection.answered(time.monotonic())
        return connection

    async def _lives(self, connection: Connection) -> bool:
        """Whether it can be lent; ended if not."""
        began, answered_at = time.monotonic(), connection.answered_at()
        if answered_at < self._failed_at:
            # Another was found dead since: most likely so is this one, and asking takes time.
            end(connection)
            return False
        if began - answered_at <= TRUSTED_SECONDS:
            return True
        try:
            await connection.execute("SELECT 1", timeout=WORD_SECONDS)
        except BaseException as error:
            end(connection)
            if not isinstance(error, Exception):
                raise
            self._failed_at = began
            return False
        return True

    async def _take_back(self, connection: Connection) -> None:
        """Make it ready for the next. What was done with it stands, even if that fails."""
        if is_ended(connection):
            end(connection)
            return
        connection.answered(time.monotonic())
        self._trouble = ""
        assert self._pool is not None
        try:
            with contextlib.suppress(Exception):  # asyncpg has ended it then.
                proxy = cast("PoolConnectionProxy[asyncpg.Record]", connection)
                await self._pool.release(proxy, timeout=self._statement_seconds)
        except asyncio.CancelledError:
            end(connection)
            raise

    async def _take_back_after(
        self, connection: Connection, error: BaseException, lent_at: float
    ) -> None:
        """Take it back from a block that failed, and raise what that means."""
        if not isinstance(error, Exception):
            end(connection)
            raise error
        ended = isinstance(error, TimeoutError) or is_ended(connection)
        if ended:
            self._failed_at = max(self._failed_at, lent_at)
            end(connection)
        else:
            await self._take_back(connection)
        words = why_failed(error, ended=ended)
        if words is None:
            raise error
        self._trouble = words if ended else ""
        lost = ended and not isinstance(error, TimeoutError)
        raise (Lost if lost else Unavailable)(words) from error


def _why_not_open(error: Exception) -> str | None:
    if isinstance(error, TimeoutError) and was_late(error):
        return LATE
    return why_not_connected(error)
