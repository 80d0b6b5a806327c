"""The three health routes as a plain ASGI application, to be mounted at any prefix or used bare.

`/live` says that the process answers and touches nothing else; `/ready` says whether requests are
wanted; `/detailed` is for people and dashboards. What they say of a failure is a check's name and
its own word: never a secret, a host name or a stack trace.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from health_service.health.answers import Answer, Receive, Scope, Send, error
from health_service.health.callers import Callers
from health_service.health.checks import JSON, Check, Checks, Details, Result
from health_service.health.identity import Identity
from health_service.health.lifecycle import Lifecycle, Phase

PARTS: Final = ("cpu", "memory", "disk", "process")
"""What `container` is asked for; one that it does not give is told as null."""
# A reader with a limit of its own keeps it; this one is for a reader that has none.
_CONTAINER_SECONDS: Final = 1.5
_NOT_FOUND: Final = error(404, "not found")
_NOT_ALLOWED: Final = error(405, "method not allowed", [(b"allow", b"GET, HEAD")])

Failure: TypeAlias = dict[str, str]
Route: TypeAlias = Callable[[Scope], Awaitable[Answer]]


class HealthRouter:
    """Mount it with Starlette's `Mount` or FastAPI's `app.mount`.

    `uptime` tells seconds. `on_change` hears readiness once per change, with the failures (none:
    ready again): probes are many, changes are news, and a start is none. Bare, it takes the
    lifecycle from the server; mounted, the application calls `serve`, `stop` and `checks.close`.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        checks: Checks,
        lifecycle: Lifecycle,
        uptime: Callable[[], float],
        container: Callable[[], Awaitable[Details]],
        callers: Callers,
        on_change: Callable[[list[Failure]], None] = lambda _: None,
    ) -> None:
        self._identity = identity
        self._checks = checks
        self._lifecycle = lifecycle
        self._uptime = uptime
        self._callers = callers
        self._on_change = on_change
        self._was_ready = True
        self._who = {"version": identity.version, "revision": identity.revision}
        self._ready_answer = Answer(200, {"status": "ready", **self._who})
        self._routes: Mapping[str, Answer | Route] = {
            "/live": Answer(200, {"status": "alive", **self._who}),
            "/ready": self._ready,
            "/detailed": self._detailed,
        }
        # A look at the container may hang as a dependency may, and is treated as one.
        self._container = Checks(uptime)
        look = Check("container", container, _CONTAINER_SECONDS, cache_seconds=0)
        self._container.add(look)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        method = scope["method"]
        route = self._routes.get(_path(scope))
        if route is None:
            answer = _NOT_FOUND
        elif method not in ("GET", "HEAD"):
            answer = _NOT_ALLOWED
        else:
            answer = route if isinstance(route, Answer) else await route(scope)
        await answer.send(send, body=method != "HEAD")

    async def _ready(self, _scope: Scope) -> Answer:
        failed = await self._failures()
        self._tell(failed)
        if failed:
            return Answer(503, {"status": "not ready", "failed": failed, **self._who})
        return self._ready_answer

    async def _failures(self) -> list[Failure]:
        failed = self._phase_failure()
        if failed:
            return failed  # Nothing else matters, and a dependency may be half closed already.
        failed = _failed(await self._checks.results(critical_only=True))
        # The end may have begun while the checks ran.
        return self._phase_failure() or failed

    def _phase_failure(self) -> list[Failure]:
        phase = self._lifecycle.phase
        return [] if phase is Phase.SERVING else [{"check": "lifecycle", "why": str(phase)}]

    def _tell(self, failed: list[Failure]) -> None:
        """Report a change. Who asked first is answered first: they wait for the same runs."""
        if self._lifecycle.phase is Phase.STARTING:
            return
        if self._was_ready == bool(failed):
            self._was_ready = not failed
            self._on_change(failed)

    async def _detailed(self, scope: Scope) -> Answer:
        refusal = await self._callers.refusal(scope["headers"])
        if refusal is not None:
            return refusal
        results, [container] = await asyncio.gather(
            self._checks.results(), self._container.results()
        )
        return Answer(200, self._details(results, container.details))

    def _details(self, results: list[Result], container: Details) -> dict[str, Any]:
        failed = self._phase_failure() + _failed([one for one in results if one.critical])
        parts = {name: container.get(name) for name in PARTS}
        return {
            "status": "not ready" if failed else "ready",
            "phase": str(self._lifecycle.phase),
            "service": self._identity.service,
            **self._who,
            "region": self._identity.region,
            "environment": self._identity.environment,
            "uptime_seconds": round(self._uptime(), 3),
            **{name: part if isinstance(part, Mapping) else None for name, part in parts.items()},
            "checks": [_as_json(result) for result in results],
        }

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a WebSocket; as the whole application, begin and end with the server."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] == "lifespan":
            await receive()
            self._lifecycle.serve()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self._lifecycle.stop()
            await self._checks.close()
            await send({"type": "lifespan.shutdown.complete"})


def _path(scope: Scope) -> str:
    """Return the path below the mount. `root_path` says where that is, and `path` is whole.

    Except behind a proxy that took its own prefix off `path`: then only the mount's own part of
    `root_path` stands there.
    Source: https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
    """
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    for prefix in (root, root.removeprefix(scope.get("app_root_path", ""))):
        if prefix and path.startswith(prefix + "/"):
            return path[len(prefix) :]
    return path


def _failed(results: list[Result]) -> list[Failure]:
    return [{"check": one.name, "why": one.why} for one in results if not one.healthy]


def _as_json(result: Result) -> dict[str, JSON]:
    return {
        "name": result.name,
        "critical": result.critical,
        "healthy": result.healthy,
        "why": result.why,
        "elapsed_ms": round(result.elapsed_seconds * 1000, 1),
        "details": result.details,
    }
