"""What the service is measured beside, served by the same uvicorn with the same settings.

python -m benchmarks.health.rivals NAME PORT, with DATABASE_URL and DATABASE_PASSWORD

Each package is set up as its README shows: one healthy condition for liveness, PostgreSQL for
readiness. Both packages run their checks at every request.
"""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, cast

import asyncpg
import uvicorn
from fastapi import FastAPI
from fastapi_health import health
from fastapi_healthchecks.api.router import HealthcheckRouter, Probe
from fastapi_healthchecks.checks import Check, CheckResult
from fastapi_healthchecks.checks.postgres import PostgreSqlCheck
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from health_service.server import BACKLOG, UVICORN

ALIVE: Final = {"status": "alive", "version": "1.0.0", "revision": "bench-00001-abc"}
"""What our `/health/live` says, too: the bare route answers the same document."""
POOL_MAX: Final = 5
"""The service's own default."""
App = Callable[..., Any]


class Pool:
    """The service's driver and pool size, for the rivals' readiness."""

    def __init__(self, url: str, password: str) -> None:
        self._url = url
        self._password = password
        self._pool: Any = None

    @contextlib.asynccontextmanager
    async def life(self, _app: Any) -> AsyncIterator[None]:
        if not self._url:
            yield
            return
        self._pool = await asyncpg.create_pool(
            self._url, password=self._password, min_size=POOL_MAX, max_size=POOL_MAX
        )
        async with self._pool:
            yield

    async def select_one(self) -> bool:
        return bool(await self._pool.fetchval("SELECT 1") == 1)


def bare(_pool: Pool) -> App:
    """The least that Starlette can do."""

    async def live(_request: Request) -> JSONResponse:
        return JSONResponse(ALIVE)

    return Starlette(routes=[Route("/health/live", live)])


def fastapi_health(pool: Pool) -> App:
    """Kludex's package: conditions are dependencies of FastAPI."""

    async def alive() -> bool:
        return True

    def alive_in_thread() -> bool:
        return True

    async def database() -> bool:
        return await pool.select_one()

    app = FastAPI(lifespan=pool.life)
    app.add_api_route("/health/live", health([alive]))  # type: ignore[list-item]  # FastAPI awaits it.
    app.add_api_route("/health/live_def", health([alive_in_thread]))
    app.add_api_route("/health/ready", health([database]))  # type: ignore[list-item]
    return app


class Alive(Check):
    """The README's custom check, for nothing."""

    async def __call__(self) -> CheckResult:
        return CheckResult(name="alive", passed=True)


class ThroughPool(Check):
    """The same pool as everybody: what its own check of PostgreSQL does not have."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __call__(self) -> CheckResult:
        return CheckResult(name="PostgreSQL", passed=await self._pool.select_one())


def fastapi_healthchecks(pool: Pool) -> App:
    """RockITSoft's package: probes are routes, checks are objects."""
    url, password = os.environ.get("DATABASE_URL", ""), os.environ.get("DATABASE_PASSWORD", "")
    own = PostgreSqlCheck.from_url(url.replace("@", f":{password}@").partition("?")[0])
    app = FastAPI(lifespan=pool.life)
    app.include_router(
        HealthcheckRouter(
            Probe(name="live", checks=[Alive()]),
            Probe(name="ready", checks=[ThroughPool(pool)]),
            Probe(name="ready_own", checks=[own]),
        ),
        prefix="/health",
    )
    return app


_CANNED: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n\r\nok"


class Canned(asyncio.Protocol):
    """The same bytes to whatever comes: what the load generator can ask of at most."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is no subclass.

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(_CANNED)


async def _serve_canned(listener: socket.socket) -> None:
    server = await asyncio.get_running_loop().create_server(Canned, sock=listener)
    await server.serve_forever()


APPS: Final = {
    "bare": bare,
    "fastapi-health": fastapi_health,
    "fastapi-healthchecks": fastapi_healthchecks,
}


def main() -> None:
    name, port = sys.argv[1], int(sys.argv[2])
    listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    if name == "canned":
        import uvloop  # noqa: PLC0415 - the others get it from uvicorn.

        uvloop.run(_serve_canned(listener))
        return
    pool = Pool(os.environ.get("DATABASE_URL", ""), os.environ.get("DATABASE_PASSWORD", ""))
    # One process, no thread: one core each.
    config = uvicorn.Config(APPS[name](pool), loop="uvloop", http="httptools", **UVICORN)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
