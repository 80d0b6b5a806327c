"""The evidence in bad requests: canary against stable, whether it matters, and the step at 100 %.

Source: docs/reference/evidence.md, "One stream", "Errors" and "100 percent".
"""

import math
from typing import Any, Final, NamedTuple

from rollouts.bernoulli import Test, testing
from rollouts.comparison import (
    NEW_STEP,
    REMAIN_SECONDS,
    Group,
    alone,
    comparing,
    factors,
    served_share,
)
from rollouts.intervals import Interval
from rollouts.mixtures import Mixture
from rollouts.policy import Analysis

FULL_REMAIN_SECONDS: Final = 300.0
"""Mean time until a canary that turns bad at 100 % does so."""
FLOOR: Final = math.log(10.0)
"""The log evidence that a canary's error ratio is worth acting on at all."""


class Judged(NamedTuple):
    """An interval whose errors are known and final, and what they count."""

    interval: Interval
    groups: tuple[tuple[int, Group], ...]
    """Bad requests with the step that they began in."""
    discount: float
    """What each of them is worth, fixed when they became known."""
    common: bool = False
    """It ended in an outage of both roles."""

    @property
    def share(self) -> float:
        return self.interval.percent / 100

    @property
    def alone(self) -> bool:
        return alone(self.interval.percent)

    @property
    def canary_bad(self) -> int:
        bad = 0
        for _, group in self.groups:
            bad += group.canary
        return bad

    def bad_of(self, step: int) -> tuple[int, int]:
        """Return the bad requests of canary and stable that began in a step."""
        canary = stable = 0
        for began, group in self.groups:
            if began == step:
                canary, stable = canary + group.canary, stable + group.stable
        return canary, stable


class ErrorStreams:
    """Evidence of intervals in the order of time. Mutable; `copy` looks ahead without a trace."""

    __slots__ = (
        "analysis", "errors", "floor", "floor_seen", "full", "full_began", "full_test", "served",
        "step", "test",
    )  # fmt: skip

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.test = Test(max(analysis.error_ratio_ignored, 1e-9))
        self.full_test: Test | None = None
        self.errors = comparing()
        self.floor, self.full = testing(), testing()
        self.floor_seen: Mixture | None = None
        """The floor on visible totals alone; None as long as nothing was estimated."""
        self.step: int | None = None
        self.full_began = False
        self.served: dict[int, list[int]] = {}
        """Visible requests of canary and stable, by step."""

    def copy(self) -> "ErrorStreams":
        other = ErrorStreams.__new__(ErrorStreams)
        other.analysis, other.test, other.full_test = (
            self.analysis, self.test, self.full_test,
        )  # fmt: skip
        other.errors, other.full = self.errors.copy(), self.full.copy()
        other.floor = self.floor.copy()
        other.floor_seen = self.floor_seen.copy() if self.floor_seen else None
        other.step, other.full_began = self.step, self.full_began
        other.served = {step: counts.copy() for step, counts in self.served.items()}
        return other

    def limit_full(self, limit: float | None) -> None:
        """Set the error ratio that a canary may have at 100 %; None: nothing is known of it."""
        self.full_test = Test(limit) if limit is not None and limit < 1.0 else None

    def take(self, judged: Judged, totals: tuple[int, int] | None, estimated: float | None) -> None:
        """Add an interval. `totals` are its visible requests.

        Without them `estimated` stands for the canary's, where a count is needed at all; None
        says nothing of them.
        """
        self._leak(judged.interval)
        if totals:
            counts = self.served.setdefault(judged.interval.step, [0, 0])
            counts[0] += totals[0]
            counts[1] += totals[1]
        if judged.groups:
            by = [(group, self._judged_by(step, group)) for step, group in judged.groups]
            margin = 1.0 + self.analysis.error_increase_tolerated
            self.errors.multiply(factors(by, margin, judged.discount, unseen=totals is None))
        if not judged.alone:
            self._materiality(judged, totals, estimated)
            return
        requests = totals[0] if totals else estimated
        if self.full_test and requests is not None:
            self._at_full(judged, requests)

    def _leak(self, interval: Interval) -> None:
        seconds = interval.seconds
        if alone(interval.percent):
            if self.full_began:
                self.full.leak(-seconds / FULL_REMAIN_SECONDS)
            self.full_began = True
        if self.step is not None:
            kept = NEW_STEP if interval.step != self.step else -seconds / REMAIN_SECONDS
            self.errors.leak(kept)
            self.floor.leak(kept)
            if self.floor_seen:
                self.floor_seen.leak(kept)
        self.step = interval.step

    def _judged_by(self, step: int, group: Group) -> float:
        canary, stable = self.served.get(step, (0, 0))
        return served_share(group.share, canary, stable)

    def _materiality(
        self, judged: Judged, totals: tuple[int, int] | None, estimated: float | None
    ) -> None:
        bad = judged.canary_bad
        requests = max(totals[0] if totals else estimated or 0.0, bad)
        if not requests:
            return
        found = self.test.factors(bad, requests)
        if not totals and not self.floor_seen:
            self.floor_seen = self.floor.copy()
        self.floor.multiply(found)
        if totals and self.floor_seen:
            self.floor_seen.multiply(found)

    def _at_full(self, judged: Judged, requests: float) -> None:
        assert self.full_test is not None
        step = judged.interval.step
        bad, _ = judged.bad_of(step)
        found = self.full_test.factors(bad, max(requests, bad))
        # A cluster of failures is no more evidence here than in a comparison.
        self.full.multiply([one * judged.discount if one > 0 else one for one in found])

    @property
    def log_floor(self) -> float:
        """The floor with estimates, or without them if that is more: either is enough."""
        found = self.floor.log_value
        return max(found, self.floor_seen.log_value) if self.floor_seen else found

    @property
    def log_errors(self) -> float:
        """The comparison. Under the floor it may speak for the canary, and not against it."""
        found = self.errors.log_value
        return found if found <= 0.0 or self.log_floor >= FLOOR else 0.0

    def state(self) -> dict[str, Any]:
        """Return all but the limit at 100 % in JSON's own types, for `restore`."""
        return {
            "mixtures": [one.state() for one in (self.errors, self.floor, self.full)],
            "floor_seen": self.floor_seen.state() if self.floor_seen else None,
            "step": self.step,
            "full_began": self.full_began,
            "served": [[step, *counts] for step, counts in self.served.items()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave. Whatever is odd about anything else raises."""
        mixtures = (self.errors, self.floor, self.full)
        for mixture, told in zip(mixtures, state["mixtures"], strict=True):
            mixture.restore(told)
        if state["floor_seen"]:
            self.floor_seen = testing()
            self.floor_seen.restore(state["floor_seen"])
        self.step, self.full_began = state["step"], state["full_began"]
        self.served = {step: counts for step, *counts in state["served"]}
