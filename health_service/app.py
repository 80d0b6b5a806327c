"""Puts the service together. Clock, environment and randomness are arguments, never read here."""

import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import asdict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from health_service import openapi
from health_service.asgi import HEALTH_PREFIX, ASGIApp, Receive, Scope, Send, is_health_path
from health_service.faults import FaultLayer, Faults
from health_service.health.callers import ByIdentity, Callers, Nobody, Public
from health_service.health.checks import Check, Checks, Details, Unhealthy
from health_service.health.container import Container
from health_service.health.keys import keys_at
from health_service.health.lifecycle import Lifecycle
from health_service.health.router import Failure, HealthRouter
from health_service.logs import Log, RequestLog, describe
from health_service.settings import CallerSettings, Settings
from health_service.storage import Storage, storage

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
    container: Callable[[], Awaitable[Details]] | None = None,
) -> ASGIApp:
    """Build the application.

    `started` is when the process began, in seconds of `monotonic`. `lifecycle` is shared with
    whoever hears the signals.
    """

    def uptime() -> float:
        return monotonic() - started

    registered = Checks(monotonic)
    stored = storage(settings.database, settings.ready, monotonic)
    for check in (*_fault_checks(settings.faults), *stored.checks, *checks):
        registered.add(check)
    health = HealthRouter(
        identity=settings.identity,
        checks=registered,
        lifecycle=lifecycle,
        uptime=uptime,
        container=container or _container(settings, monotonic).read,
        callers=_callers(settings.callers),
        on_change=lambda failed: _log_change(log, failed),
    )
    service = _service(settings, stored, lifecycle, registered, log)
    who = {"version": settings.identity.version, "revision": settings.identity.revision}
    app = _beside(health, service)
    if settings.faults.in_requests:
        app = FaultLayer(app, settings.faults, rng=rng, uptime=uptime, about=who)
    return RequestLog(app, log, monotonic=monotonic, project=settings.project)


def _beside(health: ASGIApp, service: ASGIApp) -> ASGIApp:
    """Lead health routes past the framework: probes are many, and must be cheap."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_health_path(scope["path"]):
            await health({**scope, "root_path": HEALTH_PREFIX}, receive, send)
        else:
            await service(scope, receive, send)

    return app


def _service(
    settings: Settings, stored: Storage, lifecycle: Lifecycle, checks: Checks, log: Log
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
        await stored.close()
        log.emit("INFO", "service.stopped")

    app = Starlette(
        routes=[Route("/", root), openapi.route(identity.version, HEALTH_PREFIX), *stored.routes],
        lifespan=life,
        # Any other exception is raised again by the framework: the log's layer tells it.
        exception_handlers={HTTPException: _refusal, Exception: _failure},
    )
    app.router.redirect_slashes = False  # One address per answer; a redirect would name the host.
    return app


async def _refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail.lower()}, error.status_code, headers=error.headers)


def _container(settings: Settings, monotonic: Callable[[], float]) -> Container:
    # Cloud Run, which names a revision, keeps what is written in the instance's memory.
    # Source: https://cloud.google.com/run/docs/container-contract#filesystem
    on_cloud_run = settings.identity.revision != "unknown"
    return Container(monotonic, disk_in_memory=True if on_cloud_run else None)


def _callers(settings: CallerSettings) -> Callers:
    if settings.public:
        return Public()
    if not settings.emails:
        return Nobody()
    return ByIdentity(
        settings.emails,
        settings.audience,
        keys_at(settings.keys_url),
        checked_by="platform" if settings.checked_by_platform else "service",
    )


async def _failure(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "internal server error"}, 500)


def _fault_checks(faults: Faults) -> list[Check]:
    async def refuse() -> None:
        raise Unhealthy("FAULT_NOT_READY is true")

    return [Check("fault", refuse)] if faults.not_ready else []


def _log_change(log: Log, failed: list[Failure]) -> None:
    if failed:
        log.emit("WARNING", "readiness.lost", failed=failed)
    else:
        log.emit("INFO", "readiness.regained")
