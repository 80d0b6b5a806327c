"""Starts servers and load generators, and puts them on different cores where that is possible."""

import asyncio
import contextlib
import dataclasses
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from benchmarks.health.load import Found, Order
from local_cloud.run.launch import free_port

ROOT: Final = Path(__file__).parents[2]
GIVE_UP_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Cores:
    """Which core serves and which asks; None: the operating system chooses."""

    serving: int | None
    asking: int | None


def choose_cores() -> Cores:
    """Two of those that this process may use. macOS and Windows pin nothing."""
    if not hasattr(os, "sched_setaffinity"):
        return Cores(None, None)
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[0], usable[1]) if len(usable) > 1 else Cores(None, None)


def pin(pid: int, core: int | None) -> None:
    """Keep a process, and what it starts from now on, to one core."""
    if core is not None:
        os.sched_setaffinity(pid, {core})


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this process, and what it starts, to one core until the block ends."""
    if core is None:
        yield
        return
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usable)


@dataclass(frozen=True)
class Server:
    """A server under way."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def wait(self) -> None:
        """Return when it takes connections. Raises RuntimeError with its last words if it ends."""
        end = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), timeout=1),
            ):
                return
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"{self.name} did not start: {self.log.read_text('utf-8')[-2000:]}")

    def body(self, path: str) -> str:
        """Return what it answers. Raises RuntimeError if that is no 200."""
        status, body = _get(self.port, path)
        if status != 200:
            raise RuntimeError(f"{self.name} answers {path} with {status} {body[:200]}")
        return body

    def processor_seconds(self) -> float:
        """What it used since its start."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system


@contextlib.contextmanager
def server(
    name: str, command: Sequence[str], env: Mapping[str, str], log: Path, core: int | None
) -> Iterator[Server]:
    """Start `command`, with a free port as PORT and in place of `{port}`, until the block ends."""
    port = free_port()
    given = {"PATH": os.defpath, "PORT": str(port), "HOST": "127.0.0.1", **env}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [one.format(port=port) for one in command],
            cwd=ROOT, env=given, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        pin(process.pid, core)
        yield Server(name, port, process, log)
    finally:
        process.terminate()
        try:
            process.wait(GIVE_UP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


async def load(order: Order, core: int | None) -> Found:
    """Carry out an order in a process of its own. Raises RuntimeError if it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.health.load", json.dumps(dataclasses.asdict(order)),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        pin(process.pid, core)
        limit = order.seconds + 2 * GIVE_UP_SECONDS
        out, said = await asyncio.wait_for(process.communicate(), limit)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"no load on {order.path}: {said.decode()[-2000:]}")
    return Found(**json.loads(out))
