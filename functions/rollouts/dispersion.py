"""How far stable's own bad requests come in clusters: what one interval of them is worth.

Successive intervals are compared, so that the slow change of a day cancels.
Source: docs/reference/evidence.md, "Clusters".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of a stream's clustering before anything was seen."""

    phi: float
    weight: float
    """In bad requests: so many that were seen weigh as much."""
    phi_max: float


ERRORS: Final = Prior(1.25, 10.0, 50.0)
SLOW: Final = Prior(1.5, 50.0, 500.0)


class Dispersion:
    """Stable's bad requests so far, interval by interval. Mutable, as a tally's parts are.

    Two chains, the past before the rollout and the rollout itself: their intervals have other
    lengths, and the last minutes of the past become visible when the rollout has begun.
    """

    __slots__ = ("_bad", "_expected", "_last", "_observed", "_prior")

    def __init__(self, prior: Prior) -> None:
        self._prior = prior
        self._observed = self._expected = 0.0
        self._bad = 0
        self._last: list[list[float] | None] = [None, None]

    @property
    def phi(self) -> float:
        """Variance over that of independent failures, at least 1."""
        seen = self._observed / self._expected * self._bad if self._expected > 0 else 0.0
        weight = self._prior.weight + (self._bad if self._expected > 0 else 0)
        phi = (seen + self._prior.phi * self._prior.weight) / weight
        return min(max(phi, 1.0), self._prior.phi_max)

    def discount(self, bad: int) -> float:
        """Return what each of so many bad requests in one interval is worth, in (0, 1]."""
        return max(1.0 / bad, 1.0 / self.phi) if bad > 1 else 1.0

    def note(self, bad: int, weight: float, *, past: bool) -> None:
        """Take stable's bad requests of an interval; `weight` is its requests or its time."""
        self._bad += bad
        if weight <= 0:
            return
        before = self._last[past]
        if before is not None:
            bad_before, weight_before = before
            ratio = weight / weight_before
            self._observed += (bad - bad_before * ratio) ** 2
            pooled = (bad + bad_before) / (weight + weight_before)
            self._expected += pooled * weight * (1.0 + ratio)
        self._last[past] = [float(bad), float(weight)]

    def state(self) -> list[object]:
        """Return all but the prior in JSON's own types, for `restore`."""
        return [self._observed, self._expected, self._bad, *self._last]

    def restore(self, state: Sequence[object]) -> None:
        """Take over what `state` gave. Raises ValueError or TypeError for anything else."""
        observed, expected, bad, *last = state
        self._observed, self._expected = float(observed), float(expected)  # type: ignore[arg-type]
        self._bad = int(bad)  # type: ignore[call-overload]
        if len(last) != 2:  # noqa: PLR2004
            raise ValueError("a dispersion of another shape")
        self._last = [list(map(float, one)) if one else None for one in last]  # type: ignore[call-overload]
