"""Points that were written: of metrics that nothing here measures, and of users' own.

Memory is bounded: a series keeps its newest points, and of too many series of one metric the one
that was silent the longest makes room.
"""

import datetime as dt
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.descriptors import Metric
from local_cloud.monitoring.distribution import Distribution
from local_cloud.monitoring.filters import Facts
from local_cloud.monitoring.resources import RESOURCES
from local_cloud.monitoring.values import Point

SERIES_MAX: Final = 10_000
"""Of one metric in one project."""
TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "BOOL": bool,
    "INT64": int,
    "DOUBLE": (int, float),
    "STRING": str,
    "DISTRIBUTION": Distribution,
}


class Source(NamedTuple):
    """What a point is about: the metric's labels and the resource."""

    resource_type: str
    resource_labels: Mapping[str, str]
    metric_labels: Mapping[str, str] = {}
    user_labels: Mapping[str, str] = {}
    """`metadata.user_labels`: what the user put on the resource."""


@dataclass(slots=True)
class RecordedSeries:
    metric: Metric
    source: Source
    points: deque[Point]
    facts: Facts = field(default_factory=dict)

    def between(self, start: dt.datetime, end: dt.datetime) -> Iterator[Point]:
        """Yield the points that end in (start, end], newest first."""
        for point in reversed(self.points):
            if point.end <= start:
                return
            if point.end <= end:
                yield point


class Recorded:
    """The series that were written, of all projects."""

    def __init__(self, points_max: int) -> None:
        self._points_max = points_max
        self._series: dict[tuple[str, Metric], dict[tuple[object, ...], RecordedSeries]] = {}

    def add(self, project: str, metric: Metric, source: Source, point: Point) -> None:
        """Add a point, newer than any of its series. Raises Refused(INVALID_ARGUMENT)."""
        _check(metric, source, point)
        series = self._find(project, metric, source)
        if series.points and point.end <= series.points[-1].end:
            raise Refused(
                "INVALID_ARGUMENT",
                "One or more TimeSeries could not be written: Points must be written in order."
                " One or more of the points specified had an older start time than the most"
                " recent point.",
            )
        series.points.append(point)

    def count(self, project: str, metric: Metric, source: Source, point: Point) -> None:
        """Add a whole number to the point of the same end, or begin it."""
        _check(metric, source, point)
        series = self._find(project, metric, source)
        last = series.points[-1] if series.points else None
        if last is not None and last.end == point.end:
            assert isinstance(last.value, int)
            assert isinstance(point.value, int)
            series.points[-1] = last._replace(value=last.value + point.value)
        else:
            series.points.append(point)

    def of(self, project: str, metric: Metric) -> Iterator[RecordedSeries]:
        yield from self._series.get((project, metric), {}).values()

    def __len__(self) -> int:
        """Return how many points are kept."""
        of_all = (series for each in self._series.values() for series in each.values())
        return sum(len(series.points) for series in of_all)

    def _find(self, project: str, metric: Metric, source: Source) -> RecordedSeries:
        labels = (frozenset(each.items()) for each in source[1:] if isinstance(each, Mapping))
        key = (source.resource_type, *labels)
        known = self._series.setdefault((project, metric), {})
        series = known.get(key)
        if series is None:
            if len(known) >= SERIES_MAX:
                del known[min(known, key=lambda one: known[one].points[-1].end)]
            facts = _facts(project, source)
            series = RecordedSeries(metric, source, deque(maxlen=self._points_max), facts)
            known[key] = series
        return series


def _facts(project: str, source: Source) -> dict[str, str]:
    return {
        "project": project,
        "resource.type": source.resource_type,
        **{f"resource.labels.{key}": value for key, value in source.resource_labels.items()},
        **{f"metric.labels.{key}": value for key, value in source.metric_labels.items()},
        **{f"metadata.user_labels.{key}": value for key, value in source.user_labels.items()},
    }


def _check(metric: Metric, source: Source, point: Point) -> None:
    problems = []
    if source.resource_type not in metric.resources:
        problems.append(
            f"{metric.type} is not written for resource {source.resource_type!r}: must be one of"
            f" {', '.join(metric.resources)}"
        )
    else:
        known = RESOURCES[source.resource_type].labels
        problems += [
            f"resource label {key!r}" for key in source.resource_labels if key not in known
        ]
    problems += [
        f"metric label {key!r}" for key in source.metric_labels if key not in metric.labels
    ]
    wanted = TYPES[metric.value_type]
    is_number = metric.value_type in ("INT64", "DOUBLE")
    if not isinstance(point.value, wanted) or (is_number and isinstance(point.value, bool)):
        problems.append(f"a value of {metric.type} is {metric.value_type}, not {point.value!r}")
    if metric.kind == "GAUGE" and point.start != point.end:
        problems.append("a GAUGE is measured at one instant")
    if metric.kind == "DELTA" and point.start >= point.end:
        problems.append("the interval of a DELTA has a length")
    if problems:
        raise Refused(
            "INVALID_ARGUMENT",
            f"One or more TimeSeries could not be written: {'; '.join(problems)}.",
        )
