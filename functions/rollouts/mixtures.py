"""Evidence as it grows: a bet on every size of effect and on every moment the canary may turn bad.

Its value is an e-value: however often one looks, a canary that is no worse makes it reach 100
with a chance of at most 1 %. Everything is kept in logarithms, so no count overflows.
Source: docs/reference/evidence.md, "One stream".
"""

import math
import operator
from collections.abc import Sequence
from math import exp, log1p
from typing import Final

LARGE: Final = 700.0
"""Beyond this what is added outweighs what was there by more than a float can tell."""
NOW_SHARE: Final = 0.70
"""What is staked from the start; the rest waits for a canary that turns bad later."""


_LOG_NOW: Final = math.log(NOW_SHARE)
_LOG_LATER: Final = math.log(1.0 - NOW_SHARE)


class Mixture:
    """A reserve and one mass for each effect, as logarithms.

    Mutable: a tally copies it before it looks ahead. The reserve flows to the masses with time.
    What has flowed since the last factor has met none, so it is handed on only then: an interval
    without a bad request costs nothing.
    """

    __slots__ = ("log_weights", "masses", "reserve", "staked")

    def __init__(self, log_weights: Sequence[float]) -> None:
        self.log_weights = tuple(log_weights)
        self.reserve = self.staked = _LOG_LATER
        self.masses = [_LOG_NOW + one for one in self.log_weights]

    def copy(self) -> "Mixture":
        other = Mixture.__new__(Mixture)
        other.log_weights = self.log_weights
        other.reserve, other.staked = self.reserve, self.staked
        other.masses = self.masses.copy()
        return other

    def leak(self, log_kept: float) -> None:
        """Let the reserve flow: `log_kept` is the logarithm of what stays, at most 0."""
        self.reserve += log_kept

    def multiply(self, factors: Sequence[float]) -> None:
        """Apply the log factors of what was seen, one for each effect."""
        masses = self.masses
        if self.reserve < self.staked:
            flowed = self.staked + math.log(-math.expm1(self.reserve - self.staked))
            self.staked = self.reserve
            self.masses = [
                (
                    mass + log1p(exp(more))
                    if (more := weight + flowed - mass) < LARGE
                    else mass + more
                )
                + factor
                for mass, weight, factor in zip(masses, self.log_weights, factors, strict=True)
            ]
        else:
            self.masses = list(map(operator.add, masses, factors))

    @property
    def log_value(self) -> float:
        """The evidence, as a logarithm: reserve and masses together."""
        highest = max(self.staked, *self.masses)
        total = math.exp(self.staked - highest)
        for mass in self.masses:
            total += math.exp(mass - highest)
        return highest + math.log(total)

    def state(self) -> list[float]:
        """Return all but the weights, for `restore`."""
        return [self.reserve, self.staked, *self.masses]

    def restore(self, state: Sequence[float]) -> None:
        """Take over what `state` gave. Raises ValueError for another number of effects."""
        if len(state) != 2 + len(self.log_weights):
            raise ValueError("a mixture of another size")
        self.reserve, self.staked, *self.masses = map(float, state)


def logs(*values: float) -> tuple[float, ...]:
    return tuple(math.log(one) for one in values)
