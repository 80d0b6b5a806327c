"""What is asked of whom."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.health.load import Order
from benchmarks.health.rivals import ALIVE

PER_SECOND: Final = 200.0
LIVE_P99_MS: Final = 50.0
READY_P99_MS: Final = 100.0
LIVE_RATIO: Final = 0.9
FLEET_READS_PER_SECOND: Final = 100.0
FLEET_WRITES_PER_SECOND: Final = 20.0


def _rival(name: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.health.rivals", name, "{port}"]


_OURS: Final = [sys.executable, "-m", "health_service"]
IDENTITY: Final = {
    "SERVICE_VERSION": ALIVE["version"],
    "K_REVISION": ALIVE["revision"],
    "DETAILED_CALLERS": "public",
}
SERVERS: Final[Mapping[str, tuple[list[str], Mapping[str, str]]]] = {
    "ours": (_OURS, IDENTITY),
    "ours, uncached": (_OURS, {**IDENTITY, "READY_CACHE_MS": "0"}),
    "bare": (_rival("bare"), {}),
    "fastapi-health": (_rival("fastapi-health"), {}),
    "fastapi-healthchecks": (_rival("fastapi-healthchecks"), {}),
    "canned": (_rival("canned"), {}),
}
"""Each server's command and its own part of the environment."""


@dataclass(frozen=True, slots=True)
class Case:
    """A route of a server, as the table names it."""

    name: str
    server: str
    path: str


LIVE: Final = (
    Case("`/health/live`", "ours", "/health/live"),
    Case("bare Starlette route", "bare", "/health/live"),
    Case("fastapi-health, `async def` condition", "fastapi-health", "/health/live"),
    Case("fastapi-health, `def` condition as in its README", "fastapi-health", "/health/live_def"),
    Case("fastapi-healthchecks", "fastapi-healthchecks", "/health/live"),
)
"""The first is ours; the bars are against the second."""
READY: Final = (
    Case("`/health/ready`, answers kept for 1 s", "ours", "/health/ready"),
    Case("`/health/ready`, `READY_CACHE_MS=0`", "ours, uncached", "/health/ready"),
    Case("fastapi-health, our pool", "fastapi-health", "/health/ready"),
    Case("fastapi-healthchecks, our pool", "fastapi-healthchecks", "/health/ready"),
    Case("fastapi-healthchecks, its own check", "fastapi-healthchecks", "/health/ready_own"),
)
CEILING: Final = Case("canned bytes", "canned", "/")


@dataclass(frozen=True, slots=True)
class Steady:
    """A route of ours at the fixed rate, and what its 99th percentile has to stay under."""

    case: Case
    p99_ms_max: float
    beside_fleet: bool


STEADY: Final = tuple(
    Steady(case, limit, beside)
    for beside in (False, True)
    for case, limit in ((LIVE[0], LIVE_P99_MS), (READY[0], READY_P99_MS), (READY[1], READY_P99_MS))
)


def fleet_orders(port: int, seconds: float, first_number: int) -> list[Order]:
    """What users of the fleet's routes ask meanwhile; each vehicle needs a number of its own."""
    reads = Order(port, "/vehicles", seconds, 8, FLEET_READS_PER_SECOND, seed=2)
    vehicle = '{"vin": "BENCHNUMBER", "name": "Van NUMBER"}'
    writes = Order(
        port, "/vehicles", seconds, 8, FLEET_WRITES_PER_SECOND, 3, "POST", vehicle, first_number
    )
    return [reads, writes]
