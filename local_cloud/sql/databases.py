"""What Terraform and the build do around a database: one for each service, and its schema.

Each service gets a database and a user of its own on one server, the URL as a variable, and the
password as a secret.
"""

import asyncio
import contextlib
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_cloud.fronts.environment import clean_environment
from local_cloud.installing import Variables
from local_cloud.run.resources import ServiceKey
from local_cloud.secrets.model import SecretManagerModel
from local_cloud.sql import binaries
from local_cloud.sql.process import NotStarted, SqlFailed
from local_cloud.sql.server import PostgresServer


class NotMigrated(Exception):
    """A migration failed; the text is its own."""


PROBLEMS: Final = (NotStarted, SqlFailed, NotMigrated)
"""What may come of a start, each with words for a person."""


@dataclass(frozen=True, slots=True)
class Database:
    """One service's. The user has the database's name."""

    key: ServiceKey
    name: str
    url: str
    password: str
    secret: str
    """The full name of the secret that holds the password."""


class Databases:
    """The databases of some services, on one server.

    `plan` them, so that services can be created; then `start`, which may take place meanwhile.
    """

    def __init__(self, folder: Path, package: Path) -> None:
        """`package` is the services' Python package; its `migrate` module makes the schema.

        Raises NoPostgres.
        """
        binaries.command("postgres")
        self._folder = folder
        self._package = package
        self.server = PostgresServer(folder)
        # Services are told its URL before it has started.
        self.server.reserve_port()
        self.planned: dict[str, Database] = {}
        """By name."""
        self._changing: asyncio.Task[None] | None = None

    def plan(self, key: ServiceKey, name: str, secret_manager: SecretManagerModel) -> Variables:
        """Say which database a service will have; return what its template needs for it."""
        parent = f"projects/{key.project}"
        secret = f"{name.replace('_', '-')}-database-password"
        url, password = self.server.url(name, name), secrets.token_urlsafe(16)
        database = Database(key, name, url, password, f"{parent}/secrets/{secret}")
        self.planned[name] = database
        secret_manager.create(parent, secret, {"automatic": {}})
        secret_manager.add(database.secret, password.encode())
        return Variables({"DATABASE_URL": database.url}, {"DATABASE_PASSWORD": secret})

    async def start(self) -> None:
        """Start the server, create each database, and bring its schema up.

        Raises one of PROBLEMS.
        """
        await self.server.start()
        for one in self.planned.values():
            await self.server.create_database(one.name, one.name, one.password)
            await self._migrate(one)

    def change(self, state: str) -> None:
        """Begin to bring the server into a state: `running`, `stopped` or `paused`.

        Changes are made one after the other.
        """
        before = self._changing

        async def change() -> None:
            if before is not None:
                await before
            await self._bring(state)

        self._changing = asyncio.get_running_loop().create_task(change())

    async def settled(self) -> None:
        """Wait until every change that was begun is made."""
        if self._changing is not None:
            await self._changing

    async def close(self) -> None:
        """End the server. Safe to repeat, and before or during `start`."""
        with contextlib.suppress(asyncio.CancelledError):
            await self.settled()
        await self.server.stop()

    async def _bring(self, state: str) -> None:
        match state:
            case "running":
                with contextlib.suppress(NotStarted):  # The state and the log tell it.
                    await self.server.start()
            case "stopped":
                await self.server.stop()
            case "paused":
                await self.server.pause()
            case _:
                raise AssertionError(state)

    async def _migrate(self, database: Database) -> None:
        if not (self._package / "migrate.py").exists():
            return
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        variables = {"DATABASE_URL": database.url, "DATABASE_PASSWORD": database.password}
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", f"{self._package.name}.migrate"],
            cwd=self._package.parent,
            env=clean_environment(variables, home=home),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotMigrated(f"error: the schema of {database.name} is not there\n{done.stderr}")
