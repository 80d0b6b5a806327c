"""The scenarios of analysis.md, section 7: what the service suffers, and what the canary adds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.random import Generator

from benchmarks.verdict.latencies import LONG, USUAL, Floats, Latencies
from benchmarks.verdict.service import (
    Service,
    bad_minute,
    burst_of_start,
    calm,
    damaged,
    flaky,
    outage,
    ramp,
    traffic_to,
)

Kind = Literal["healthy", "errors", "latency", "other"]


class Moments(NamedTuple):
    """Where errors are asked for: one entry a tick, in arrays of one shape."""

    wall: Any
    """Ticks since the first shift."""
    step: Any
    percent: Any
    age: Any
    """Ticks since the step began."""
    theta: Floats
    """The error ratio that a healthy canary would have."""
    luck: Floats
    """Eight numbers in [0, 1), drawn once a rollout, for whatever a scenario leaves to chance."""


CanaryErrors = Callable[[Moments], Floats]


@dataclass(frozen=True)
class Scenario:
    name: str
    kind: Kind
    says: str
    service: Callable[[Generator, float], Service] = calm
    errors: CanaryErrors | None = None
    """The canary's error ratio; None: as stable's."""
    refused: CanaryErrors | None = None
    """The ratio of the canary's requests that the platform answers itself."""
    slower: float = 1.0
    tail: float = 0.0
    """This ratio of the canary's requests takes six times as long."""
    share: float = 1.0
    """The true share over the configured one, below 100 %."""
    noise: tuple[float, float] = (0.05, 0.03)
    """Of latencies, common and for each role, in each tick."""
    cold: bool = False
    bursts: bool = False
    """Errors come 10 to 30 at once, from one instance."""
    hanging: float = 0.0
    """This ratio of the canary's requests gets no answer before the timeout of 300 s."""
    latencies: Latencies = USUAL
    needs_base: bool = False
    """Without errors of stable this scenario is the healthy one."""
    twin: str = "healthy"
    """The healthy scenario in which the same befalls the service."""

    @property
    def healthy(self) -> bool:
        return self.kind == "healthy"


def times(factor: float) -> CanaryErrors:
    return lambda at: np.minimum(factor * at.theta, 1.0)


def plus(ratio: float) -> CanaryErrors:
    return lambda at: at.theta + ratio * (1.0 - at.theta)


def from_percent(percent: int, ratio: float) -> CanaryErrors:
    return lambda at: np.where(at.percent >= percent, plus(ratio)(at), at.theta)


def leak(at: Moments) -> Floats:
    """0 until 180 s after the first shift, then growing to 10 % at 480 s."""
    return plus_array(at, 0.10 * np.clip((at.wall + 0.5 - 18) / 30, 0.0, 1.0))


def intermittent(at: Moments) -> Floats:
    """50 % in 20 s of every 120 s."""
    first = int(at.luck[0] * 12)
    return plus_array(at, np.where((at.wall + first) % 12 < 2, 0.5, 0.0))


def plus_array(at: Moments, ratio: Floats) -> Floats:
    return at.theta + ratio * (1.0 - at.theta)


def cold_refusals(at: Moments) -> Floats:
    """Up to 10 % in the first 5 to 20 s of a step, and 10 s of 2 to 5 % later on."""
    ratio, seconds = 0.02 + 0.08 * at.luck[0], 5 + 15 * at.luck[1]
    early = ratio * np.clip(seconds / 10 - at.age, 0.0, 1.0)
    blip = 6 + int(at.luck[2] * 20)
    late = np.where(at.age == blip, 0.02 + 0.03 * at.luck[3], 0.0)
    kinds = np.array([at.luck[4], at.luck[5], at.luck[6]])[np.minimum(at.step, 2).astype(int)]
    return np.where(kinds < 0.5, early, late)


def never_starts(at: Moments) -> Floats:
    return np.ones_like(at.theta)


