"""Random numbers of many alike at once: exact, and faster than one draw for each of them."""

import bisect
import functools
import math
import random

_TABLE_MAX = 512
_FEW = 4.0
"""So few successes are expected that to draw each of them is as good as a table."""


def binomial(rng: random.Random, count: int, ratio: float) -> int:
    """Return how many of `count` independent trials succeed, each with the chance `ratio`."""
    if count <= 0 or ratio <= 0.0:
        return 0
    if ratio >= 1.0:
        return count
    if ratio > 0.5:  # noqa: PLR2004 - a half.
        return count - binomial(rng, count, 1.0 - ratio)
    if count <= _TABLE_MAX and count * ratio > _FEW:
        return bisect.bisect_right(_chances(count, ratio), rng.random())
    return _by_gaps(rng, count, ratio)


@functools.lru_cache(maxsize=256)
def _chances(count: int, ratio: float) -> list[float]:
    """Return the chances of at most 0, 1, ... successes, but for all of them."""
    chances, so_far = [], 0.0
    for found in range(count):
        ways = math.lgamma(count + 1) - math.lgamma(found + 1) - math.lgamma(count - found + 1)
        so_far += math.exp(ways + found * math.log(ratio) + (count - found) * math.log1p(-ratio))
        chances.append(so_far)
    return chances


def _by_gaps(rng: random.Random, count: int, ratio: float) -> int:
    """Draw once for each success and once more: the gaps between them are geometric."""
    scale = math.log1p(-ratio)
    left, found = count, 0
    while True:
        gap = math.log(1.0 - rng.random()) / scale
        if gap >= left:
            return found
        left -= int(gap) + 1
        found += 1
