"""Alignment and reduction of time series. Values in, values out.

Google interpolates ALIGN_DELTA and ALIGN_RATE over periods without data, which invents traffic
for a quiet revision. Here a period without data has no point, with every aligner, and a sample
belongs whole to the period in which it ends. Source: reference/gcp.md, section 2.
"""

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.descriptors import RESOURCE_LABELS, Metric
from local_cloud.monitoring.distribution import Distribution, merged
from local_cloud.monitoring.filters import selector

Value = int | float | Distribution

_PERCENTILE: Final = {"99": 99.0, "95": 95.0, "50": 50.0, "05": 5.0}
PERCENTILE_ALIGNERS: Final = {f"ALIGN_PERCENTILE_{name}": p for name, p in _PERCENTILE.items()}
PERCENTILE_REDUCERS: Final = {f"REDUCE_PERCENTILE_{name}": p for name, p in _PERCENTILE.items()}
ALIGNERS: Final = {
    "INT64": ("ALIGN_NONE", "ALIGN_DELTA", "ALIGN_SUM", "ALIGN_RATE"),
    "DISTRIBUTION": ("ALIGN_NONE", "ALIGN_DELTA", "ALIGN_SUM", *PERCENTILE_ALIGNERS),
}
"""Supported aligners by value type of the metric."""
_SUMS: Final = ("ALIGN_DELTA", "ALIGN_SUM")
REDUCERS: Final = ("REDUCE_NONE", "REDUCE_SUM", *PERCENTILE_REDUCERS)
ALIGNMENT_MAX_SECONDS: Final = 104 * 7 * 86_400
"""Source: `Aggregation.alignment_period`: 104 weeks for charts."""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """How to align each series, and how to join series afterwards. Names are Google's."""

    alignment_seconds: float = 0
    aligner: str = "ALIGN_NONE"
    reducer: str = "REDUCE_NONE"
    group_by: tuple[str, ...] = ()


class Point(NamedTuple):
    """A value over (start, end]; start == end for a GAUGE."""

    start: dt.datetime
    end: dt.datetime
    value: Value


class TimeSeries(NamedTuple):
    """One series of an answer; points newest first."""

    metric_type: str
    metric_labels: Mapping[str, str]
    resource_labels: Mapping[str, str]
    metric_kind: str
    value_type: str
    unit: str
    points: tuple[Point, ...]


@functools.lru_cache(maxsize=64)
def check(aggregation: Aggregation, metric: Metric, alignment_min_seconds: float) -> None:
    """Raise Refused(INVALID_ARGUMENT) for what Google refuses or this local cloud cannot do."""
    aligner, reducer = aggregation.aligner, aggregation.reducer
    supported = ALIGNERS[metric.value_type]
    if aligner not in supported:
        raise Refused(
            "INVALID_ARGUMENT",
            f'Field aggregation.perSeriesAligner had an invalid value of "{aligner}": The aligner'
            f" cannot be applied to metrics with kind {metric.kind} and value type"
            f" {metric.value_type}. Supported here: {', '.join(supported)}.",
        )
    if reducer not in REDUCERS:
        raise Refused(
            "INVALID_ARGUMENT",
            f'Field aggregation.crossSeriesReducer had an invalid value of "{reducer}":'
            f" supported here: {', '.join(REDUCERS)}.",
        )
    if aligner == "ALIGN_NONE" and reducer != "REDUCE_NONE":
        raise Refused(
            "INVALID_ARGUMENT",
            'Field aggregation.perSeriesAligner had an invalid value of "ALIGN_NONE": a'
            " crossSeriesReducer needs an aligner other than ALIGN_NONE.",
        )
    if aligner != "ALIGN_NONE" and not (
        alignment_min_seconds <= aggregation.alignment_seconds <= ALIGNMENT_MAX_SECONDS
    ):
        raise Refused(
            "INVALID_ARGUMENT",
            "Field aggregation.alignmentPeriod had an invalid value of"
            f' "{aggregation.alignment_seconds:g}s": must be at least {alignment_min_seconds:g}s'
            f" and at most {ALIGNMENT_MAX_SECONDS}s.",
        )
    _check_group_by(aggregation, metric)


def _check_group_by(aggregation: Aggregation, metric: Metric) -> None:
    known = {f"resource.labels.{label}" for label in RESOURCE_LABELS}
    known |= {f"metric.labels.{label}" for label in metric.labels}
    known |= {"resource.type", "metric.type", "project"}
    if aggregation.reducer == "REDUCE_NONE":
        return  # Google ignores the fields then.
    for name in aggregation.group_by:
        if selector(name) not in known:
            raise Refused(
                "INVALID_ARGUMENT",
                f'Field aggregation.groupByFields had an invalid value of "{name}": must be one'
                f" of {', '.join(sorted(known))}.",
            )


