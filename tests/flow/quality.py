"""How an image behaves once it runs, and how a second's requests fare with it."""

import random
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Quality:
    """Ratios are of the requests that come to it; what is refused neither hangs nor fails."""

    error_ratio: float = 0.0
    latency_seconds: float = 0.05
    crashes: bool = False
    unhealthy: bool = False

    latency_sigma: float = 0.0
    """Of a log-normal distribution, `latency_seconds` is its median. 0: all take as long."""
    slow_ratio: float = 0.0
    slow_factor: float = 1.0
    """Of the slow ones: how many times longer they take."""

    hang_ratio: float = 0.0
    hang_seconds: float = 300.0
    """After this long a hanging request ends, with a 504."""

    refused_ratio: float = 0.0
    """These never reach a container."""
    refused_status: int = 429

    ready_seconds: float = 0.0
    """How much longer than others it takes to get Ready."""
    cold_seconds: float = 0.0
    """It is slow, and refuses, only so long after users' first request. 0: always."""

    def at(self, age_seconds: float) -> "Quality":
        """Return how it behaves so long after its first request."""
        if not self.cold_seconds or age_seconds < self.cold_seconds:
            return self
        return Quality(
            error_ratio=self.error_ratio,
            latency_seconds=self.latency_seconds,
            latency_sigma=self.latency_sigma,
            hang_ratio=self.hang_ratio,
            hang_seconds=self.hang_seconds,
        )


class Fared(NamedTuple):
    """What became of requests that came at once."""

    refused: int
    hanging: int
    failed: int
    fine: int


def fare(quality: Quality, count: int, error_ratio: float, rng: random.Random) -> Fared:
    refused = _some(count, quality.refused_ratio, rng)
    hanging = _some(count - refused, quality.hang_ratio, rng)
    reached = count - refused - hanging
    failed = sum(rng.random() < error_ratio for _ in range(reached))
    return Fared(refused, hanging, failed, reached - failed)


def latencies(quality: Quality, count: int, rng: random.Random) -> dict[float, int]:
    """Return how many of `count` requests took how many seconds, in steps of 5 %."""
    slow = _some(count, quality.slow_ratio, rng)
    if not quality.latency_sigma:
        fast = {quality.latency_seconds: count - slow} if count > slow else {}
        return fast | ({quality.latency_seconds * quality.slow_factor: slow} if slow else {})
    steps: Counter[float] = Counter()
    for number in range(count):
        factor = quality.slow_factor if number < slow else 1.0
        drawn = rng.lognormvariate(0.0, quality.latency_sigma) * factor
        steps[quality.latency_seconds * float(f"{drawn:.1e}")] += 1
    return dict(steps)


def _some(count: int, ratio: float, rng: random.Random) -> int:
    if not ratio:
        return 0
    return count if ratio >= 1.0 else sum(rng.random() < ratio for _ in range(count))
