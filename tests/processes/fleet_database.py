"""Fresh databases for the fleet on one real server, and the migrator as the process that it is."""

import asyncio
import contextlib
import itertools
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import asyncpg

from health_service.database.pool import Database
from health_service.migrations.limits import Limits
from health_service.migrations.upgrade import Outcome, Tell, upgrade
from local_cloud.sql.server import PostgresServer
from tests.processes.service_process import PATIENCE_SECONDS, migrator

USER, PASSWORD = "fleet", "s3cret-of-the-tests"
QUICK = Limits(lock_seconds=0.2, attempts_max=10, pause_seconds=0.05, turn_seconds=60)
"""Short waits, and so many of them that no machine is too busy."""


@dataclass
class Fresh:
    """A database in which nothing stands yet."""

    url: str
    told: list[str] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url, "DATABASE_PASSWORD": PASSWORD}

    async def connect(self, limits: Limits | None = None) -> asyncpg.Connection:
        settings = limits.settings() if limits else {}
        return await asyncpg.connect(self.url, password=PASSWORD, server_settings=settings)

    def pool(self) -> Database:
        return Database(
            self.url,
            lambda: PASSWORD,
            pool_max=4,
            connect_seconds=PATIENCE_SECONDS,
            statement_seconds=PATIENCE_SECONDS,
            acquire_seconds=PATIENCE_SECONDS,
        )

    async def upgrade(self, target: str = "head", tell: Tell = lambda _: None) -> Outcome:
        def told(line: str) -> None:
            self.told.append(line)
            tell(line)

        return await upgrade(lambda: self.connect(QUICK), QUICK, told, target)

    def migrator(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start the migrator on it."""
        return migrator({**self.env, **env}, *arguments)

    async def migrate(self, *arguments: str, **env: str) -> tuple[int, str, str]:
        """Run it to its end; return status, standard output and standard error."""
        process = self.migrator(*arguments, **env)
        out, err = await asyncio.to_thread(process.communicate, timeout=2 * PATIENCE_SECONDS)
        return process.returncode, out, err


class FreshDatabases:
    """Makes them, on a server that is shared."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._numbers: Iterator[int] = itertools.count(1)

    def __call__(self) -> Fresh:
        name = f"fleet_{next(self._numbers)}"
        asyncio.run(self.server.create_database(name, USER, PASSWORD))
        return Fresh(self.server.url(name, USER))


@contextlib.asynccontextmanager
async def connected(database: Fresh) -> AsyncIterator[asyncpg.Connection]:
    connection = await database.connect()
    try:
        yield connection
    finally:
        connection.terminate()


async def version(connection: asyncpg.Connection) -> object:
    return await connection.fetchval("SELECT version_num FROM alembic_version")


async def until(
    condition: Callable[[], Awaitable[object]], seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - there is no event between processes.
            await asyncio.sleep(0.02)
