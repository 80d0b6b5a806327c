"""Alignment and reduction of time series: what may be asked, and doing it. Values in and out."""

import datetime as dt
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.aligners import ALIGNERS, NOT_HERE
from local_cloud.monitoring.filter_tree import selector
from local_cloud.monitoring.reducers import REDUCERS
from local_cloud.monitoring.series_filter import SeriesFilter
from local_cloud.monitoring.values import Point, TimeSeries, Value

_SUMS: Final = ("ALIGN_DELTA", "ALIGN_SUM")
_PERCENTILES: Final = tuple(name for name in REDUCERS if "PERCENTILE" in name)
ALIGNMENT_MAX_SECONDS: Final = 104 * 7 * 86_400
"""Source: `Aggregation.alignment_period`: 104 weeks for charts."""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """How to align each series, and how to join series afterwards. Names are Google's."""

    alignment_seconds: float = 0
    aligner: str = "ALIGN_NONE"
    reducer: str = "REDUCE_NONE"
    group_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of series before they are there: enough to say what may be done to them."""

    kind: str
    value_type: str
    labels: tuple[str, ...]
    """What they are told apart by, as selectors."""


def shape_of(wanted: SeriesFilter) -> Shape:
    return Shape(wanted.metric.kind, wanted.metric.value_type, wanted.labels())


def check(aggregation: Aggregation, shape: Shape, alignment_min_seconds: float) -> Shape:
    """Return the shape of the result.

    Raises Refused(INVALID_ARGUMENT) for what Google refuses or this local cloud cannot do.
    """
    aligner, reducer = aggregation.aligner, aggregation.reducer
    if aligner == "ALIGN_NONE":
        if reducer != "REDUCE_NONE":
            raise _bad("perSeriesAligner", aligner, "a crossSeriesReducer needs another aligner")
        return shape
    aligned = _check_aligner(aligner, shape)
    if not alignment_min_seconds <= aggregation.alignment_seconds <= ALIGNMENT_MAX_SECONDS:
        raise _bad(
            "alignmentPeriod",
            f"{aggregation.alignment_seconds:g}s",
            f"must be at least {alignment_min_seconds:g}s and at most {ALIGNMENT_MAX_SECONDS}s",
        )
    if reducer == "REDUCE_NONE":
        return aligned  # Google ignores the fields then.
    return _check_reducer(aggregation, aligned)


def _check_aligner(name: str, shape: Shape) -> Shape:
    aligner = ALIGNERS.get(name)
    if aligner is None or not aligner.fits(shape.kind, shape.value_type):
        can = [one for one, each in ALIGNERS.items() if each.fits(shape.kind, shape.value_type)]
        words = (
            f"The aligner cannot be applied to metrics with kind {shape.kind} and value type"
            f" {shape.value_type}"
        )
        why = f"{name} is not supported here" if name in NOT_HERE else words
        raise _bad("perSeriesAligner", name, f"{why}. Supported here: {', '.join(can)}")
    return Shape(aligner.kind or shape.kind, aligner.type or shape.value_type, shape.labels)


def _check_reducer(aggregation: Aggregation, shape: Shape) -> Shape:
    reducer = REDUCERS.get(aggregation.reducer)
    if reducer is None or shape.value_type not in reducer.types:
        can = [name for name, each in REDUCERS.items() if shape.value_type in each.types]
        raise _bad(
            "crossSeriesReducer",
            aggregation.reducer,
            f"The reducer cannot be applied to values of type {shape.value_type}. Supported here:"
            f" {', '.join(can)}",
        )
    known = {*shape.labels, "resource.type", "metric.type", "project"}
    for name in aggregation.group_by:
        plural = selector(name)
        if name not in _EVERY and plural not in known and not str(plural).startswith("metadata."):
            raise _bad("groupByFields", name, f"must be one of {', '.join(sorted(known))}")
    kind = "GAUGE" if aggregation.reducer in _PERCENTILES else shape.kind
    fields = _fields(aggregation.group_by)
    kept = tuple(label for label in shape.labels if _is_kept(label, fields))
    return Shape(kind, reducer.type or shape.value_type, kept)


_EVERY: Final = {
    "resource.label.*": "resource.labels.",
    "resource.labels.*": "resource.labels.",
    "metric.label.*": "metric.labels.",
    "metric.labels.*": "metric.labels.",
}
"""Wildcards, as the console writes them for uptime checks, and what they stand for."""


def _is_kept(label: str, fields: Sequence[str]) -> bool:
    return label in fields or any(name.endswith(".") and label.startswith(name) for name in fields)


def _bad(field: str, value: str, why: str) -> Refused:
    return Refused(
        "INVALID_ARGUMENT", f'Field aggregation.{field} had an invalid value of "{value}": {why}.'
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
        groups.setdefault(_key(one, fields), []).append(one)
    return [_reduce(members, aggregation.reducer, fields) for members in groups.values()]


@functools.lru_cache(maxsize=64)
def _fields(group_by: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_EVERY.get(name) or str(selector(name)) for name in group_by)


def _align(series: TimeSeries, aggregation: Aggregation, end: dt.datetime) -> TimeSeries:
    period = dt.timedelta(seconds=aggregation.alignment_seconds)
    if aggregation.aligner in _SUMS and _aligned(series, period, end):
        return series
    values: dict[int, list[Value]] = {}
    for point in series.points:
        values.setdefault((end - point.end) // period, []).append(point.value)
    aligner = ALIGNERS[aggregation.aligner]
    kind = aligner.kind or series.metric_kind
    points = [
        Point(
            end - (number if kind == "GAUGE" else number + 1) * period,
            end - number * period,
            aligner.compute(inside, aggregation.alignment_seconds),
        )
        for number, inside in sorted(values.items())
    ]
    return series._replace(
        metric_kind=kind,
        value_type=aligner.type or series.value_type,
        unit=f"{series.unit}/s" if aggregation.aligner == "ALIGN_RATE" else series.unit,
        points=tuple(points),
    )


def _aligned(series: TimeSeries, period: dt.timedelta, end: dt.datetime) -> bool:
    """Whether a sum changes nothing: each sample is whole periods of its own already."""
    return series.metric_kind == "DELTA" and all(
        point.end - point.start == period and not (end - point.end) % period
        for point in series.points
    )


def _reduce(members: Sequence[TimeSeries], name: str, fields: Sequence[str]) -> TimeSeries:
    at: dict[tuple[dt.datetime, dt.datetime], list[Value]] = {}
    for member in members:
        for point in member.points:
            at.setdefault((point.start, point.end), []).append(point.value)
    first, reducer = members[0], REDUCERS[name]
    kind = first.metric_kind
    if name in _PERCENTILES:
        at = {(end, end): values for (_, end), values in at.items()}
        kind = "GAUGE"
    points = [
        Point(start, end, reducer.compute(values))
        for (start, end), values in sorted(at.items(), reverse=True)
    ]
    # A reduced series keeps its project and what it was grouped by, nothing else.
    labels = first.resource_labels
    project = {"project_id": labels["project_id"]} if "project_id" in labels else {}
    return first._replace(
        metric_labels=_kept(first.metric_labels, "metric.labels.", fields),
        resource_labels=project | _kept(labels, "resource.labels.", fields),
        metric_kind=kind,
        value_type=reducer.type or first.value_type,
        points=tuple(points),
    )


def _key(series: TimeSeries, fields: Sequence[str]) -> tuple[str, ...]:
    found = []
    for field in fields:
        of, _, key = field.partition(".labels.")
        labels = series.resource_labels if of == "resource" else series.metric_labels
        if key:
            found.append(labels.get(key, ""))
        elif field.endswith("."):
            found += [f"{name}={labels[name]}" for name in sorted(labels)]
        elif field == "resource.type":
            found.append(series.resource_type)
    return tuple(found)


def _kept(labels: Mapping[str, str], prefix: str, fields: Iterable[str]) -> dict[str, str]:
    if prefix in fields:
        return dict(labels)
    keys = [name.removeprefix(prefix) for name in fields if name.startswith(prefix)]
    return {key: labels[key] for key in keys if key in labels}
