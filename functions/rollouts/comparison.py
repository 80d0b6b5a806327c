"""Which role did a bad request come from? The one question that a comparison asks.

Whatever the service suffers, suffers both roles alike: if the canary is no worse, a bad request
is the canary's with the odds of its traffic. The rate of errors itself, its bursts and trends,
cancels. Source: docs/reference/evidence.md, "One stream", with the effects and their weights.
"""

import math
from collections.abc import Sequence
from math import log1p
from operator import add
from typing import Final, NamedTuple

from rollouts.mixtures import Mixture, logs

EFFECTS: Final = (2.0, 4.0, 8.0, 20.0, 80.0, 1000.0)
"""How many times worse than the margin a canary may be."""
LOG_EFFECTS: Final = logs(*EFFECTS)
GAINED: Final = tuple(effect - 1.0 for effect in EFFECTS)
LOG_WEIGHTS: Final = logs(0.19, 0.20, 0.21, 0.19, 0.17, 0.04)
REMAIN_SECONDS: Final = 900.0
"""Mean time until a canary that turns bad does so."""
NEW_STEP: Final = math.log1p(-0.35)
"""The logarithm of what stays in reserve at a new step: a fault often shows with the share."""
KAPPA: Final = 50.0
"""How many requests it takes to believe the share that was served more than the configured one."""
ALONE: Final = 0.999
"""From this share on there is nothing to compare with."""
WIDE: Final = 0.25
"""Above this share an effect of two is too close to an unknown share to count as evidence."""


def alone(percent: float) -> bool:
    """Whether a canary with so much of the traffic has nothing to be compared with."""
    return percent >= 100 * ALONE


class Group(NamedTuple):
    """Bad requests of an interval that began under one share."""

    share: float
    canary: int
    stable: int

    @property
    def both(self) -> int:
        return self.canary + self.stable


def served_share(share: float, canary: float, stable: float) -> float:
    """Return the share to judge by: the configured one, or what was served, if that is more."""
    return max(share, (canary + KAPPA * share) / (canary + stable + KAPPA))


def factors(
    groups: Sequence[tuple[Group, float]], margin: float, discount: float, *, unseen: bool = False
) -> list[float]:
    """Return the log factor of each effect: how much better it explains who failed.

    `groups` go with the share that each is judged by. `margin` is the ratio of error odds that
    is no evidence yet, `discount` in (0, 1] what a cluster of failures is worth. Without visible
    totals a wide share may be wider than configured: there the smallest effect only loses.
    """
    found: list[float] | None = None
    for group, share in groups:
        canary, both = group.canary, group.canary + group.stable
        if not both or not 0.0 < share < ALONE:
            continue
        edge = margin * share / (margin * share + 1.0 - share)
        gains = [
            canary * effect - both * log1p(edge * gained)
            for effect, gained in zip(LOG_EFFECTS, GAINED, strict=True)
        ]
        if unseen and group.share > WIDE:
            gains[0] = min(gains[0], 0.0)
        found = gains if found is None else list(map(add, found, gains))
    return [discount * gain for gain in found] if found else [0.0] * len(EFFECTS)


def comparing() -> Mixture:
    """Return the evidence before anything was seen."""
    return Mixture(LOG_WEIGHTS)
