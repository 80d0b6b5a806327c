"""Kayenta's judge: minutes of canary against minutes of stable, by Mann and Whitney."""

import math
from collections.abc import Sequence
from random import Random
from statistics import fmean
from typing import Final, Literal

from benchmarks.verdict.latencies import quantile_ms
from benchmarks.verdict.mann_whitney import shift_interval
from benchmarks.verdict.minutes import Minutes, Total
from benchmarks.verdict.rules import Answer, Rule
from benchmarks.verdict.runs import Run
from benchmarks.verdict.ticks import Tick

CONFIDENCE: Final = 0.98
TOLERANCE: Final = 0.25
NOISE: Final = 1e-5
POINTS_MIN: Final = 5
"""With four minutes a side the interval cannot have its 98 %: nobody should judge by them."""
MARGINAL: Final = 75.0

Class = Literal["pass", "high", "nodata"]


def classify(canary: Sequence[float], stable: Sequence[float], random: Random) -> Class:
    """Say whether a metric is too high on the canary. NaN are removed first."""
    first = [one for one in canary if not math.isnan(one)]
    second = [one for one in stable if not math.isnan(one)]
    if not first or not second:
        return "nodata"
    if sorted(first) == sorted(second) or len({*first, *second}) == 1:
        return "pass"
    if len({*first, *second}) < len(first) + len(second):
        first = [one + random.gauss(0.0, NOISE) * one for one in first]
        second = [one + random.gauss(0.0, NOISE) * one for one in second]
    control = fmean(second)
    # Where a mean is 0 the effect is NaN, and a NaN ignores the check.
    effect = fmean(first) / control if control and fmean(first) else math.nan
    try:
        shift = shift_interval(first, second, CONFIDENCE)
    except ValueError:
        return "pass"  # A group all of whose metrics raise an error counts 100.
    if shift.lower > TOLERANCE * abs(shift.estimate) and not effect < 1.0:
        return "high"
    return "pass"


def score(classes: Sequence[Class]) -> float:
    """Return the percent of metrics that pass; 0 if half of them or more have no data."""
    if 2 * classes.count("nodata") >= len(classes):
        return 0.0
    judged = [one for one in classes if one != "nodata"]
    return 100.0 * judged.count("pass") / len(judged)


class Kayenta:
    """Error ratio and p95, each minute, over the minutes of the step; not at 100 %."""

    def __init__(self, run: Run) -> None:
        self.cause = "score"
        self._bounds = run.bounds_ms
        self._random = Random(run.number)
        self._minutes = Minutes(stable=True)
        self._step = -1
        self._points: list[tuple[Total, Total]] = []

    def look(self, tick: Tick) -> Answer:
        if tick.percent >= 100:
            return "go"
        if tick.step != self._step:
            self._step, self._points = tick.step, []
        minute = self._minutes.add(tick)
        if minute is None:
            return "go"
        self._points.append(minute)
        if len(self._points) < POINTS_MIN:
            return "go"
        classes = [
            classify(
                [metric(canary) for canary, _ in self._points],
                [metric(stable) for _, stable in self._points],
                self._random,
            )
            for metric in (_error_ratio, self._p95_ms)
        ]
        return "back" if score(classes) <= MARGINAL else "go"

    def _p95_ms(self, role: Total) -> float:
        return quantile_ms(self._bounds, role.latency, 0.95)


def _error_ratio(role: Total) -> float:
    return role.failed / role.requests if role.requests else math.nan


KAYENTA: Final = Rule("Kayenta", Kayenta)