def _all() -> tuple[Scenario, ...]:
    one = Scenario
    return (
        one("healthy", "healthy", "nothing happens"),
        one(
            "ratio1.1",
            "healthy",
            "the canary has 1.1 times the errors",
            errors=times(1.1),
            needs_base=True,
        ),
        one("flaky-both", "healthy", "both roles flip between base and 5 %", flaky),
        one("burst-both", "healthy", "one bad minute in both roles below 100 %", bad_minute(0, 54)),
        one("burst-at-100", "healthy", "one bad minute at 100 %", bad_minute(62, 82)),
        one(
            "instance-bursts",
            "healthy",
            "10 to 30 errors at once in one role",
            bursts=True,
            needs_base=True,
        ),
        one("diurnal", "healthy", "traffic doubles, errors triple", ramp),
        one("cold-start", "healthy", "first requests of new instances are slow", cold=True),
        one("share+15%", "healthy", "the true share is 1.15 times the configured one", share=1.15),
        one("share-40%", "healthy", "the true share is 0.6 times the configured one", share=0.6),
        one(
            "noisy-latency", "healthy", "latency noise 20 % common, 10 % a role", noise=(0.20, 0.10)
        ),
        one("lat+8%", "healthy", "the canary is 8 % slower", slower=1.08),
        one("no-canary-traffic", "healthy", "the canary gets no request", share=0.0),
        one("traffic-x2", "healthy", "traffic doubles within 2 minutes", traffic_to(2.0)),
        one(
            "traffic-third",
            "healthy",
            "traffic falls to a third within 2 minutes",
            traffic_to(1 / 3),
        ),
        one(
            "cold-start-errors",
            "healthy",
            "new instances refuse requests for seconds",
            refused=cold_refusals,
        ),
        one("long-requests", "healthy", "every request takes 120 s", latencies=LONG),
        one("common-outage", "healthy", "30 % errors in both roles for 1 to 4 minutes", outage),
        one("err-x2", "errors", "twice the errors", errors=times(2.0), needs_base=True),
        one("err-x5", "errors", "five times the errors", errors=times(5.0), needs_base=True),
        one("err-x20", "errors", "twenty times the errors", errors=times(20.0), needs_base=True),
        one("err-5%", "errors", "5 % errors", errors=plus(0.05)),
        one("err-50%", "errors", "50 % errors", errors=plus(0.5)),
        one("err-100%", "errors", "every request fails", errors=plus(1.0)),
        one("leak", "errors", "from 0 at 180 s to 10 % at 480 s", errors=leak),
        one(
            "from-50%", "errors", "10 % errors from the 50 % step on", errors=from_percent(50, 0.1)
        ),
        one("at-100%", "errors", "10 % errors at 100 % only", errors=from_percent(90, 0.1)),
        one("intermittent", "errors", "50 % in 20 s of every 120 s", errors=intermittent),
        one(
            "err-5%-in-burst",
            "errors",
            "5 % more than both in a common burst",
            burst_of_start,
            errors=plus(0.05),
            twin="burst-both",
        ),
        one(
            "err-5%-cold",
            "errors",
            "5 % errors and cold starts",
            errors=plus(0.05),
            cold=True,
            twin="cold-start",
        ),
        one("lat-x1.5", "latency", "half as slow again", slower=1.5),
        one("lat-x3", "latency", "three times as slow", slower=3.0),
        one("lat-tail", "latency", "8 % of requests six times as slow", tail=0.08),
        one(
            "lat-x1.5-cold",
            "latency",
            "half as slow again, and cold starts",
            slower=1.5,
            cold=True,
            twin="cold-start",
        ),
        one(
            "never-starts",
            "other",
            "no container starts: the platform answers",
            refused=never_starts,
        ),
        one("hang", "other", "no request is answered", hanging=1.0),
        one("hang-30%", "other", "30 % of requests are not answered", hanging=0.3),
        one("shared-50%", "other", "the canary breaks half of both roles' requests", damaged(0.5)),
        one("shared-5%", "other", "the canary breaks 5 % of both roles' requests", damaged(0.05)),
    )


SCENARIOS: Final[dict[str, Scenario]] = {one.name: one for one in _all()}
