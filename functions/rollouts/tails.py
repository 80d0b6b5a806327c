"""How likely so many, or more, are by chance alone. Exact sums, for the few counts of one look."""

import math
from typing import Final

NOTHING: Final = 1e-17
"""What changes no sum any more."""


def binomial_tail(successes: int, trials: int, chance: float) -> float:
    """Return P(X >= successes) for X ~ Binomial(trials, chance), 0 < chance < 1.

    1.0 where `successes` is no more than expected: nobody asks how likely that is.
    """
    if successes <= trials * chance:
        return 1.0
    win, lose = math.log(chance), math.log1p(-chance)
    ways = math.lgamma(trials + 1)
    return math.fsum(
        math.exp(
            ways
            - math.lgamma(number + 1)
            - math.lgamma(trials - number + 1)
            + number * win
            + (trials - number) * lose
        )
        for number in range(successes, trials + 1)
    )


def poisson_tail(seen: int, mean: float) -> float:
    """Return P(X >= seen) for X ~ Poisson(mean), mean > 0.

    1.0 where `seen` is no more than expected.
    """
    assert mean > 0.0
    if seen <= mean:
        return 1.0
    first = seen * math.log(mean) - mean - math.lgamma(seen + 1)
    total, part, number = 1.0, 1.0, seen
    while part > NOTHING:  # Each part is smaller than the one before: beyond the mean they fall.
        number += 1
        part *= mean / number
        total += part
    return math.exp(first) * total
