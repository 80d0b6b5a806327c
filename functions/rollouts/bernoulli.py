"""Evidence without a comparison: does the canary fail more often than a fixed ratio?

Two uses: whether an error ratio is worth acting on at all, and the step at 100 %, where nothing
is left to compare with. Source: docs/reference/evidence.md, "Errors" and "100 percent".
"""

import functools
import math
from typing import Final

from rollouts.mixtures import Mixture, logs

GAINS: Final = (2.5, 10.0, 50.0, 500.0)
"""How many times the ratio a canary may fail."""
LOG_WEIGHTS: Final = logs(*[1.0 / len(GAINS)] * len(GAINS))
Z_999: Final = 3.0902
"""The normal quantile of 99.9 %."""
Z_975: Final = 1.96
"""The normal quantile of 97.5 %: 2.5 % are left out on either side."""


def testing() -> Mixture:
    """Return the evidence before anything was seen."""
    return Mixture(LOG_WEIGHTS)


class Test:
    """Log factors of "fails a gain times as often" against "fails at `ratio`", 0 < ratio < 1."""

    __test__ = False  # No test of pytest's.
    __slots__ = ("_fail", "_succeed")

    def __init__(self, ratio: float) -> None:
        self._fail, self._succeed = _factors_of(ratio)

    def factors(self, bad: int, requests: float) -> list[float]:
        """Return the log factors of an interval. Needs bad <= requests."""
        fine = requests - bad
        return [
            bad * fail + fine * succeed
            for fail, succeed in zip(self._fail, self._succeed, strict=True)
        ]


@functools.lru_cache(maxsize=256)
def _factors_of(ratio: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the log factors of a failure and of a success; a rollout asks at every look."""
    raised = [min(gain * ratio, 0.5 + ratio / 2) for gain in GAINS]
    fail = tuple(math.log(one / ratio) for one in raised)
    return fail, tuple(math.log1p(-one) - math.log1p(-ratio) for one in raised)


def upper_ratio(bad: int, requests: int) -> float | None:
    """Return the 99.9 % upper bound of a ratio (Poisson, Wilson-Hilferty); None without data."""
    if requests <= 0:
        return None
    events = bad + 1.0
    root = 1.0 - 1.0 / (9.0 * events) + Z_999 / (3.0 * math.sqrt(events))
    return float(min(events * root**3 / requests, 1.0))


def wilson(bad: int, requests: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a ratio (Wilson); None without requests."""
    if requests <= 0:
        return None
    z, share = Z_975, min(bad / requests, 1.0)
    spread = z * math.sqrt(share * (1.0 - share) / requests + z * z / (4.0 * requests**2))
    middle = share + z * z / (2.0 * requests)
    whole = 1.0 + z * z / requests
    low = max((middle - spread) / whole, 0.0) if bad > 0 else 0.0
    return low, min((middle + spread) / whole, 1.0)


def clean_evidence(bad: int, requests: int, *, good: float, poor: float) -> float:
    """Return the log evidence that the error ratio is `good` and not `poor`, which is higher."""
    fine = math.log1p(-good) - math.log1p(-poor)
    return bad * math.log(good / poor) + (requests - bad) * fine
