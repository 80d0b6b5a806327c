"""The Mann-Whitney interval of a shift, as Kayenta takes it from R's wilcox.test.

Asymptotic, two-sided, with continuity correction and correction for ties.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple


class Shift(NamedTuple):
    """By how much the first sample lies above the second."""

    lower: float
    upper: float
    estimate: float
    """Hodges and Lehmann's."""


def standardized(first: Sequence[float], second: Sequence[float], shift: float) -> float:
    """Return Wilcoxon's z of the first sample, moved down by `shift`, against the second."""
    moved = [one - shift for one in first]
    pooled = sorted([*moved, *second])
    ties = Counter(pooled)
    ranks = {value: bisect_left(pooled, value) + (ties[value] + 1) / 2 for value in ties}
    n, m = len(first), len(second)
    above = sum(ranks[one] for one in moved) - n * (n + 1) / 2 - n * m / 2
    tied = sum(count**3 - count for count in ties.values())
    sigma = math.sqrt(n * m / 12 * (n + m + 1 - tied / ((n + m) * (n + m - 1))))
    if sigma == 0:
        raise ValueError("all observations are tied")
    return (above - math.copysign(0.5, above) * (above != 0)) / sigma


def shift_interval(first: Sequence[float], second: Sequence[float], confidence: float) -> Shift:
    """Return the interval in which the shift lies.

    The z is a falling staircase in the shift, with its steps at the differences of pairs. Where
    it crosses a quantile is a bound; where it never does, the least or the greatest difference.
    """
    differences = sorted({one - other for one in first for other in second})
    z = -NormalDist().inv_cdf((1 - confidence) / 2)

    def crossing(quantile: float) -> float:
        if standardized(first, second, differences[0]) <= quantile:
            return differences[0]
        if standardized(first, second, differences[-1]) >= quantile:
            return differences[-1]
        low, high = 0, len(differences) - 1
        while high - low > 1:
            middle = (low + high) // 2
            if standardized(first, second, differences[middle]) > quantile:
                low = middle
            else:
                high = middle
        between = (differences[low] + differences[high]) / 2
        return (
            differences[high]
            if standardized(first, second, between) > quantile
            else differences[low]
        )

    lower, upper = crossing(z), crossing(-z)
    return Shift(lower, upper, crossing(0.0))
