"""Many executions at once against `serve`: tiny ones, waiting ones, a fresh one among them."""

import asyncio
import contextlib
import itertools
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

from benchmarks.workflows.programs import ASLEEP, TINY, WAITING
from benchmarks.workflows.rival import ROOT, rival_server

CLIENTS: Final = 8
TINY_COUNT: Final = 500
WAITING_COUNT: Final = 10_000
FRESH_COUNT: Final = 200
KEPT_COUNT: Final = 500
_PARENT: Final = "/v1/projects/local/locations/us-central1/workflows"
Ask = Callable[[aiohttp.ClientSession, int], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Crowd:
    """One run. Times are in seconds, memory in bytes."""

    tiny: float
    """From the first request until all 500 had succeeded."""
    tiny_theirs: float
    created: float
    """How long 8 clients took to create the 10,000."""
    bytes_each: float
    bytes_after: float
    """What is kept of each once it has been cancelled."""
    fresh_alone: Sequence[float]
    """From the request until it is seen to have succeeded."""
    fresh: Sequence[float]
    """The same among 10,000 that wait."""
    cancelled: float
    kept: Sequence[float]
    """Answers on a kept connection."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Start `serve` with the three workflows; yield its URL and process."""
    for name, text in (("tiny", TINY), ("waiting", WAITING), ("asleep", ASLEEP)):
        (folder / f"{name}.yaml").write_text(text)
    files = [str(folder / f"{name}.yaml") for name in ("tiny", "waiting", "asleep")]
    words = [sys.executable, "-m", "local_cloud.workflows", "serve", "--port", "0", "--no-quotas"]
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen([*words, *files], cwd=ROOT, stdout=log, stderr=log)
        try:
            yield _address(folder / "log", process), psutil.Process(process.pid)
        finally:
            process.kill()
            process.wait()


def _address(log: Path, process: "subprocess.Popen[bytes]") -> str:
    for _ in range(600):
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found and "tiny" in log.read_text():
            return found.group()
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit(f"error: serve did not start: {log.read_text()}")


async def measure() -> Crowd:
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as (url, process):
        async with _clients(url) as clients:
            alone = await _fresh(clients[0])
            tiny = await _tiny(clients)
            kept = [await _timed(_get(clients[0], f"{_PARENT}/tiny")) for _ in range(KEPT_COUNT)]
            before = process.memory_info().rss
            begin = time.perf_counter()
            names = await _shared(clients, _wait, WAITING_COUNT)
            created = time.perf_counter() - begin
            await asyncio.sleep(1)  # Until the last has come to its await.
            waiting = process.memory_info().rss
            among = await _fresh(clients[0])
            begin = time.perf_counter()
            await _shared(clients, lambda one, number: _cancel(one, names[number]), WAITING_COUNT)
            cancelled = time.perf_counter() - begin
            after = process.memory_info().rss
        theirs = await _tiny_theirs(Path(name) / "tiny.yaml")
    return Crowd(
        tiny=tiny,
        tiny_theirs=theirs,
        created=created,
        bytes_each=(waiting - before) / WAITING_COUNT,
        bytes_after=(after - before) / WAITING_COUNT,
        fresh_alone=alone,
        fresh=among,
        cancelled=cancelled,
        kept=kept,
    )


@contextlib.asynccontextmanager
async def _clients(url: str) -> AsyncIterator[list[aiohttp.ClientSession]]:
    """Eight clients with a kept connection each."""
    async with contextlib.AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=1))
            )
            for _ in range(CLIENTS)
        ]


async def _shared(clients: Sequence[aiohttp.ClientSession], ask: Ask, count: int) -> dict[int, Any]:
    """Let all clients work off `count` requests, each one after the other."""
    numbers = itertools.count()
    found: dict[int, Any] = {}

    async def work(client: aiohttp.ClientSession) -> None:
        while (number := next(numbers)) < count:
            found[number] = await ask(client, number)

    await asyncio.gather(*(work(client) for client in clients))
    return found


async def _post(client: aiohttp.ClientSession, path: str, body: Any) -> Any:
    async with client.post(path, json=body) as answer:
        document = await answer.json()
        if answer.status != 200:
            raise SystemExit(f"error: {path}: {answer.status} {document}")
        return document


async def _get(client: aiohttp.ClientSession, path: str) -> Any:
    async with client.get(path) as answer:
        return await answer.json()


async def _timed(asked: Awaitable[Any]) -> float:
    begin = time.perf_counter()
    await asked
    return time.perf_counter() - begin


async def _to_its_end(client: aiohttp.ClientSession, _number: int = 0) -> None:
    body = {"argument": json.dumps({"name": "you"})}
    document = await _post(client, f"{_PARENT}/tiny/executions", body)
    while document["state"] in ("ACTIVE", "QUEUED"):
        document = await _get(client, f"/v1/{document['name']}")
    assert document["result"] == '"hello you"', document


async def _fresh(client: aiohttp.ClientSession) -> list[float]:
    return [await _timed(_to_its_end(client)) for _ in range(FRESH_COUNT)]


async def _tiny(clients: Sequence[aiohttp.ClientSession]) -> float:
    return await _timed(_shared(clients, _to_its_end, TINY_COUNT))


async def _tiny_theirs(path: Path) -> float:
    """The rival answers a POST when the execution has ended."""
    with rival_server(path) as url:

        async def one(client: aiohttp.ClientSession, _number: int) -> None:
            body = {"argument": json.dumps({"args": {"name": "you"}})}
            async with client.post(url, json=body) as answer:
                assert await answer.json() == "hello you", await answer.text()

        async with _clients(url.partition("/v1")[0]) as clients:
            await _until_listening(clients[0], url)
            return await _timed(_shared(clients, one, TINY_COUNT))


async def _until_listening(client: aiohttp.ClientSession, url: str) -> None:
    for _ in range(300):
        with contextlib.suppress(aiohttp.ClientConnectionError):
            await client.get(url)
            return
        await asyncio.sleep(0.1)
    raise SystemExit("error: the rival does not listen")


async def _wait(client: aiohttp.ClientSession, number: int) -> str:
    """Every other one waits for a callback, the others are asleep."""
    which = "waiting" if number % 2 else "asleep"
    document = await _post(client, f"{_PARENT}/{which}/executions", {})
    return str(document["name"])


async def _cancel(client: aiohttp.ClientSession, name: str) -> None:
    document = await _post(client, f"/v1/{name}:cancel", {})
    assert document["state"] == "CANCELLED", document
