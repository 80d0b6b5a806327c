"""All that is measured, under way: PostgreSQL, the service twice, the rivals; and the measuring."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.health.cases import SERVERS, Case, Steady, fleet_orders
from benchmarks.health.load import Found, Order
from benchmarks.health.serving import (
    GIVE_UP_SECONDS,
    POLL_SECONDS,
    ROOT,
    Cores,
    Server,
    choose_cores,
    load,
    pinned,
    server,
)
from local_cloud.sql.server import PostgresServer

_PASSWORD: Final = "of-the-benchmark"
_NUMBERS: Final = 1_000_000
"""More vehicles than one case creates."""


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of a case at saturation."""

    per_second: float
    processor_us: float
    """The server process's own, for one answer."""
    asking_ratio: float
    """Which share of its core the load generator used."""


class Stage:
    """Made by `stage`."""

    def __init__(self, servers: Mapping[str, Server], cores: Cores) -> None:
        self.servers = servers
        self.cores = cores
        self._first_number = 0

    async def saturate(self, case: Case, seconds: float) -> Round:
        """Ask on all connections. Raises RuntimeError if one answer is wrong."""
        serving = self.servers[case.server]
        order = Order(serving.port, case.path, seconds, body=serving.body(case.path))
        used = serving.processor_seconds()
        found = await load(order, self.cores.asking)
        used = serving.processor_seconds() - used
        if found.failures:
            raise RuntimeError(f"{case.name}: {found.failures} of {found.answers} were wrong")
        return Round(
            found.answers / found.seconds,
            used / found.in_all * 1e6,
            found.processor_seconds / found.seconds,
        )

    async def rounds(
        self, cases: Sequence[Case], count: int, seconds: float
    ) -> dict[str, list[Round]]:
        """Let the cases take turns; each round begins with another one."""
        found: dict[str, list[Round]] = {case.name: [] for case in cases}
        for number in range(count):
            first = number % len(cases)
            for case in (*cases[first:], *cases[:first]):
                one = await self.saturate(case, seconds)
                found[case.name].append(one)
                _tell(f"{case.name}: {one.per_second:,.0f}/s, {one.processor_us:.0f} us each")
        return found

    async def steady(self, steady: Steady, per_second: float, seconds: float) -> Found:
        """Ask at a fixed rate, and the fleet's routes of the same server if the case says so."""
        serving = self.servers[steady.case.server]
        path = steady.case.path
        order = Order(serving.port, path, seconds, per_second=per_second, body=serving.body(path))
        if not steady.beside_fleet:
            found = await load(order, self.cores.asking)
        else:
            found = await self._beside_fleet(order)
        _tell(f"{steady.case.name} at {per_second:g}/s: {found.answers} answers")
        return found

    async def _beside_fleet(self, order: Order) -> Found:
        """Ask while others do, from before the first request to after the last."""
        self._first_number += _NUMBERS
        head_start = order.seconds / 10
        seconds = order.seconds + 3 * head_start
        fleet = fleet_orders(order.port, seconds, self._first_number)
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(load(one, self.cores.asking)) for one in fleet]
            await asyncio.sleep(head_start)
            found = await load(order, self.cores.asking)
        wrong = sum(one.result().failures for one in beside)
        if wrong:
            raise RuntimeError(f"{wrong} requests to the fleet's routes failed")
        return found


@contextlib.asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Start everything, and end it. Raises RuntimeError if something does not start."""
    cores = choose_cores()
    # What this process starts inherits its core, so PostgreSQL shares one with the asker.
    with pinned(cores.asking):
        async with _database(folder / "postgres") as database:
            with _servers(folder, database, cores) as servers:
                yield Stage(servers, cores)


@contextlib.contextmanager
def _servers(
    folder: Path, database: Mapping[str, str], cores: Cores
) -> Iterator[Mapping[str, Server]]:
    with contextlib.ExitStack() as running:
        servers = {
            name: running.enter_context(
                server(name, command, {**database, **env}, folder / name, cores.serving)
            )
            for name, (command, env) in SERVERS.items()
        }
        for one in servers.values():
            one.wait()
        for name in ("ours", "ours, uncached"):
            _wait_for_database(servers[name])
        yield servers


@contextlib.asynccontextmanager
async def _database(folder: Path) -> AsyncIterator[Mapping[str, str]]:
    """Start PostgreSQL with the service's schema, and yield the settings for it."""
    async with PostgresServer(folder) as postgres:
        await postgres.create_database("fleet", "fleet", _PASSWORD)
        database = {
            "DATABASE_URL": postgres.url("fleet", "fleet"),
            "DATABASE_PASSWORD": _PASSWORD,
        }
        await _migrate(database)
        yield database


async def _migrate(database: Mapping[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "health_service.migrate",
        cwd=ROOT, env=database, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the schema was not brought up: {said.decode()[-2000:]}")


def _wait_for_database(ours: Server) -> None:
    """A readiness without its database would be measured as a very fast one."""
    end = time.monotonic() + GIVE_UP_SECONDS
    while True:
        checks = json.loads(ours.body("/health/detailed"))["checks"]
        if any(one["name"] == "database" and one["healthy"] for one in checks):
            return
        if time.monotonic() > end:
            raise RuntimeError(f"the service has no healthy database: its checks are {checks}")
        time.sleep(POLL_SECONDS)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
