"""Cloud Monitoring: totals and latencies of two revisions, by the official client (gRPC).

Whole, but minutes late: nothing here is newer than the metric's own ingest delay.
"""

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from google.cloud import monitoring_v3
from google.cloud.monitoring_v3.types import (
    Aggregation,
    ListTimeSeriesRequest,
    TimeSeries,
)
from google.protobuf.timestamp_pb2 import Timestamp

from gcp.distributions import highest_of, histogram_of
from gcp.lazily import Lazy
from gcp.ports import Totals
from gcp.quoting import quoted
from gcp.vendor_errors import translated
from rollouts.errors import BarqError, Refused
from rollouts.grid import EPOCH, floor
from rollouts.intervals import Histogram, Point, Role
from rollouts.policy import ServiceRef

REQUEST_COUNT: Final = "run.googleapis.com/request_count"
REQUEST_LATENCIES: Final = "run.googleapis.com/request_latencies"
OPEN_REQUESTS: Final = "run.googleapis.com/container/max_request_concurrencies"
CLASS: Final = "metric.labels.response_code_class"
REVISION: Final = "resource.labels.revision_name"
TIMEOUT_SECONDS: Final = 20.0
_NOT_DONE: Final = "metrics were not read"
_Key = tuple[Role, dt.datetime]
_Request: Final = ListTimeSeriesRequest.pb()
_SECOND_NANOS: Final = 10**9


def client_at(endpoint: str) -> Callable[[], monitoring_v3.MetricServiceClient]:
    """Return what makes the client. `endpoint` is MONITORING_ENDPOINT."""
    return lambda: monitoring_v3.MetricServiceClient(client_options={"api_endpoint": endpoint})


