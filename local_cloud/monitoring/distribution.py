"""A histogram as Cloud Monitoring keeps it: counts by bucket.

Google publishes no bucket bounds for `run.googleapis.com/request_latencies`; these are the ones
of its load balancers' latencies (scale 1 ms, growth 1.4, 66 finite buckets: 1 ms to 75 days).
Clients must read the layout from each point. Source: reference/gcp.md, section 2.
"""

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

SCALE: Final = 1.0
GROWTH_FACTOR: Final = 1.4
FINITE_BUCKETS: Final = 66
BOUNDS: Final = tuple(SCALE * GROWTH_FACTOR**i for i in range(FINITE_BUCKETS + 1))
"""Bucket 0 is below the first bound, bucket i in [BOUNDS[i-1], BOUNDS[i]), the last above all."""
SHARES: Final = tuple(i / 100 for i in range(101))
"""For shares, such as how much of its CPU an instance uses. Not published either."""


@dataclass(slots=True)
class Distribution:
    """Counts by bucket, with the exact mean and variance of what was added."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    counts: dict[int, int] = field(default_factory=dict)
    """By bucket number; empty buckets are left out."""
    bounds: tuple[float, ...] = BOUNDS

    @classmethod
    def of(cls, values: Iterable[float], bounds: tuple[float, ...] = BOUNDS) -> "Distribution":
        """Return the distribution of some values."""
        made = cls(bounds=bounds)
        for value in values:
            made.add(value)
        return made

    def add(self, value: float, count: int = 1) -> None:
        bucket = bisect.bisect_right(self.bounds, value)
        self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.count += count
        self.total += value * count
        self.squares += value * value * count

    def merge(self, other: "Distribution") -> None:
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.count += other.count
        self.total += other.total
        self.squares += other.squares

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0

    @property
    def sum_of_squared_deviation(self) -> float:
        # Rounding may take the difference of two large sums below 0.
        return max(0.0, self.squares - self.total * self.mean)

    def bucket_counts(self) -> list[int]:
        """Return the counts from bucket 0 on, without the empty ones at the end."""
        found = [0] * (max(self.counts, default=-1) + 1)
        for bucket, count in self.counts.items():
            found[bucket] = count
        return found

    def percentile(self, percent: float) -> float:
        """Estimate a percentile by a straight line inside its bucket; 0.0 of nothing."""
        wanted = self.count * percent / 100
        before = 0
        for bucket in sorted(self.counts):
            inside = self.counts[bucket]
            if before + inside >= wanted:
                lower, upper = self._edges(bucket)
                return lower + (upper - lower) * (wanted - before) / inside
            before += inside
        return 0.0

    def count_up_to(self, bound: float) -> float:
        """Estimate how many values are at most `bound`, by a straight line inside its bucket."""
        found = 0.0
        for bucket, inside in self.counts.items():
            lower, upper = self._edges(bucket)
            if upper <= bound:
                found += inside
            elif lower < bound:
                found += inside * (bound - lower) / (upper - lower)
        return found

    def _edges(self, bucket: int) -> tuple[float, float]:
        """Return where a bucket begins and ends; what is above all ends where it begins."""
        lower = self.bounds[bucket - 1] if bucket else 0.0
        return lower, self.bounds[min(bucket, len(self.bounds) - 1)]


def merged(distributions: list[Distribution]) -> Distribution:
    """Return the sum of distributions of one layout; none of them is changed."""
    result = Distribution(bounds=distributions[0].bounds if distributions else BOUNDS)
    for distribution in distributions:
        result.merge(distribution)
    return result
