"""The PostgreSQL of the local cloud: real, and nothing of it is left."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from local_cloud.sql.server import PostgresServer

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
DIES = """
import asyncio, pathlib, sys
from local_cloud.sql.server import PostgresServer
async def main():
    server = PostgresServer(pathlib.Path(sys.argv[1]), password="super")
    await server.start()
    if sys.argv[2] == "paused":
        await server.pause()
    print(server.blocking.pid, server.port, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@contextlib.asynccontextmanager
async def served(folder: Path, max_connections: int = 20) -> AsyncIterator[PostgresServer]:
    server = PostgresServer(folder, max_connections=max_connections, password="super")
    async with server:
        await server.create_database("things", "owner", "first")
        yield server


async def ask(server: PostgresServer, password: str = "first", seconds: float = 60) -> int:
    connection = await asyncpg.connect(
        server.url("things", "owner"), password=password, timeout=seconds
    )
    try:
        return int(await connection.fetchval("select 41 + 1"))
    finally:
        await connection.close()


async def take(server: PostgresServer, taken: list[asyncpg.Connection], count: int) -> None:
    for _ in range(count):
        url = server.url("things", "owner")
        taken.append(await asyncpg.connect(url, password="first"))


def family(pid: int | None) -> list[psutil.Process]:
    assert pid is not None
    postmaster = psutil.Process(pid)
    return [postmaster, *postmaster.children(recursive=True)]


def ended(processes: list[psutil.Process]) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not any(one.is_running() and one.status() != "zombie" for one in processes):
            return True
        time.sleep(0.02)
    return False


def test_a_port_that_is_told_before_the_start_is_kept_from_others(tmp_path):
    server = PostgresServer(tmp_path)

    server.reserve_port()

    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", server.port))
    server.blocking.stop()
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))


def test_its_owner_needs_the_password_and_may_create_tables(tmp_path):
    async def story() -> None:
        async with served(tmp_path) as server:
            await server.create_database("things", "owner", "first")
            connection = await asyncpg.connect(server.url("things", "owner"), password="first")
            await connection.execute("create table thing (id int)")
            await connection.close()
            with pytest.raises(asyncpg.InvalidPasswordError):
                await ask(server, "wrong")
            await server.set_password("owner", "o'ther \\ \" :'x'")
            assert await ask(server, "o'ther \\ \" :'x'") == 42
        assert server.state == "stopped"

    asyncio.run(story())


def test_it_is_on_the_same_port_after_a_stop_and_after_a_kill(tmp_path):
    async def story() -> None:
        async with served(tmp_path) as server:
            port = server.port
            await server.restart()
            assert (await ask(server), server.port) == (42, port)
            processes = family(server.blocking.pid)
            await server.kill()
            assert ended(processes)
            with pytest.raises(OSError):
                await ask(server)
            await server.start()
            assert (await ask(server), server.port) == (42, port)

    asyncio.run(story())


def test_a_paused_server_says_nothing_until_it_goes_on(tmp_path):
    async def story() -> None:
        async with served(tmp_path) as server:
            await server.pause()
            assert server.state == "paused"
            with pytest.raises(TimeoutError):
                await ask(server, seconds=0.3)
            await server.resume()
            assert await ask(server) == 42
            await server.pause()

    asyncio.run(story())


def test_it_runs_out_of_connections(tmp_path):
    """Of five, three are the superuser's, and one of his may just be about to end."""

    async def story() -> None:
        async with served(tmp_path, max_connections=5) as server:
            taken: list[asyncpg.Connection] = []
            with pytest.raises(asyncpg.TooManyConnectionsError):
                await take(server, taken, 3)
            assert await server.end_connections("owner") == len(taken) > 0
            for connection in taken:
                connection.terminate()
            assert await ask(server) == 42

    asyncio.run(story())


@pytest.mark.parametrize("state", ["running", "paused"])
def test_nothing_of_it_outlives_a_killed_program(tmp_path, state):
    program = subprocess.Popen(
        [sys.executable, "-c", DIES, str(tmp_path), state],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with program:
        assert program.stdout is not None
        pid = int(program.stdout.readline().split()[0])
        processes = family(pid)
        program.send_signal(signal.SIGKILL)
    assert len(processes) > 3
    assert ended(processes)

    async def again() -> None:
        async with served(tmp_path) as server:
            assert await ask(server) == 42

    asyncio.run(again())
