"""What is asked of Monitoring, and how it is set up: values."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.aggregation import Aggregation
from local_cloud.monitoring.values import TimeSeries


@dataclass(frozen=True, slots=True)
class MonitoringSettings:
    """How coarse, how late and how often metrics can be read. The defaults are reality's."""

    queries_per_minute: int = 6000
    """`timeSeries.list` calls a project, every page one; beyond them RESOURCE_EXHAUSTED. Google
    publishes no number; this one is in a reported 429 (stored file 45292430122)."""
    sample_period_seconds: int = 60
    alignment_min_seconds: int = 60
    ingest_delay_seconds: float = 120.0
    """From the end of a sample period to its points being visible, for metrics of Cloud Run; other
    metrics are late in proportion."""
    retention_seconds: int = 86_400
    periods_max: int = 10_000
    """Sample periods kept of one series, whatever the retention says: bounds memory."""


DEMO: Final = MonitoringSettings(
    sample_period_seconds=1, alignment_min_seconds=1, ingest_delay_seconds=0.0
)


@dataclass(frozen=True, slots=True)
class TimeSeriesQuery:
    """A `ListTimeSeriesRequest` as plain values. The interval is (start, end]."""

    name: str
    filter: str
    start: dt.datetime | None
    end: dt.datetime | None
    aggregation: Aggregation = field(default_factory=Aggregation)
    headers_only: bool = False
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class TimeSeriesPage:
    series: tuple[TimeSeries, ...]
    next_page_token: str = ""


def project_of(name: str) -> str:
    """Return the project of `projects/P`. Raises Refused(INVALID_ARGUMENT)."""
    kind, _, project = name.partition("/")
    if kind != "projects" or not project or "/" in project:
        raise Refused(
            "INVALID_ARGUMENT", f'Field name had an invalid value of "{name}": projects/PROJECT.'
        )
    return project


def interval_of(query: TimeSeriesQuery) -> tuple[dt.datetime, dt.datetime]:
    """Return a query's (start, end]. Raises Refused(INVALID_ARGUMENT)."""
    if query.start is None or query.end is None or query.start >= query.end:
        raise Refused(
            "INVALID_ARGUMENT",
            "Field interval had an invalid value: startTime and endTime are needed, and the start"
            " time must be before the end time.",
        )
    return query.start, query.end
