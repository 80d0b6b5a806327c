"""The three health routes, as a router that any Starlette or FastAPI application can mount.

`/live` says that the process answers and touches nothing else; `/ready` says whether requests are
wanted; `/detailed` is for people and dashboards. What they say of a failure is a check's name and
its own word: never a secret, a host name or a stack trace.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from health_service.health.checks import Checks, Result
from health_service.health.identity import Identity
from health_service.health.lifecycle import Lifecycle, Phase
from health_service.health.usage import UsageMeter

_NO_STORE = {"Cache-Control": "no-store"}
Failure = dict[str, str]


class HealthRouter(Router):
    """Mount it at `/health`.

    `on_change` hears readiness once per change, with the failures (none: ready again): probes
    are many, changes are news.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        checks: Checks,
        lifecycle: Lifecycle,
        uptime: Callable[[], float],
        usage: UsageMeter,
        on_change: Callable[[list[Failure]], None] = lambda _: None,
    ) -> None:
        super().__init__(
            [
                Route("/live", self._live),
                Route("/ready", self._ready),
                Route("/detailed", self._detailed),
            ],
            redirect_slashes=False,
        )
        self._identity = identity
        self._checks = checks
        self._lifecycle = lifecycle
        self._uptime = uptime
        self._usage = usage
        self._on_change = on_change
        self._was_ready = True
        self._who = {"version": identity.version, "revision": identity.revision}

    async def _live(self, _request: Request) -> Response:
        return JSONResponse({"status": "alive", **self._who}, headers=_NO_STORE)

    async def _ready(self, _request: Request) -> Response:
        failed = await self._failures()
        if self._was_ready == bool(failed):
            self._was_ready = not failed
            self._on_change(failed)
        if failed:
            document = {"status": "not ready", "failed": failed, **self._who}
            return JSONResponse(document, 503, headers=_NO_STORE)
        return JSONResponse({"status": "ready", **self._who}, headers=_NO_STORE)

    async def _detailed(self, _request: Request) -> Response:
        results = await self._checks.results()
        return JSONResponse(self._details(results), headers=_NO_STORE)

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

    def _details(self, results: list[Result]) -> dict[str, Any]:
        usage, uptime = self._usage.usage(), self._uptime()
        failed = self._phase_failure() + _failed([one for one in results if one.critical])
        return {
            "status": "not ready" if failed else "ready",
            "phase": str(self._lifecycle.phase),
            "service": self._identity.service,
            **self._who,
            "region": self._identity.region,
            "uptime_seconds": round(uptime, 3),
            "cpu_cores": usage.cpu_cores,
            "cpu_seconds": usage.cpu_seconds,
            "memory_bytes": usage.memory_bytes,
            "checks": [_as_json(result) for result in results],
        }


def _failed(results: list[Result]) -> list[Failure]:
    return [{"check": one.name, "why": one.why} for one in results if not one.healthy]


def _as_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "critical": result.critical,
        "healthy": result.healthy,
        "why": result.why,
        "elapsed_ms": round(result.elapsed_seconds * 1000, 1),
    }
