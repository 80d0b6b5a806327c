"""A real PostgreSQL on loopback: the local cloud's Cloud SQL, and the tests' database.

    async with PostgresServer(folder) as server:
        await server.create_database("shop", "owner", "secret")
        await asyncpg.connect(server.url("shop", "owner"), password="secret")

Not a model of Cloud SQL's API: there is a server, and a password.
"""

import asyncio
import secrets
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from local_cloud.sql.process import PostgresProcess

_CREATE: Final = r"""
select format('create role %I login', :'user')
  where not exists (select from pg_roles where rolname = :'user') \gexec
select format('alter role %I password %L', :'user', :'password') \gexec
select format('create database %I owner %I', :'name', :'user')
  where not exists (select from pg_database where datname = :'name') \gexec
"""
_CHANGE: Final = r"select format('alter role %I password %L', :'user', :'password') \gexec"
_END_CONNECTIONS: Final = """
select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity where usename = :'user';
"""


class PostgresServer:
    """One server with its data in `folder`; the same folder and port after each start.

    Three of `max_connections` are kept for the superuser. Nothing of it outlives this program,
    however that ends. `blocking` has the same calls for code without a loop.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        max_connections: int = 100,
        password: str | None = None,
    ) -> None:
        """Port 0 is any free one. Without a password the superuser gets a random one.

        A folder that has data already keeps the superuser's password of its first start.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.blocking = PostgresProcess(
            folder.resolve(), port, max_connections, password or secrets.token_urlsafe(16)
        )

    @property
    def port(self) -> int:
        """Where it listens; 0 before the first start if any would do."""
        return self.blocking.port

    @property
    def state(self) -> str:
        """`running`, `paused` or `stopped`."""
        return self.blocking.state

    @property
    def pid(self) -> int | None:
        """The postmaster's; None if it was not started."""
        return self.blocking.pid

    @property
    def log(self) -> Path:
        return self.blocking.log

    def url(self, name: str, user: str) -> str:
        """Return a database's URL, without password."""
        where = f"127.0.0.1:{self.port}/{quote(name, safe='')}"
        return f"postgresql://{quote(user, safe='')}@{where}?sslmode=disable"

    def reserve_port(self) -> None:
        """Choose the port now, and keep it from others until the start, where any would do."""
        self.blocking.reserve()

    async def start(self) -> None:
        """Start, or go on, and return when it answers. Raises NoPostgres and NotStarted."""
        await asyncio.to_thread(self.blocking.start)

    async def stop(self) -> None:
        """Shut down; transactions in progress are ended. Safe to repeat."""
        await asyncio.to_thread(self.blocking.stop)

    async def kill(self) -> None:
        """End all of its processes without warning; `start` then recovers. Safe to repeat."""
        await asyncio.to_thread(self.blocking.kill)

    async def pause(self) -> None:
        """Halt it: it accepts connections and never answers."""
        await asyncio.to_thread(self.blocking.pause)

    async def resume(self) -> None:
        await asyncio.to_thread(self.blocking.resume)

    async def restart(self) -> None:
        """Stop and start on the same port."""
        await self.stop()
        await self.start()

    async def create_database(self, name: str, user: str, password: str) -> None:
        """Create a database and the user that owns it. Safe to repeat. Raises SqlFailed."""
        values = {"name": name, "user": user, "password": password}
        await asyncio.to_thread(self.blocking.sql, _CREATE, values)

    async def set_password(self, user: str, password: str) -> None:
        """Change a password; connections that are open stay. Raises SqlFailed."""
        values = {"user": user, "password": password}
        await asyncio.to_thread(self.blocking.sql, _CHANGE, values)

    async def end_connections(self, user: str) -> int:
        """End every connection of a user, as an administrator does; return how many.

        Their places are free again when this returns.
        """
        ended = await asyncio.to_thread(self.blocking.sql, _END_CONNECTIONS, {"user": user})
        return int(ended)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            # A cancelled start goes on in its thread.
            await asyncio.shield(self.kill())
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
