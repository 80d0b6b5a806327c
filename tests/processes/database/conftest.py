"""One PostgreSQL, with a door before it, for all tests of this folder."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Self

import asyncpg
import pytest

from health_service.database.check import database_check
from health_service.database.errors import Unavailable
from health_service.database.pool import Database
from health_service.health.checks import Checks, Result
from local_cloud.sql.server import PostgresServer
from tests.processes.database.door import Door
from tests.processes.service_process import PATIENCE_SECONDS

Run = Callable[[Coroutine[Any, Any, Any]], Any]

USER = "keeper"
NAME = "stock"
PASSWORD = "first-s3cret"
LIMIT_SECONDS = 0.3
"""Of a check that is to feel it."""
SCHEDULING_SECONDS = 5.0
"""What a busy machine may add to any limit. What is meant to be found hangs for much longer."""
POOL_MAX = 2
_OF_THE_USER = f"FROM pg_stat_activity WHERE usename = '{USER}'"


class Place:
    """A server, a door before it, and what is told of them."""

    def __init__(self, folder: Path) -> None:
        self.server = PostgresServer(folder, max_connections=12, password="super-s3cret")
        self.door = Door(lambda: self.server.port)

    def url(self, port: int = 0) -> str:
        """Return the URL of the database, through the door unless another port is given."""
        return f"postgresql://{USER}@127.0.0.1:{port or self.door.port}/{NAME}"

    async def admin(self, sql: str) -> str:
        """Run a script as the superuser, past the door."""
        return await asyncio.to_thread(self.server.blocking.sql, sql, {})

    async def backends(self) -> int:
        """Count the connections that the server has from the user."""
        return int(await self.admin(f"SELECT count(*) {_OF_THE_USER};"))

    async def end_connections(self) -> None:
        """End the user's connections, and wait until the server has done it."""
        assert await self.server.end_connections(USER)
        await self._until_nobody()

    async def settle(self) -> None:
        """Let the server go on, and wait until it has seen that nobody is connected any more."""
        self.door.carry_again()
        await self.server.start()
        # A backend at work looks for its client only afterwards; nobody's fault is left with it.
        await self.admin(f"SELECT pg_terminate_backend(pid) {_OF_THE_USER} AND state = 'active';")
        await self._until_nobody()

    async def _until_nobody(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while left := await self.backends():
            assert time.monotonic() < deadline, f"{left} connections are left"
            await asyncio.sleep(0.01)

    @contextlib.asynccontextmanager
    async def hogged(self) -> AsyncIterator[None]:
        """Use up every connection that the server has for others than its superuser."""
        async with contextlib.AsyncExitStack() as stack:
            with contextlib.suppress(asyncpg.TooManyConnectionsError):
                while True:
                    one = await asyncpg.connect(self.server.url(NAME, "hog"), password="h")
                    stack.callback(one.terminate)
            yield


@pytest.fixture(scope="session")
def loop_runner() -> Iterator[asyncio.Runner]:
    """A loop for all of these tests: what one leaves in it, it is caught with."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def whole_place(
    loop_runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("postgres"))
    stack = contextlib.AsyncExitStack()

    async def begin() -> None:
        await stack.enter_async_context(place.server)
        await stack.enter_async_context(place.door)
        await place.server.create_database(NAME, USER, PASSWORD)
        await place.server.create_database("others", "hog", "h")

    try:
        loop_runner.run(begin())
        yield place
    finally:
        loop_runner.run(stack.aclose())


@pytest.fixture
def run(loop_runner: asyncio.Runner) -> Run:
    return loop_runner.run


@pytest.fixture
def place(whole_place: Place, loop_runner: asyncio.Runner) -> Iterator[Place]:
    """The server and the door as a test finds them. It has to leave no task and no connection."""
    yield whole_place
    loop_runner.run(whole_place.settle())
    left = asyncio.all_tasks(loop_runner.get_loop())
    assert not left, f"tasks are left: {left}"


class Used:
    """A pool with its check, as the service has them.

    The check's limit is short. The pool's are long, but for those that a test wants to feel.
    """

    def __init__(
        self,
        place: Place,
        password: Callable[[], str] = lambda: PASSWORD,
        *,
        url: str = "",
        check_seconds: float = LIMIT_SECONDS,
        **limits: Any,
    ) -> None:
        given = {
            "pool_max": POOL_MAX,
            "connect_seconds": PATIENCE_SECONDS,
            "statement_seconds": PATIENCE_SECONDS,
            "acquire_seconds": PATIENCE_SECONDS,
            **limits,
        }
        self.db = Database(url or place.url(), password, **given)
        self._check_seconds = check_seconds
        self._checks = Checks(time.monotonic)
        check = database_check(
            self.db, time.monotonic, timeout_seconds=check_seconds, cache_seconds=0
        )
        # Its own limit is what is tested: a busy machine would let the one behind it speak.
        self._checks.add(dataclasses.replace(check, timeout_seconds=PATIENCE_SECONDS))

    async def check(self) -> Result:
        """Ask the check, which has to answer within its limit."""
        began = time.monotonic()
        (result,) = await self._checks.results()
        assert time.monotonic() - began < self._check_seconds + SCHEDULING_SECONDS
        return result

    async def well(self) -> Result:
        """Return the first good answer: nothing is in the way, but a busy machine may be late."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (result := await self.check()).healthy:
            assert time.monotonic() < deadline, result.why
        return result

    async def open_all(self) -> None:
        """Open every connection that the pool may have; a busy machine may be late."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.db.stats().idle < POOL_MAX:
            assert time.monotonic() < deadline
            with contextlib.suppress(Unavailable):
                async with self.db.connection(), self.db.connection():
                    pass

    async def ask(self, sql: str = "SELECT 1", *, in_transaction: bool = False) -> Any:
        """Ask the database as a request does."""
        async with self.db.connection() as connection:
            if not in_transaction:
                return await connection.fetchval(sql)
            async with connection.transaction():
                return await connection.fetchval(sql)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._checks.close()
        await self.db.close(0)
