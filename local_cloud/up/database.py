"""The database of `up`: one for each target's service, or a sentence on why there is none."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from local_cloud.installing import Variables
from local_cloud.kit.errors import Refused
from local_cloud.run.resources import ServiceKey
from local_cloud.secrets.model import SecretManagerModel
from local_cloud.sql.binaries import NoPostgres
from local_cloud.sql.databases import PROBLEMS, Databases
from local_cloud.up.delivery import Target

STATES: Final = ("running", "stopped", "paused")


class UpDatabase:
    """Planned before the services are created, started while the functions are."""

    def __init__(
        self, folder: Path, package: Path, make: Callable[[Path, Path], Databases] = Databases
    ) -> None:
        """`make` raises NoPostgres where there is none."""
        self._databases: Databases | None = None
        self._missing = ""
        try:
            self._databases = make(folder, package)
        except NoPostgres as error:
            self._missing = _sentence(error)

    def plan(
        self, targets: Sequence[Target], secret_manager: SecretManagerModel
    ) -> dict[ServiceKey, Variables]:
        """Return what each service's template needs for its database."""
        found: dict[ServiceKey, Variables] = {}
        for one in targets:
            if self._databases is not None and one.key not in found:
                name = f"{one.service}_{one.name}".replace("-", "_")
                found[one.key] = self._databases.plan(one.key, name, secret_manager)
        return found

    async def start(self) -> None:
        """Start what was planned. What goes wrong is told by `line`: the rest works without."""
        if self._databases is not None:
            try:
                await self._databases.start()
            except PROBLEMS as error:
                self._missing = _sentence(error)

    async def close(self) -> None:
        """End it. Safe to repeat."""
        if self._databases is not None:
            await self._databases.close()

    @property
    def there(self) -> bool:
        """Whether services can use it."""
        return not self._missing

    @property
    def line(self) -> str:
        """What a person is told of it when all is up."""
        if self._databases is None:
            return f"none: {self._missing}"
        if self._missing:
            return f"not all there: {self._missing}"
        server = self._databases.server
        return f"PostgreSQL at 127.0.0.1:{server.port}: {', '.join(self._databases.planned)}"

    def overview(self) -> dict[str, Any]:
        """Return what `/local` tells: no password, but the secret that holds it."""
        if self._databases is None:
            return {"state": "none", "why": self._missing}
        server = self._databases.server
        planned = self._databases.planned.values()
        found = {
            "state": server.state,
            "pid": server.pid,
            "log": str(server.log),
            "databases": [
                {"service": one.key.resource, "url": one.url, "secret": one.secret}
                for one in planned
            ],
        }
        return found | ({"why": self._missing} if self._missing else {})

    def change(self, document: Any) -> dict[str, Any]:
        """Begin to bring it into a state; `/local` tells when it is there. Raises Refused."""
        state = document.get("state") if isinstance(document, dict) else None
        if state not in STATES:
            raise Refused("INVALID_ARGUMENT", f"state is {state}: must be {', '.join(STATES)}.")
        if self._databases is None:
            raise Refused("FAILED_PRECONDITION", f"There is no database: {self._missing}")
        before = self._databases.server.state
        self._databases.change(state)
        return {"asked": state, "state": before}


def _sentence(error: Exception) -> str:
    return str(error).removeprefix("error: ").partition("\n")[0]
