"""Aligners: how the values of one series in one period become one value.

Google interpolates ALIGN_DELTA and ALIGN_RATE over periods without data, which invents traffic
for a quiet revision. Here a period without data has no point, with every aligner, and a sample
belongs whole to the period in which it ends. Source: reference/gcp.md, section 2; for which metric
each may be: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Aligner
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from local_cloud.monitoring.distribution import Distribution, merged
from local_cloud.monitoring.values import NUMERIC, Value

_CHANGES: Final = ("DELTA", "CUMULATIVE")
_SAMPLES: Final = ("GAUGE", "DELTA")
Compute = Callable[[Sequence[Value], float], Value]
"""Takes the values of a period, newest first, and its length in seconds."""
PERCENTILES: Final = {"99": 99.0, "95": 95.0, "50": 50.0, "05": 5.0}
NOT_HERE: Final = ("ALIGN_INTERPOLATE", "ALIGN_PERCENT_CHANGE")
"""Google has them, the local cloud has not."""


@dataclass(frozen=True, slots=True)
class Aligner:
    kinds: tuple[str, ...]
    """Metric kinds that it may be applied to."""
    types: tuple[str, ...]
    """Value types that it may be applied to."""
    compute: Compute
    kind: str = "GAUGE"
    """What it makes; empty: as it was."""
    type: str = ""
    """Value type of the result; empty: as it was."""

    def fits(self, kind: str, value_type: str) -> bool:
        return kind in self.kinds and value_type in self.types


def numbers(values: Sequence[Value]) -> list[float]:
    return [value for value in values if isinstance(value, int | float)]


def distributions(values: Sequence[Value]) -> list[Distribution]:
    return [value for value in values if isinstance(value, Distribution)]


def total(values: Sequence[Value]) -> Value:
    """Return the sum of numbers, or of distributions."""
    if len(values) == 1:
        return values[0]
    found = distributions(values)
    return merged(found) if found else sum(numbers(values))


def percentile(values: Sequence[Value], percent: float) -> float:
    """Return a percentile of all that distributions hold, or of numbers, by a straight line."""
    found = distributions(values)
    if found:
        return merged(found).percentile(percent)
    ranked = sorted(numbers(values))
    position = (len(ranked) - 1) * percent / 100
    below = int(position)
    above = min(below + 1, len(ranked) - 1)
    return float(ranked[below] + (ranked[above] - ranked[below]) * (position - below))


def _percentile(percent: float) -> Compute:
    return lambda values, _: percentile(values, percent)


def _true(values: Sequence[Value], _: float) -> int:
    return sum(value is True for value in values)


ALIGNERS: Final = {
    "ALIGN_DELTA": Aligner(
        _CHANGES, (*NUMERIC, "DISTRIBUTION"), lambda values, _: total(values), "DELTA"
    ),
    "ALIGN_RATE": Aligner(
        _CHANGES, NUMERIC, lambda values, seconds: sum(numbers(values)) / seconds, type="DOUBLE"
    ),
    # That ALIGN_SUM of a DELTA stays a DELTA is from general knowledge, not confirmed.
    "ALIGN_SUM": Aligner(_SAMPLES, (*NUMERIC, "DISTRIBUTION"), lambda values, _: total(values), ""),
    "ALIGN_NEXT_OLDER": Aligner(
        ("GAUGE",), (*NUMERIC, "BOOL", "STRING", "DISTRIBUTION"), lambda values, _: values[0]
    ),
    "ALIGN_MIN": Aligner(_SAMPLES, NUMERIC, lambda values, _: min(numbers(values))),
    "ALIGN_MAX": Aligner(_SAMPLES, NUMERIC, lambda values, _: max(numbers(values))),
    "ALIGN_MEAN": Aligner(
        _SAMPLES, NUMERIC, lambda values, _: statistics.fmean(numbers(values)), type="DOUBLE"
    ),
    "ALIGN_STDDEV": Aligner(
        _SAMPLES, NUMERIC, lambda values, _: statistics.pstdev(numbers(values)), type="DOUBLE"
    ),
    "ALIGN_COUNT": Aligner(
        _SAMPLES, (*NUMERIC, "BOOL"), lambda values, _: len(values), type="INT64"
    ),
    "ALIGN_COUNT_TRUE": Aligner(("GAUGE",), ("BOOL",), _true, type="INT64"),
    "ALIGN_COUNT_FALSE": Aligner(
        ("GAUGE",), ("BOOL",), lambda values, _: len(values) - _true(values, _), type="INT64"
    ),
    "ALIGN_FRACTION_TRUE": Aligner(
        ("GAUGE",), ("BOOL",), lambda values, _: _true(values, _) / len(values), type="DOUBLE"
    ),
    **{
        f"ALIGN_PERCENTILE_{name}": Aligner(
            _SAMPLES, ("DISTRIBUTION",), _percentile(percent), type="DOUBLE"
        )
        for name, percent in PERCENTILES.items()
    },
}
"""All but ALIGN_NONE, by name."""