def aggregate(
    series: Sequence[TimeSeries], aggregation: Aggregation, end: dt.datetime
) -> list[TimeSeries]:
    """Align, then reduce. Aligned periods end at `end`, `end` - period, and so on.

    The oldest period may begin before the interval does; it still holds only what is in the
    interval (whether Google looks further back there is not known: ask for whole periods).
    """
    if aggregation.aligner == "ALIGN_NONE":
        return list(series)
    aligned = [_align(one, aggregation, end) for one in series]
    if aggregation.reducer == "REDUCE_NONE":
        return aligned
    groups: dict[tuple[str, ...], list[TimeSeries]] = {}
    fields = _fields(aggregation.group_by)
    for one in aligned:
        groups.setdefault(tuple(_fact(one, name) for name in fields), []).append(one)
    return [_reduce(members, aggregation.reducer, fields) for members in groups.values()]


@functools.lru_cache(maxsize=64)
def _fields(group_by: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(selector(name)) for name in group_by)


def _align(series: TimeSeries, aggregation: Aggregation, end: dt.datetime) -> TimeSeries:
    period = dt.timedelta(seconds=aggregation.alignment_seconds)
    if aggregation.aligner in _SUMS and _aligned(series, period, end):
        return series
    values: dict[int, list[Value]] = {}
    for point in series.points:
        values.setdefault((end - point.end) // period, []).append(point.value)
    to_value, kind, value_type = _aligner(aggregation, series)
    points = [
        Point(
            end - (number if kind == "GAUGE" else number + 1) * period,
            end - number * period,
            to_value(inside),
        )
        for number, inside in sorted(values.items())
    ]
    unit = f"{series.unit}/s" if aggregation.aligner == "ALIGN_RATE" else series.unit
    return TimeSeries(
        series.metric_type,
        series.metric_labels,
        series.resource_labels,
        kind,
        value_type,
        unit,
        tuple(points),
    )


def _aligned(series: TimeSeries, period: dt.timedelta, end: dt.datetime) -> bool:
    """Whether a sum changes nothing: each sample is whole periods of its own already."""
    return series.metric_kind == "DELTA" and all(
        point.end - point.start == period and not (end - point.end) % period
        for point in series.points
    )


def _aligner(
    aggregation: Aggregation, series: TimeSeries
) -> tuple[Callable[[Sequence[Value]], Value], str, str]:
    """Return how values of a period become one, and the kind and type that it then has."""
    percent = PERCENTILE_ALIGNERS.get(aggregation.aligner)
    if percent is not None:
        return lambda values: _percentile(values, percent), "GAUGE", "DOUBLE"
    if aggregation.aligner == "ALIGN_RATE":
        seconds = aggregation.alignment_seconds
        return lambda values: sum(_numbers(values)) / seconds, "GAUGE", "DOUBLE"
    # That ALIGN_SUM of a DELTA stays a DELTA is from general knowledge, not confirmed.
    return _sum, "DELTA", series.value_type


def _reduce(members: Sequence[TimeSeries], reducer: str, fields: Sequence[str]) -> TimeSeries:
    at: dict[tuple[dt.datetime, dt.datetime], list[Value]] = {}
    for member in members:
        for point in member.points:
            at.setdefault((point.start, point.end), []).append(point.value)
    first = members[0]
    percent = PERCENTILE_REDUCERS.get(reducer)
    kind, value_type = first.metric_kind, first.value_type
    if percent is not None:
        at = {(end, end): values for (_, end), values in at.items()}
        kind, value_type = "GAUGE", "DOUBLE"
    points = [
        Point(start, end, _sum(values) if percent is None else _percentile(values, percent))
        for (start, end), values in sorted(at.items(), reverse=True)
    ]
    # A reduced series keeps its project and what it was grouped by, nothing else.
    project = {"project_id": first.resource_labels["project_id"]}
    return TimeSeries(
        first.metric_type,
        _kept(first.metric_labels, "metric.labels.", fields),
        project | _kept(first.resource_labels, "resource.labels.", fields),
        kind,
        value_type,
        first.unit,
        tuple(points),
    )


def _sum(values: Sequence[Value]) -> Value:
    if len(values) == 1:
        return values[0]  # The usual case, and summing histograms is what costs time here.
    distributions = _distributions(values)
    return merged(distributions) if distributions else sum(_numbers(values))


def _percentile(values: Sequence[Value], percent: float) -> float:
    """Return a percentile of merged histograms, or of the series' numbers at one instant."""
    distributions = _distributions(values)
    if distributions:
        return merged(distributions).percentile(percent)
    numbers = sorted(_numbers(values))
    position = (len(numbers) - 1) * percent / 100
    below = int(position)
    above = min(below + 1, len(numbers) - 1)
    return float(numbers[below] + (numbers[above] - numbers[below]) * (position - below))


def _distributions(values: Sequence[Value]) -> list[Distribution]:
    return [value for value in values if isinstance(value, Distribution)]


def _numbers(values: Sequence[Value]) -> list[int | float]:
    return [value for value in values if not isinstance(value, Distribution)]


def _fact(series: TimeSeries, field: str) -> str:
    of, _, key = field.partition(".labels.")
    if of == "resource":
        return series.resource_labels.get(key, "")
    return series.metric_labels.get(key, "")


def _kept(labels: Mapping[str, str], prefix: str, fields: Iterable[str]) -> dict[str, str]:
    keys = [name.removeprefix(prefix) for name in fields if name.startswith(prefix)]
    return {key: labels[key] for key in keys if key in labels}
