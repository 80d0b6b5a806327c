"""A histogram with Cloud Monitoring's exponential buckets.

Google publishes no bucket bounds for `run.googleapis.com/request_latencies`; these are the ones
of its load balancers' latencies (scale 1 ms, growth 1.4, 66 finite buckets: 1 ms to 75 days).
Clients must read the layout from each point. Source: reference/gcp.md, section 2.
"""

import bisect
from dataclasses import dataclass, field
from typing import Final

SCALE: Final = 1.0
GROWTH_FACTOR: Final = 1.4
FINITE_BUCKETS: Final = 66
BOUNDS: Final = tuple(SCALE * GROWTH_FACTOR**i for i in range(FINITE_BUCKETS + 1))
"""Bucket 0 is below the first bound, bucket i in [BOUNDS[i-1], BOUNDS[i]), the last above all."""


@dataclass(slots=True)
class Distribution:
    """Counts by bucket, with the exact mean and variance of what was added."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    counts: dict[int, int] = field(default_factory=dict)
    """By bucket number; empty buckets are left out."""

    def add(self, value: float, count: int = 1) -> None:
        bucket = bisect.bisect_right(BOUNDS, value)
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
                lower = BOUNDS[bucket - 1] if bucket else 0.0
                upper = BOUNDS[min(bucket, FINITE_BUCKETS)]
                return lower + (upper - lower) * (wanted - before) / inside
            before += inside
        return 0.0


def merged(distributions: list[Distribution]) -> Distribution:
    """Return the sum of distributions; none of them is changed."""
    result = Distribution()
    for distribution in distributions:
        result.merge(distribution)
    return result
