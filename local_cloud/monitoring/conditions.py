"""The conditions of an alert policy as values, and what they measure at an instant.

What makes one: reading_conditions.py. How long it must last, and what follows: watching.py.
Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Condition
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from local_cloud.logging.compiled import Query
from local_cloud.monitoring.aggregation import Aggregation, aggregate
from local_cloud.monitoring.descriptors import Metric
from local_cloud.monitoring.extractors import Extractor
from local_cloud.monitoring.model import MonitoringModel
from local_cloud.monitoring.series_filter import SeriesFilter
from local_cloud.monitoring.slos import BurnRate
from local_cloud.monitoring.values import TimeSeries

NO_OP: Final = "EVALUATION_MISSING_DATA_NO_OP"
ACTIVE: Final = "EVALUATION_MISSING_DATA_ACTIVE"
INACTIVE: Final = "EVALUATION_MISSING_DATA_INACTIVE"


class Group(NamedTuple):
    """One series that a condition looks at: an incident is of one."""

    resource_type: str
    resource_labels: tuple[tuple[str, str], ...] = ()
    metric_labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    """How many of a condition's series must fail; Google's default is one."""

    count: int = 1
    percent: float | None = None

    def met(self, failing: int, of: int) -> bool:
        if self.percent is None:
            return failing >= max(self.count, 1)
        return failing > 0 and failing * 100 >= self.percent * of


@dataclass(frozen=True, slots=True)
class Measure:
    """Series of one metric, aligned and reduced."""

    wanted: SeriesFilter
    aggregations: tuple[Aggregation, ...]

    @property
    def metric(self) -> Metric:
        return self.wanted.metric

    def values(
        self, monitoring: MonitoringModel, project: str, end: dt.datetime
    ) -> dict[Group, float]:
        """Return what there is at `end`, which is the end of the newest aligned period."""
        periods = [one.alignment_seconds for one in self.aggregations]
        longest = max([*periods, monitoring.settings.alignment_min_seconds])
        series = monitoring.raw(project, self.wanted, end - dt.timedelta(seconds=longest), end)
        for aggregation in self.aggregations:
            series = aggregate(series, aggregation, end)
        return {
            _group(one): float(one.points[0].value)
            for one in series
            if one.points and isinstance(one.points[0].value, int | float)
        }


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value, or a ratio of two, above or below a threshold."""

    measure: Measure | BurnRate
    denominator: Measure | None
    above: bool
    threshold: float
    duration_seconds: int
    trigger: Trigger = field(default_factory=Trigger)
    missing: str = NO_OP
    denominator_min: float = 0.0
    """Below this there is no ratio. Google has no such setting."""

    @property
    def metric(self) -> Metric | None:
        return self.measure.metric

    def values(self, monitoring: MonitoringModel, project: str) -> dict[Group, float]:
        """Return the newest value of each series."""
        end = monitoring.visible_until(self.metric)
        if isinstance(self.measure, BurnRate):
            rate = self.measure.rate(monitoring, project, end)
            return {} if rate is None else {Group(""): rate}
        found = self.measure.values(monitoring, project, end)
        if self.denominator is None:
            return found
        # A numerator without data counts as none of what the denominator counts: 0.
        return {
            group: found.get(group, 0.0) / whole
            for group, whole in self.denominator.values(monitoring, project, end).items()
            if whole > 0 and whole >= self.denominator_min
        }

    def violated(self, value: float) -> bool:
        """Whether a value is on the wrong side. The threshold itself is not."""
        return value > self.threshold if self.above else value < self.threshold


@dataclass(frozen=True, slots=True)
class Absence:
    """Series that had data since the policy was made, and have none any more."""

    measure: Measure
    duration_seconds: int
    trigger: Trigger = field(default_factory=Trigger)

    @property
    def metric(self) -> Metric | None:
        return self.measure.metric

    def values(self, monitoring: MonitoringModel, project: str) -> dict[Group, float]:
        """Return the series that have data now."""
        end = monitoring.visible_until(self.metric)
        return self.measure.values(monitoring, project, end)


@dataclass(frozen=True, slots=True)
class LogMatch:
    """Log entries that match a filter, one by one."""

    query: Query
    extractors: Mapping[str, Extractor]

    def group(self, entry: Mapping[str, Any]) -> Group | None:
        """Return whose an entry's incident is; None if it does not match."""
        if not self.query.matches(entry):
            return None
        resource = entry.get("resource", {})
        found = {key: one.text(entry) for key, one in self.extractors.items()}
        return Group(
            str(resource.get("type", "")),
            tuple(sorted(resource.get("labels", {}).items())),
            tuple(sorted((key, text) for key, text in found.items() if text is not None)),
        )


@dataclass(frozen=True, slots=True)
class Condition:
    """One of a policy's conditions, and the words that its notifications repeat."""

    name: str
    display_name: str
    document: Mapping[str, Any]
    """REST form, with its name."""
    test: Threshold | Absence | LogMatch


def _group(series: TimeSeries) -> Group:
    return Group(
        series.resource_type,
        tuple(sorted(series.resource_labels.items())),
        tuple(sorted(series.metric_labels.items())),
    )
