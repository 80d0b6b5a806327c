"""Random numbers of many alike at once: exact, and faster than one draw for each of them."""

import math
import random


def binomial(rng: random.Random, count: int, ratio: float) -> int:
    """Return how many of `count` independent trials succeed, each with the chance `ratio`.

    Draws once for each success (or failure, if that is rarer) and once more: the gaps between
    successes are geometric.
    """
    if count <= 0 or ratio <= 0.0:
        return 0
    if ratio >= 1.0:
        return count
    if ratio > 0.5:  # noqa: PLR2004 - a half.
        return count - binomial(rng, count, 1.0 - ratio)
    scale = math.log1p(-ratio)
    left, found = count, 0
    while True:
        gap = math.log(1.0 - rng.random()) / scale
        if gap >= left:
            return found
        left -= int(gap) + 1
        found += 1
