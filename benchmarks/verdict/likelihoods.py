"""What those who know the truth make of a tick: log likelihood ratios, healthy against as it is."""

import numpy as np
import numpy.typing as npt

from benchmarks.verdict.latencies import Floats

Ints = npt.NDArray[np.int64]


def _weighted(counts: Ints, ratio: Floats) -> Floats:
    """Return counts x ln(ratio), where what never happened weighs nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(counts > 0, counts * np.log(ratio), 0.0)
    return found


def _over(one: Floats, other: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(one == other, 1.0, one / other)
    return found


def truth_of(happened: Ints, not_happened: Ints | None, true: Floats, healthy: Floats) -> Floats:
    """Weigh the canary's outcomes by their chance as it is, over that of a healthy canary."""
    found = _weighted(happened, _over(true, healthy))
    if not_happened is not None:
        found = found + _weighted(not_happened, _over(1.0 - true, 1.0 - healthy))
    return found


def which_arm_of(
    canary: Ints, stable: Ints, share: Floats, true: Floats, healthy: Floats
) -> Floats:
    """Weigh which role the bad requests came from, knowing both roles' true chances."""
    odds = share * true
    both = odds + (1.0 - share) * healthy
    expected = np.where(both > 0, _over(odds, np.where(both > 0, both, 1.0)), share)
    found = _weighted(canary, _over(expected, share))
    return found + _weighted(stable, _over(1.0 - expected, 1.0 - share))