class CloudMetrics:
    """Implements `ports.Metrics`.

    Two calls a look, a third for requests in flight, and one more in a process for each project:
    the descriptor. `make` makes the official client, at the first call.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._client = Lazy(make)
        self._timing: dict[str, tuple[dt.timedelta, dt.timedelta]] = {}

    def totals(
        self,
        ref: ServiceRef,
        revisions: Mapping[str, Role],
        since: dt.datetime,
        now: dt.datetime,
        *,
        in_flight: bool = False,
    ) -> Totals:
        """Return the periods that are visible at `now` and end after `since`.

        Sample period and ingest delay are the metric descriptor's own. Without the requests in
        flight the rest is still true: a note says why they are missing.
        """
        not_done = f"the metrics of {ref} were not read"
        with translated(not_done):
            period, delay = self._period_and_delay(ref.project)
            with _understood(not_done):
                start, end = floor(since, period), floor(now - delay, period)
            if end <= start or not revisions:
                return Totals((), end, period, delay)
            counts = self._read(ref, revisions, REQUEST_COUNT, start, end, period)
            latencies = self._read(ref, revisions, REQUEST_LATENCIES, start, end, period)
            points = points_of(counts, latencies, revisions, period)
        # One from before what was asked for would stretch the history to its own beginning.
        asked = tuple(one for one in points if one.end > start)
        found = Totals(asked, end, period, delay)
        return self._with_in_flight(found, ref, revisions, start) if in_flight else found

    def _with_in_flight(
        self, found: Totals, ref: ServiceRef, revisions: Mapping[str, Role], start: dt.datetime
    ) -> Totals:
        not_done = "requests in flight were not read"
        try:
            with translated(not_done):
                series = self._read(
                    ref, revisions, OPEN_REQUESTS, start, found.visible_until, found.period
                )
                highest = in_flight_of(series, revisions)
        except BarqError as error:
            return replace(found, notes=(error.message,))
        told = {(one.role, one.end) for one in found.points}
        # All of them hang: no request has ended, and none of the other metrics has a point.
        alone = [
            Point(end - found.period, end, role, 0, 0)
            for role, end in highest
            if (role, end) not in told and start < end <= found.visible_until
        ]
        points = (
            Point(
                one.start,
                one.end,
                one.role,
                one.requests,
                one.errors,
                one.latency,
                highest.get((one.role, one.end)),
            )
            for one in sorted([*found.points, *alone], key=lambda one: (one.end, one.role))
        )
        return replace(found, points=tuple(points))

    def _period_and_delay(self, project: str) -> tuple[dt.timedelta, dt.timedelta]:
        if project not in self._timing:
            name = f"projects/{project}/metricDescriptors/{REQUEST_COUNT}"
            metadata = (
                self._client()
                .get_metric_descriptor(name=name, retry=None, timeout=TIMEOUT_SECONDS)
                .metadata
            )
            with _understood(_NOT_DONE):
                period = metadata.sample_period.ToTimedelta()
                delay = metadata.ingest_delay.ToTimedelta()
            if period <= dt.timedelta(0) or delay < dt.timedelta(0):
                raise Refused(f"{_NOT_DONE}: {REQUEST_COUNT} tells no sample period and delay")
            self._timing[project] = period, delay
        return self._timing[project]

    def _read(
        self,
        ref: ServiceRef,
        revisions: Iterable[str],
        metric: str,
        start: dt.datetime,
        end: dt.datetime,
        period: dt.timedelta,
    ) -> list[TimeSeries]:
        # The plain message: the library's wrappers take as long as the call.
        request = _Request()
        request.CopyFrom(_request_of(ref, tuple(sorted(revisions)), metric, period))
        _write_instant(request.interval.start_time, start)
        _write_instant(request.interval.end_time, end)
        asked = ListTimeSeriesRequest.wrap(request)
        # The pager asks for further pages by itself.
        return list(self._client().list_time_series(asked, retry=None, timeout=TIMEOUT_SECONDS))


@contextmanager
def _understood(not_done: str) -> Iterator[None]:
    """Raise Refused for a number or an instant that no value of ours can hold."""
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise Refused(f"{not_done}: a number or an instant in them cannot be") from error


@functools.lru_cache(maxsize=256)
def _request_of(
    ref: ServiceRef, revisions: tuple[str, ...], metric: str, period: dt.timedelta
) -> Any:
    """Return a request without its interval: the same at every look."""
    return _Request(
        name=f"projects/{ref.project}",
        filter=filter_of(ref, revisions, metric),
        aggregation=Aggregation.pb(aggregation_of(metric, period)),
        view=int(ListTimeSeriesRequest.TimeSeriesView.FULL),
    )


def filter_of(ref: ServiceRef, revisions: Iterable[str], metric: str) -> str:
    """Return the filter: one metric, one service, these revisions; latencies without the 5xx.

    A request that failed is judged as an error; how fast it failed tells nothing of latency.
    """
    names = ", ".join(quoted(name) for name in sorted(revisions))
    terms = [
        f"metric.type = {quoted(metric)}",
        'resource.type = "cloud_run_revision"',
        f"resource.labels.service_name = {quoted(ref.service)}",
        f"resource.labels.location = {quoted(ref.region)}",
        f"{REVISION} = one_of({names})",
    ]
    if metric == REQUEST_LATENCIES:
        terms.append(f'{CLASS} != "5xx"')
    return " AND ".join(terms)


@functools.lru_cache(maxsize=64)
def aggregation_of(metric: str, period: dt.timedelta) -> Aggregation:
    """Return how series are joined: sums on the sample period's own grid.

    ALIGN_SUM and not ALIGN_DELTA or ALIGN_RATE: those interpolate periods without data, which
    invents traffic for a canary that has little. Source: reference/gcp.md, section 2.
    """
    return Aggregation(
        alignment_period=period,
        per_series_aligner=Aggregation.Aligner.ALIGN_SUM,
        cross_series_reducer=Aggregation.Reducer.REDUCE_SUM,
        group_by_fields=[REVISION] + ([CLASS] if metric == REQUEST_COUNT else []),
    )


def points_of(
    counts: Iterable[TimeSeries],
    latencies: Iterable[TimeSeries],
    revisions: Mapping[str, Role],
    period: dt.timedelta,
) -> tuple[Point, ...]:
    """Return a point for each role and period with a request, in order of time. Pure.

    Points stand by their ends: the start that Google writes may be a millisecond late. Raises
    Refused for what cannot be understood.
    """
    with _understood(_NOT_DONE):
        return _points(counts, latencies, revisions, period)


def _points(
    counts: Iterable[TimeSeries],
    latencies: Iterable[TimeSeries],
    revisions: Mapping[str, Role],
    period: dt.timedelta,
) -> tuple[Point, ...]:
    requests: dict[_Key, int] = {}
    errors: dict[_Key, int] = {}
    histograms: dict[_Key, Histogram | None] = {}
    for code_class, key, value in _values(counts, revisions):
        number = int(value.int64_value or value.double_value)
        if number < 0:
            raise ValueError(number)
        requests[key] = requests.get(key, 0) + number
        if code_class == "5xx":
            errors[key] = errors.get(key, 0) + number
    for _, key, value in _values(latencies, revisions):
        histograms[key] = histogram_of(value.distribution_value)
    return tuple(
        Point(
            end - period, end, role, number, errors.get((role, end), 0), histograms.get((role, end))
        )
        for (role, end), number in sorted(requests.items(), key=lambda one: (one[0][1], one[0][0]))
        if number
    )


def in_flight_of(series: Iterable[TimeSeries], revisions: Mapping[str, Role]) -> dict[_Key, float]:
    """Return the most requests that were open at once in one instance, by role and end. Pure."""
    with _understood("requests in flight were not read"):
        found: dict[_Key, float] = {}
        for _, key, value in _values(series, revisions):
            highest = highest_of(value.distribution_value)
            if highest is not None:
                found[key] = max(found.get(key, 0.0), highest)
        return found


def _values(
    several: Iterable[TimeSeries], revisions: Mapping[str, Role]
) -> Iterable[tuple[str, _Key, Any]]:
    """Yield response class, role with period's end, and value of every point."""
    for one in several:
        # The plain message: the library's wrapper costs tens of microseconds a point.
        series = TimeSeries.pb(one)
        role = revisions.get(series.resource.labels["revision_name"])
        if role is None:
            continue
        for point in series.points:
            end = _read_instant(point.interval.end_time)
            yield series.metric.labels["response_code_class"], (role, end), point.value


def _write_instant(message: Timestamp, instant: dt.datetime) -> None:
    """Write a Timestamp. `FromDatetime` and `ToDatetime` go by way of the calendar."""
    since = instant - EPOCH
    message.seconds = since.days * 86_400 + since.seconds
    message.nanos = since.microseconds * 1000


def _read_instant(message: Timestamp) -> dt.datetime:
    """Read a Timestamp. Raises ValueError or OverflowError for what is none."""
    if not 0 <= message.nanos < _SECOND_NANOS:
        raise ValueError(message.nanos)
    return EPOCH + dt.timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)
