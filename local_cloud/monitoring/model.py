"""Cloud Monitoring: time series, as late and as coarse as the real ones.

Requests of Cloud Run are measured, everything else is written. No PromQL, no secondary aggregation
in `timeSeries.list`. Alert policies: alerts.py. Source: reference/gcp.md, section 2.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.quota import MinuteQuota, QuotaName
from local_cloud.kit.scheduler import Scheduler
from local_cloud.kit.traffic import OpenRequests, ServedRequest
from local_cloud.monitoring.aggregation import Aggregation, aggregate, check, shape_of
from local_cloud.monitoring.catalogue import METRICS, Catalogue
from local_cloud.monitoring.concurrency import Concurrency
from local_cloud.monitoring.descriptors import (
    MAX_CONCURRENCIES,
    REQUEST_COUNT,
    REQUEST_LATENCIES,
    RUN_DELAY_SECONDS,
    Metric,
)
from local_cloud.monitoring.distribution import Distribution
from local_cloud.monitoring.filters import parse, predicate
from local_cloud.monitoring.pages import Pager
from local_cloud.monitoring.queries import (
    DEMO,
    MonitoringSettings,
    TimeSeriesPage,
    TimeSeriesQuery,
    interval_of,
    project_of,
)
from local_cloud.monitoring.recorded import Recorded, RecordedSeries, Source
from local_cloud.monitoring.series_filter import SeriesFilter, compile_filter
from local_cloud.monitoring.store import Series, Store
from local_cloud.monitoring.values import Point, TimeSeries, Value

__all__ = ["DEMO", "MonitoringModel", "MonitoringSettings", "TimeSeriesQuery"]
SERVICE: Final = "google.monitoring.v3.MetricService"
_FROM_REQUESTS: Final = (METRICS[REQUEST_COUNT], METRICS[REQUEST_LATENCIES])
_OPEN_REQUESTS: Final = METRICS[MAX_CONCURRENCIES]
_FILTERS_KEPT: Final = 512


class MonitoringModel:
    """The metrics of all projects."""

    def __init__(
        self, scheduler: Scheduler, audit: Audit, settings: MonitoringSettings | None = None
    ) -> None:
        self._scheduler = scheduler
        self._audit = audit
        self.settings = settings or MonitoringSettings()
        period = self.settings.sample_period_seconds
        kept = min(self.settings.retention_seconds // period, self.settings.periods_max)
        self.catalogue = Catalogue()
        self._store = Store(period, kept)
        self._concurrency = Concurrency(period, kept)
        self._recorded = Recorded(kept)
        self._filters: dict[tuple[str, str], SeriesFilter] = {}
        self._checked: set[tuple[SeriesFilter, Aggregation]] = set()
        self._quota = MinuteQuota(
            scheduler,
            metric="Time series queries",
            limit="Time series queries per minute",
            service="monitoring.googleapis.com",
            per_minute=self.settings.queries_per_minute,
            name=QuotaName(
                "monitoring.googleapis.com/query_requests", "QueryRequestsPerMinutePerProject"
            ),
        )

    def record(self, served: ServedRequest, count: int = 1) -> None:
        """Count a request that has ended, or `count` alike at once.

        One that never reached a container is in no metric.
        """
        if served.reached:
            self._store.add(served, count)

    def note_open(self, told: OpenRequests) -> None:
        """Take how many requests a revision has open from now on."""
        self._concurrency.note(told)

    def write(
        self,
        project: str,
        metric_type: str,
        value: Value,
        source: Source,
        *,
        at: dt.datetime | None = None,
        over: dt.timedelta | None = None,
    ) -> None:
        """Write a point as the platform does: of any metric that the project has.

        `at` is the end of what was measured, now by default; `over` is how long a DELTA measured, a
        sample period by default. Raises Refused(INVALID_ARGUMENT, NOT_FOUND).
        """
        metric = self.metric(project, metric_type)
        end = at or self._scheduler.now()
        if metric.kind != "GAUGE":
            over = over or dt.timedelta(seconds=self.settings.sample_period_seconds)
        point = Point(end - (over or dt.timedelta()), end, value)
        self._recorded.add(project, metric, source, point)

    def count(self, project: str, metric: Metric, source: Source, number: int) -> None:
        """Add to the sample period that now is in: what counters made from logs do."""
        period = self._store.period(self._scheduler.now())
        point = Point(self._instant(period), self._instant(period + 1), number)
        self._recorded.count(project, metric, source, point)

    def list_time_series(self, query: TimeSeriesQuery, caller: str | None = None) -> TimeSeriesPage:
        """Answer one page of `timeSeries.list`, which counts as one query of the project.

        Raises Refused(INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED).
        """
        self._audit.note(caller, f"{SERVICE}.ListTimeSeries", query.name)
        project = project_of(query.name)
        self._quota.take(f"project:{project}")
        wanted = self._wanted(project, query)
        start, end = interval_of(query)
        pager = Pager(lambda: repr(replace(query, page_size=0, page_token="")), query.page_size)
        as_of, offset = pager.position(query.page_token, self._scheduler.now())
        raw = self._raw(project, wanted, start, end, as_of)
        series = aggregate(raw, query.aggregation, end)
        if query.headers_only:
            series = [one._replace(points=()) for one in series]
        page, more = pager.cut(series, offset)
        return TimeSeriesPage(tuple(page), pager.token(as_of, offset) if more else "")

    def query(self, query: TimeSeriesQuery) -> tuple[TimeSeries, ...]:
        """Return all series of a query, as the platform itself sees them: nothing is audited."""
        project = project_of(query.name)
        wanted = self._wanted(project, query)
        start, end = interval_of(query)
        raw = self._raw(project, wanted, start, end, self._scheduler.now())
        return tuple(aggregate(raw, query.aggregation, end))

    def raw(
        self, project: str, wanted: SeriesFilter, start: dt.datetime, end: dt.datetime
    ) -> list[TimeSeries]:
        """Return the unaligned series of a compiled filter, as the platform itself sees them."""
        return self._raw(project, wanted, start, end, self._scheduler.now())

    def filter(self, project: str, text: str) -> SeriesFilter:
        """Compile a filter of a project's series. Raises Refused(INVALID_ARGUMENT, NOT_FOUND)."""
        known = self._filters.get((project, text))
        # A metric made from logs may have come, gone or changed since.
        if known is None or self.catalogue.find(project, known.metric.type) is not known.metric:
            known = compile_filter(text, self.catalogue.finder(project))
            if len(self._filters) >= _FILTERS_KEPT:
                self._filters.clear()
                self._checked.clear()
            self._filters[project, text] = known
        return known

    def metric(self, project: str, metric_type: str) -> Metric:
        """Return a metric of a project. Raises Refused(NOT_FOUND)."""
        found = self.catalogue.find(project, metric_type)
        if found is None:
            raise Refused("NOT_FOUND", f'Could not find descriptor for metric "{metric_type}".')
        return found

    def visible_until(self, metric: Metric | None = None) -> dt.datetime:
        """Return the end of the newest sample period whose points can be seen now."""
        seen = self._scheduler.now() - self.delay(metric)
        return self._instant(self._store.period(seen))

    def delay(self, metric: Metric | None = None) -> dt.timedelta:
        """Return how late a metric's points are; None: one of Cloud Run."""
        late = metric.ingest_delay_seconds / RUN_DELAY_SECONDS if metric else 1
        return dt.timedelta(seconds=self.settings.ingest_delay_seconds * late)

    def get_metric(self, name: str, caller: str | None = None) -> Metric:
        """Answer `metricDescriptors.get`. Raises Refused(INVALID_ARGUMENT, NOT_FOUND)."""
        self._audit.note(caller, f"{SERVICE}.GetMetricDescriptor", name)
        project, _, metric = name.removeprefix("projects/").partition("/metricDescriptors/")
        if not name.startswith("projects/") or not project or not metric or "%" in metric:
            # A slash written as %2F is refused as well. Source: reference/gcp.md, section 2.
            raise Refused("INVALID_ARGUMENT", f'Invalid metric name: "{name}".')
        return self.metric(project, metric)

    def list_metrics(
        self, name: str, text: str = "", caller: str | None = None
    ) -> tuple[Metric, ...]:
        """Answer `metricDescriptors.list`; `text` is a filter on metric.type, or empty."""
        self._audit.note(caller, f"{SERVICE}.ListMetricDescriptors", name)
        known = self.catalogue.metrics(project_of(name))
        if not text:
            return known
        matches = predicate(parse(text))
        return tuple(
            metric
            for metric in known
            if any(
                matches({"metric.type": metric.type, "resource.type": resource})
                for resource in metric.resources
            )
        )

    def __len__(self) -> int:
        """Return how many periods of how many series are kept."""
        return len(self._store) + len(self._concurrency) + len(self._recorded)

    def _wanted(self, project: str, query: TimeSeriesQuery) -> SeriesFilter:
        """Compile a query's filter and check its aggregation, once for all that are alike."""
        wanted = self.filter(project, query.filter)
        if (wanted, query.aggregation) not in self._checked:
            check(query.aggregation, shape_of(wanted), self.settings.alignment_min_seconds)
            self._checked.add((wanted, query.aggregation))
        return wanted

    def _raw(
        self,
        project: str,
        wanted: SeriesFilter,
        start: dt.datetime,
        end: dt.datetime,
        as_of: dt.datetime,
    ) -> list[TimeSeries]:
        """Return the unaligned series with a visible point in (start, end]."""
        metric = wanted.metric
        seen = min(end, as_of - self.delay(metric))
        # A sample belongs to (start, end] by its end, and period n ends where n + 1 begins.
        first, last = self._store.period(start), self._store.period(seen) - 1
        result = []
        for series in self._measured(project, metric, last):
            if not wanted.matches(series.facts):
                continue
            points = [
                Point(self._instant(n), self._instant(n + 1), _value(metric, cell))
                for n, cell in series.between(first, last)
            ]
            if points:
                result.append(_time_series(metric, series, points))
        written = (
            _written_series(one, tuple(one.between(start, seen)))
            for one in self._recorded.of(project, metric)
            if wanted.matches(one.facts)
        )
        return [*result, *(one for one in written if one.points)]

    def _measured(self, project: str, metric: Metric, last: int) -> Iterator[Series]:
        if metric in _FROM_REQUESTS:
            return self._store.of(project)
        return self._concurrency.of(project, last) if metric is _OPEN_REQUESTS else iter(())

    def _instant(self, period: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(period * self.settings.sample_period_seconds, dt.UTC)


def _value(metric: Metric, cell: Distribution) -> int | Distribution:
    return cell if metric.value_type == "DISTRIBUTION" else cell.count


def _time_series(metric: Metric, series: Series, points: Sequence[Point]) -> TimeSeries:
    return TimeSeries(
        metric.type,
        series.metric_labels,
        series.resource_labels,
        metric.kind,
        metric.value_type,
        metric.unit,
        tuple(points),
    )


def _written_series(written: RecordedSeries, points: tuple[Point, ...]) -> TimeSeries:
    metric, source = written.metric, written.source
    return TimeSeries(
        metric.type,
        source.metric_labels,
        source.resource_labels,
        metric.kind,
        metric.value_type,
        metric.unit,
        points,
        source.resource_type,
    )
