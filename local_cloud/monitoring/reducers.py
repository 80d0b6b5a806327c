"""Reducers: how the values of several aligned series at one time become one.

Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Reducer
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from local_cloud.monitoring.aligners import PERCENTILES, distributions, numbers, percentile, total
from local_cloud.monitoring.distribution import merged
from local_cloud.monitoring.values import NUMERIC, Value

_ALL: Final = (*NUMERIC, "BOOL", "STRING", "DISTRIBUTION")


@dataclass(frozen=True, slots=True)
class Reducer:
    types: tuple[str, ...]
    """Value types that it may be applied to."""
    compute: Callable[[Sequence[Value]], Value]
    type: str = ""
    """Value type of the result; empty: as it was."""


def _mean(values: Sequence[Value]) -> float:
    found = distributions(values)
    return merged(found).mean if found else statistics.fmean(numbers(values))


def _true(values: Sequence[Value]) -> int:
    return sum(value is True for value in values)


def _percentile(percent: float) -> Callable[[Sequence[Value]], Value]:
    return lambda values: percentile(values, percent)


REDUCERS: Final = {
    "REDUCE_SUM": Reducer((*NUMERIC, "DISTRIBUTION"), total),
    "REDUCE_MEAN": Reducer((*NUMERIC, "DISTRIBUTION"), _mean, "DOUBLE"),
    "REDUCE_MIN": Reducer(NUMERIC, lambda values: min(numbers(values))),
    "REDUCE_MAX": Reducer(NUMERIC, lambda values: max(numbers(values))),
    "REDUCE_STDDEV": Reducer(NUMERIC, lambda values: statistics.pstdev(numbers(values)), "DOUBLE"),
    "REDUCE_COUNT": Reducer(_ALL, len, "INT64"),
    "REDUCE_COUNT_TRUE": Reducer(("BOOL",), _true, "INT64"),
    "REDUCE_COUNT_FALSE": Reducer(("BOOL",), lambda values: len(values) - _true(values), "INT64"),
    "REDUCE_FRACTION_TRUE": Reducer(
        ("BOOL",), lambda values: _true(values) / len(values), "DOUBLE"
    ),
    **{
        f"REDUCE_PERCENTILE_{name}": Reducer(
            (*NUMERIC, "DISTRIBUTION"), _percentile(percent), "DOUBLE"
        )
        for name, percent in PERCENTILES.items()
    },
}
"""All but REDUCE_NONE, by name."""
