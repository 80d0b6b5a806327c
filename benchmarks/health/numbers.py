"""The arithmetic: when requests are due, percentiles, ratios of rounds. Pure."""

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Smallest, median and largest of a few numbers."""

    low: float
    middle: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    return Spread(min(values), statistics.median(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Compare round by round: the two of a round met the same machine."""
    return spread([one / other for one, other in zip(ours, theirs, strict=True)])


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of all do not exceed (nearest rank)."""
    assert 0 < percent <= 100
    rank = math.ceil(len(values) * percent / 100)
    return sorted(values)[rank - 1]


def arrivals(per_second: float, seconds: float, seed: int) -> list[float]:
    """Return when requests are due in [0, seconds), rising: a Poisson process.

    Independent users come like this. Even spacing would never let two of them meet.
    """
    assert per_second > 0
    rng = random.Random(seed)
    due: list[float] = []
    at = rng.expovariate(per_second)
    while at < seconds:
        due.append(at)
        at += rng.expovariate(per_second)
    return due
