"""Users' requests for long simulations: as `tests.flow.traffic` has them, several seconds at once.

Each request is still its own: how many meet a revision, fail, hang or are slow is drawn from the
same distributions, only not one by one.
"""

import functools
import math
from bisect import bisect_right
from collections import Counter
from statistics import NormalDist

from local_cloud.kit.draws import binomial
from local_cloud.run.resources import ServiceKey
from tests.flow.quality import Fared, Quality
from tests.flow.traffic import Traffic

__all__ = ["BatchTraffic"]


class BatchTraffic(Traffic):
    """Serves every target the requests of `every_seconds` at once, at their end."""

    every_seconds = 10.0

    def _routed(self, target: str, key: ServiceKey) -> dict[str, int]:
        rps = self.rps_of.get(target, self.rps)
        return self._cloud.run.route_many(key, round(rps * self.every_seconds))

    def _fared(self, quality: Quality, count: int, error_ratio: float) -> Fared:
        if not (error_ratio or quality.refused_ratio or quality.hang_ratio):
            return Fared(0, 0, 0, count)
        refused = binomial(self._rng, count, quality.refused_ratio)
        hanging = binomial(self._rng, count - refused, quality.hang_ratio)
        reached = count - refused - hanging
        failed = binomial(self._rng, reached, error_ratio)
        return Fared(refused, hanging, failed, reached - failed)

    def _latencies(self, quality: Quality, count: int) -> dict[float, int]:
        median = quality.latency_seconds
        if not (quality.latency_sigma or quality.slow_ratio):
            return {median: count} if count else {}
        slow = binomial(self._rng, count, quality.slow_ratio)
        found: Counter[float] = Counter()
        for seconds, some in ((median, count - slow), (median * quality.slow_factor, slow)):
            if not quality.latency_sigma:
                found[seconds] += some
                continue
            factors, ends = _log_normal(quality.latency_sigma)
            for _ in range(some):
                found[seconds * factors[bisect_right(ends, self._rng.random())]] += 1
        return {seconds: some for seconds, some in found.items() if some}


@functools.lru_cache(maxsize=64)
def _log_normal(sigma: float) -> tuple[list[float], list[float]]:
    """Return factors in steps of 5 %, and up to which chance each of them is drawn."""
    step = math.log(1.05)
    last = math.ceil(5 * sigma / step)
    normal = NormalDist(0.0, sigma)
    factors = [math.exp(number * step) for number in range(-last, last + 1)]
    ends = [normal.cdf((number + 0.5) * step) for number in range(-last, last)]
    return factors, ends
