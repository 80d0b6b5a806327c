"""Faults on purpose, for demos and drills: what they are, and the layer that commits them.

The choice is pure (`Faults.for_request`: time and randomness are arguments); `FaultLayer` is the
thin ASGI edge. Not here: `crash_at_start`, which is `__main__`'s, and `not_ready`, a check.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from health_service.asgi import ASGIApp, Receive, Scope, Send, is_health_path, send_json


@dataclass(frozen=True, slots=True)
class Injection:
    """What one request has to bear."""

    latency_seconds: float = 0.0
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one instance, as its environment ordered them.

    Errors and latency begin `after_seconds` after the process did, and spare the health routes
    unless `health` is set: a canary that fails its users while its probes stay green is the case
    that a delivery has to catch by its metrics.
    """

    error_ratio: float = 0.0
    latency_seconds: float = 0.0
    after_seconds: float = 0.0
    crash_at_start: bool = False
    not_ready: bool = False
    health: bool = False
    seed: int | None = None

    @property
    def in_requests(self) -> bool:
        """Whether any request can meet one."""
        return self.error_ratio > 0 or self.latency_seconds > 0

    def for_request(self, path: str, uptime_seconds: float, rng: random.Random) -> Injection:
        """Choose what a request to `path` bears. Draws once from `rng` if errors are on."""
        if uptime_seconds < self.after_seconds:
            return Injection()
        if is_health_path(path) and not self.health:
            return Injection()
        fails = self.error_ratio > 0 and rng.random() < self.error_ratio
        return Injection(self.latency_seconds, fails)


class FaultLayer:
    """Commits the faults in front of an ASGI application. `about` stands in each failed answer."""

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults,
        *,
        rng: random.Random,
        uptime: Callable[[], float],
        about: Mapping[str, str] = MappingProxyType({}),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._app = app
        self._faults = faults
        self._rng = rng
        self._uptime = uptime
        self._about = about
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        injection = self._faults.for_request(scope["path"], self._uptime(), self._rng)
        if injection.latency_seconds:
            await self._sleep(injection.latency_seconds)
        if injection.fails:
            await send_json(
                send, 500, {"error": "failed on purpose: FAULT_ERROR_RATIO", **self._about}
            )
            return
        await self._app(scope, receive, send)
