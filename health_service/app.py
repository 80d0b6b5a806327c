"""Puts the service together. Clock, environment and randomness are arguments, never read here."""

import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import asdict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from health_service.asgi import HEALTH_PREFIX, ASGIApp
from health_service.faults import FaultLayer, Faults
from health_service.health.checks import Check, Checks, Unhealthy
from health_service.health.lifecycle import Lifecycle
from health_service.health.router import Failure, HealthRouter
from health_service.health.usage import UsageMeter
from health_service.logs import Log, RequestLog, describe
from health_service.settings import Settings

MESSAGE = "BARQ Fleet Management is running."


def create_app(
    settings: Settings,
    *,
    lifecycle: Lifecycle,
    log: Log,
    monotonic: Callable[[], float],
    started: float,
    rng: random.Random,
    checks: Iterable[Check] = (),
) -> ASGIApp:
    """Build the application.

    `started` is when the process began, in seconds of `monotonic`. `lifecycle` is shared with
    whoever hears the signals.
    """

    def uptime() -> float:
        return monotonic() - started

    registered = Checks(monotonic)
    for check in (*_fault_checks(settings.faults), *checks):
        registered.add(check)
    health = HealthRouter(
        identity=settings.identity,
        checks=registered,
        lifecycle=lifecycle,
        uptime=uptime,
        usage=UsageMeter(uptime),
        on_change=lambda failed: _log_change(log, failed),
    )
    service = _service(settings, health, lifecycle, registered, log)
    who = {"version": settings.identity.version, "revision": settings.identity.revision}
    faulty = FaultLayer(service, settings.faults, rng=rng, uptime=uptime, about=who)
    return RequestLog(faulty, log, monotonic=monotonic, project=settings.project)


def _service(
    settings: Settings, health: HealthRouter, lifecycle: Lifecycle, checks: Checks, log: Log
) -> Starlette:
    identity = settings.identity
    about = {
        "service": identity.service,
        "version": identity.version,
        "revision": identity.revision,
        "message": MESSAGE,
    }

    async def root(_request: Request) -> Response:
        return JSONResponse(about)

    @contextlib.asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        lifecycle.serve()
        facts = {**asdict(identity), "faults": describe(asdict(settings.faults))}
        log.emit("INFO", "service.started", port=settings.port, **facts)
        yield
        lifecycle.stop()
        await checks.close()
        log.emit("INFO", "service.stopped")

    app = Starlette(
        routes=[Route("/", root), Mount(HEALTH_PREFIX, health)],
        lifespan=life,
        exception_handlers={HTTPException: _refusal},
    )
    app.router.redirect_slashes = False  # One address per answer; a redirect would name the host.
    return app


async def _refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail.lower()}, error.status_code, headers=error.headers)


def _fault_checks(faults: Faults) -> list[Check]:
    async def refuse() -> None:
        raise Unhealthy("FAULT_NOT_READY is true")

    return [Check("fault", refuse)] if faults.not_ready else []


def _log_change(log: Log, failed: list[Failure]) -> None:
    if failed:
        log.emit("WARNING", "readiness.lost", failed=failed)
    else:
        log.emit("INFO", "readiness.regained")
