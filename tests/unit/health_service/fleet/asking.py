"""Requests to the fleet's routes without sockets, and databases that answer one thing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from health_service.database.pool import Database
from tests.unit.health_service.conftest import Answer, answered, http_scope


class Unused:
    """A database that must not be asked."""

    @contextlib.asynccontextmanager
    async def connection(self, _limit_seconds: float | None = None) -> AsyncIterator[Any]:
        raise AssertionError("the database was asked")
        yield


@dataclass
class Failing:
    """A database that meets every use with an error."""

    error: Exception

    @contextlib.asynccontextmanager
    async def connection(self, _limit_seconds: float | None = None) -> AsyncIterator[Any]:
        raise self.error
        yield


def as_database(fake: Any) -> Database:
    return cast("Database", fake)


def ask(
    routes: Sequence[Route],
    method: str,
    path: str,
    *,
    query: str = "",
    body: bytes | Sequence[bytes] = b"",
    content_type: str | None = "application/json",
    leaves: bool = False,
) -> Answer:
    """Send a request, its body in one chunk or several; `leaves`: the client goes away behind it."""
    chunks = [body] if isinstance(body, bytes) else list(body)
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": leaves or chunk is not chunks[-1]}
        for chunk in chunks
    ]
    if leaves:
        messages.append({"type": "http.disconnect"})
    headers = [] if content_type is None else [(b"content-type", content_type.encode())]
    app = Starlette(routes=list(routes), exception_handlers={HTTPException: _refusal})
    return asyncio.run(answered(app, http_scope(method, path, headers, query), messages))


async def _refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail.lower()}, error.status_code, headers=error.headers)
