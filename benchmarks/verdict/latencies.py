"""Lognormal latencies in Cloud Monitoring's buckets, each 1.4 times as wide as the one before."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
GROWTH: Final = 1.4
_Z: Final = np.linspace(-8.0, 8.0, 16001)
_PHI: Final = np.array([0.5 * math.erfc(-z / math.sqrt(2.0)) for z in _Z])


@dataclass(frozen=True)
class Latencies:
    """A service's latencies when nothing is wrong."""

    median_ms: float
    sigma: float
    powers: range
    """Bounds are these powers of 1.4, in ms."""

    @property
    def bounds_ms(self) -> tuple[float, ...]:
        return tuple(round(GROWTH**power, 3) for power in self.powers)

    @property
    def mean_seconds(self) -> float:
        return self.median_ms * math.exp(self.sigma**2 / 2) / 1000

    @property
    def slow_from(self) -> int:
        """The first bucket that is slow: stable has about one request in 25 there or above."""
        quantile = math.log(self.median_ms) + 1.751 * self.sigma
        return next(i for i, p in enumerate(self.powers) if p * math.log(GROWTH) > quantile) + 1

    def buckets(self, slower: Floats | float) -> Floats:
        """Return the chance of each bucket; `slower` is the logarithm of a slowdown."""
        edges = np.array([power * math.log(GROWTH) for power in self.powers])
        shift = np.asarray(slower)[..., None] + math.log(self.median_ms)
        below = np.interp((edges - shift) / self.sigma, _Z, _PHI)
        ends = np.ones((*below.shape[:-1], 1))
        found: Floats = np.diff(np.concatenate([0.0 * ends, below, ends], axis=-1), axis=-1)
        return found


USUAL: Final = Latencies(100.0, 0.6, range(9, 28))
LONG: Final = Latencies(120_000.0, 0.05, range(27, 38))
"""Requests of two minutes, as exports and reports have them."""


def quantile_ms(bounds: tuple[float, ...], counts: list[int], quantile: float) -> float:
    """Return a quantile, straight within its bucket, as Prometheus does; NaN without requests."""
    total = sum(counts)
    if not total:
        return math.nan
    wanted, seen = quantile * total, 0
    for index, count in enumerate(counts[:-1]):
        if count and seen + count >= wanted:
            low = bounds[index - 1] if index else 0.0
            return low + (bounds[index] - low) * (wanted - seen) / count
        seen += count
    return bounds[-1]
