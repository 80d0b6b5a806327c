"""What a service suffers over time, canary or not: error ratio and traffic, tick by tick."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from benchmarks.verdict.latencies import Floats

BEFORE_TICKS: Final = 2160 + 6
"""Six hours before the first shift, and a minute that the shift may cut."""
AFTER_TICKS: Final = 200
"""Three steps, each held as long as allowed, and some room."""


@dataclass(frozen=True)
class Service:
    """Both arrays begin `BEFORE_TICKS` before the first shift."""

    theta: Floats
    """The error ratio of either role."""
    traffic: Floats
    """As a factor of the usual requests per second."""


def calm(_rng: Generator, base: float) -> Service:
    ticks = BEFORE_TICKS + AFTER_TICKS
    return Service(np.full(ticks, base), np.ones(ticks))


def flaky(rng: Generator, base: float) -> Service:
    """Flip between base and 5 %, each for 30 s on average."""
    one = calm(rng, base)
    flips = rng.random(len(one.theta)) < 1.0 - np.exp(-1 / 3)
    bad = (np.cumsum(flips) + rng.integers(2)) % 2 == 1
    return Service(np.where(bad, max(0.05, base), base), one.traffic)


def _with(one: Service, first: int, ticks: int, ratio: float) -> Service:
    theta = one.theta.copy()
    begins = BEFORE_TICKS + first
    theta[begins : begins + ticks] = np.maximum(theta[begins : begins + ticks], ratio)
    return Service(theta, one.traffic)


def bad_minute(first: int, last: int) -> Callable[[Generator, float], Service]:
    """20 % errors for a minute that begins in [first, last)."""

    def suffer(rng: Generator, base: float) -> Service:
        return _with(calm(rng, base), int(rng.integers(first, last)), 6, 0.20)

    return suffer


def burst_of_start(rng: Generator, base: float) -> Service:
    """5 % errors for a minute that begins in the first one."""
    return _with(calm(rng, base), int(rng.integers(0, 6)), 6, 0.05)


def outage(rng: Generator, base: float) -> Service:
    """30 % errors for one to four minutes, after the first shift and over before 100 %."""
    ticks = int(rng.integers(6, 25))
    return _with(calm(rng, base), int(rng.integers(0, 60 - ticks)), ticks, 0.30)


def damaged(ratio: float) -> Callable[[Generator, float], Service]:
    """Errors of both roles from the first shift on."""
    return lambda rng, base: _with(calm(rng, base), 0, AFTER_TICKS, ratio)


def ramp(rng: Generator, base: float) -> Service:
    """Traffic doubles and errors triple in the 900 s of a rollout."""
    one = calm(rng, base)
    grown = np.clip((np.arange(len(one.theta)) - BEFORE_TICKS) / 90, 0.0, 1.0)
    return Service(one.theta * (1 + 2 * grown), one.traffic * (1 + grown))


def traffic_to(factor: float) -> Callable[[Generator, float], Service]:
    """Traffic goes to `factor` within two minutes, beginning in the first ten."""

    def suffer(rng: Generator, base: float) -> Service:
        one = calm(rng, base)
        since = np.arange(len(one.theta)) - BEFORE_TICKS - int(rng.integers(0, 60))
        return Service(one.theta, factor ** np.clip(since / 12, 0.0, 1.0))

    return suffer
