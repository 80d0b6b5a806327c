"""Virtual time for asyncio, and a caller of ASGI applications without sockets."""

import asyncio
import datetime as dt
import json
import random
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from health_service.app import create_app
from health_service.asgi import ASGIApp, Message, Scope
from health_service.health.checks import Check, Details
from health_service.health.lifecycle import Lifecycle
from health_service.logs import Log
from health_service.settings import parse_settings


class _JumpingSelector(selectors.SelectSelector):
    """Never waits: what it was asked to wait, the clock is moved by."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("hangs: no task is ready and no timer is set")
        self.now += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose hours pass in no time, and that raises where a real one would hang."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def block(self, seconds: float) -> None:
        """Let time pass in which the loop does nothing, as code that blocks does."""
        self._jumping.now += seconds


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def http_scope(
    method: str,
    path: str,
    headers: Iterable[tuple[bytes, bytes]] = (),
    query: str = "",
    root_path: str = "",
) -> Scope:
    """Return what a server tells an ASGI application of a request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": root_path,
        "query_string": query.encode(),
        "headers": list(headers),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8080),
    }


async def get(
    app: ASGIApp,
    path: str,
    headers: Mapping[str, str] | None = None,
    query: str = "",
    *,
    method: str = "GET",
    root_path: str = "",
) -> Answer:
    """Ask an ASGI application as a server would; an exception that escapes it is raised."""
    encoded = [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()]
    nothing: Message = {"type": "http.request", "body": b"", "more_body": False}
    return await answered(app, http_scope(method, path, encoded, query, root_path), [nothing])


async def answered(app: ASGIApp, scope: Scope, messages: Iterable[Message]) -> Answer:
    """Return the answer to a request whose body comes in `messages`, the last of them for ever."""
    coming, sent = list(messages), []

    async def receive() -> Message:
        return coming.pop(0) if len(coming) > 1 else coming[0]

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return Answer(
        sent[0]["status"],
        {name.decode(): value.decode() for name, value in sent[0]["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )


@dataclass
class Service:
    """The whole service in process, on the running loop's virtual time."""

    app: ASGIApp
    lifecycle: Lifecycle
    written: list[str] = field(default_factory=list)

    async def get(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        query: str = "",
        method: str = "GET",
    ) -> Answer:
        return await get(self.app, path, headers, query, method=method)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.written]


CONTAINER: Details = {
    "cpu": {"limit_cores": 1},
    "memory": {"limit_bytes": 536_870_912},
    "disk": {"path": "/"},
    "process": {"threads": 3},
}


async def read_container() -> Details:
    """Look at no real container: threads and files know nothing of virtual time."""
    return CONTAINER


def make_service(
    env: Mapping[str, str] | None = None,
    *checks: Check,
    serving: bool = True,
    container: Callable[[], Awaitable[Details]] = read_container,
) -> Service:
    lifecycle = Lifecycle()
    written: list[str] = []
    monotonic = asyncio.get_running_loop().time
    if serving:
        lifecycle.serve()
    app = create_app(
        parse_settings(env or {}),
        lifecycle=lifecycle,
        log=Log(written.append, lambda: dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "INFO"),
        monotonic=monotonic,
        started=monotonic(),
        rng=random.Random(7),
        checks=checks,
        container=container,
    )
    return Service(app, lifecycle, written)


Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def run() -> Run:
    """Run a coroutine in virtual time."""

    def run_virtually(main: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(main)

    return run_virtually


@pytest.fixture
def service() -> Callable[..., Service]:
    """Make the service; to be called on the running loop."""
    return make_service


@pytest.fixture
def ask() -> Callable[..., Coroutine[Any, Any, Answer]]:
    """Send a GET to an ASGI application."""
    return get
