import datetime as dt

import pytest
from google.api import metric_pb2
from google.api.distribution_pb2 import Distribution
from google.api_core import exceptions as api_errors
from google.cloud.monitoring_v3.types import Aggregation, Point, TimeInterval, TimeSeries
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from gcp.metrics import (
    OPEN_REQUESTS,
    REQUEST_COUNT,
    REQUEST_LATENCIES,
    CloudMetrics,
    aggregation_of,
    filter_of,
    points_of,
)
from local_cloud.monitoring.filters import compares, parse
from rollouts.errors import BarqError, Refused, Transient
from rollouts.intervals import Histogram, Role
from rollouts.policy import ServiceRef
from tests.unit.functions.gcp.worlds import NOON, REF

MINUTE = dt.timedelta(minutes=1)
METRICS = (REQUEST_COUNT, REQUEST_LATENCIES, OPEN_REQUESTS)
ROLES: dict[str, Role] = {"fleet-new": "canary", "fleet-old": "stable"}


def series(revision, code_class=None, **points):
    """A reduced series; points by the minute that they end in, such as m1=5."""
    metric = {"labels": {"response_code_class": code_class} if code_class else {}}
    return TimeSeries(
        metric=metric,
        resource={"type": "cloud_run_revision", "labels": {"revision_name": revision}},
        points=[point(int(name[1:]), value) for name, value in points.items()],
    )


def point(minute, value):
    end = NOON + minute * MINUTE
    typed = (
        {"distribution_value": value} if isinstance(value, Distribution) else {"int64_value": value}
    )
    start = end - MINUTE + dt.timedelta(milliseconds=1)
    return Point(interval=TimeInterval(start_time=start, end_time=end), value=typed)


def latencies(*counts):
    options = Distribution.BucketOptions(
        explicit_buckets=Distribution.BucketOptions.Explicit(bounds=[100, 200])
    )
    return Distribution(count=sum(counts), bucket_options=options, bucket_counts=counts)


class Client:
    """The official client's two methods, with answers made beforehand."""

    def __init__(self, period=60, delay=120, answers=None, error=None, refused=()):
        self.refused = refused
        self.period, self.delay, self.error = period, delay, error
        self.answers = answers or {}
        self.asked = []
        self.requests = []

    def get_metric_descriptor(self, *, name, retry, timeout):
        self.asked.append(name)
        found = metric_pb2.MetricDescriptor(name=name)
        found.metadata.sample_period.FromSeconds(self.period)
        found.metadata.ingest_delay.FromSeconds(self.delay)
        return found

    def list_time_series(self, request, *, retry, timeout):
        if self.error:
            raise self.error
        self.requests.append(request)
        metric = next(one for one in METRICS if f'"{one}"' in request.filter)
        if metric in self.refused:
            raise api_errors.NotFound("Cannot find metric(s) that match type")
        return iter(self.answers.get(metric, []))


def totals(client, since=NOON, now=NOON + 10 * MINUTE, **more):
    return CloudMetrics(lambda: client).totals(REF, ROLES, since, now, **more)


def test_a_point_holds_a_periods_requests_errors_and_latency():
    client = Client(
        answers={
            REQUEST_COUNT: [
                series("fleet-new", "2xx", m1=40, m2=41),
                series("fleet-new", "5xx", m2=3),
                series("fleet-old", "2xx", m1=360),
            ],
            REQUEST_LATENCIES: [series("fleet-new", m1=latencies(30, 10))],
        }
    )

    first, stable, second = totals(client).points

    assert (first.role, first.start, first.end) == ("canary", NOON, NOON + MINUTE)
    assert (first.requests, first.errors) == (40, 0)
    assert first.latency == Histogram((100, 200), (30, 10, 0))
    assert (stable.role, stable.requests, stable.latency) == ("stable", 360, None)
    assert (second.requests, second.errors, second.start) == (44, 3, NOON + MINUTE)


def test_what_is_visible_ends_on_the_grid_before_the_ingest_delay():
    found = totals(Client(), now=NOON + 10 * MINUTE + dt.timedelta(seconds=59))

    assert found.visible_until == NOON + 8 * MINUTE
    assert found.period == MINUTE
    assert found.delay == 2 * MINUTE


def test_requests_in_flight_are_a_third_call_if_they_are_wanted():
    client = Client(
        answers={
            REQUEST_COUNT: [series("fleet-new", "2xx", m1=40)],
            OPEN_REQUESTS: [series("fleet-new", m1=latencies(0, 2), m3=latencies(5))],
        }
    )

    moving, stuck = totals(client, in_flight=True).points

    assert len(client.requests) == 3
    assert (moving.requests, moving.in_flight) == (40, 100.0)
    assert (stuck.end, stuck.requests, stuck.in_flight) == (NOON + 3 * MINUTE, 0, 0.0)


def test_requests_in_flight_that_cannot_be_read_are_a_note():
    client = Client(
        answers={REQUEST_COUNT: [series("fleet-new", "2xx", m1=40)]}, refused=(OPEN_REQUESTS,)
    )

    found = totals(client, in_flight=True)

    assert [one.requests for one in found.points] == [40]
    assert found.points[0].in_flight is None
    (note,) = found.notes
    assert note.startswith("requests in flight were not read: HTTP 404 NOT_FOUND (Cannot find")


def test_requests_in_flight_of_nothing_are_unknown():
    client = Client(
        answers={
            REQUEST_COUNT: [series("fleet-new", "2xx", m1=40)],
            OPEN_REQUESTS: [series("fleet-new", m1=Distribution())],
        }
    )

    assert totals(client, in_flight=True).points[0].in_flight is None


def test_period_and_delay_are_the_descriptors():
    found = totals(Client(period=1, delay=0), now=NOON + dt.timedelta(seconds=7.9))

    assert found.visible_until == NOON + dt.timedelta(seconds=7)
    assert found.period == dt.timedelta(seconds=1)


def test_the_interval_asked_for_stands_on_the_grid():
    client = Client()

    totals(client, since=NOON + dt.timedelta(seconds=70))

    intervals = [(one.interval.start_time, one.interval.end_time) for one in client.requests]
    assert intervals == [(NOON + MINUTE, NOON + 8 * MINUTE)] * 2


def test_a_look_is_two_calls_and_the_descriptor_is_read_once():
    client = Client()
    metrics = CloudMetrics(lambda: client)

    metrics.totals(REF, ROLES, NOON, NOON + 10 * MINUTE)
    metrics.totals(REF, ROLES, NOON, NOON + 11 * MINUTE)

    assert client.asked == [f"projects/barq-production/metricDescriptors/{REQUEST_COUNT}"]
    assert len(client.requests) == 4


def test_nothing_visible_yet_is_not_asked_for():
    client = Client()

    found = totals(client, now=NOON + MINUTE)

    assert (found.points, found.visible_until) == ((), NOON - MINUTE)
    assert client.requests == []


def test_a_descriptor_without_a_period_is_refused():
    with pytest.raises(Refused, match="tells no sample period and delay"):
        totals(Client(period=0))


@pytest.mark.parametrize("odd", [{"period": 2**60}, {"delay": 2**60}, {"delay": 10**11}])
def test_a_descriptor_with_impossible_times_is_refused(odd):
    with pytest.raises(Refused, match="were not read: a number or an instant in them cannot be"):
        totals(Client(**odd))


NUMBERS = st.builds(lambda one: {"int64_value": one}, st.integers(-(2**63), 2**63 - 1)) | st.builds(
    lambda one: {"double_value": one}, st.floats()
)
INSTANTS = st.builds(Timestamp, seconds=st.integers(-(2**63), 2**63 - 1), nanos=st.just(0))
LAYOUTS = (
    st.builds(
        lambda bounds: {"explicit_buckets": {"bounds": bounds}},
        st.lists(st.floats(), max_size=3),
    )
    | st.builds(
        lambda number, width, offset: {
            "linear_buckets": {"num_finite_buckets": number, "width": width, "offset": offset}
        },
        st.integers(-(2**31), 2**31 - 1),
        st.floats(),
        st.floats(),
    )
    | st.builds(
        lambda number, growth, scale: {
            "exponential_buckets": {
                "num_finite_buckets": number,
                "growth_factor": growth,
                "scale": scale,
            }
        },
        st.integers(-(2**31), 2000),
        st.floats(),
        st.floats(),
    )
)


@given(NUMBERS, INSTANTS | st.just(None), LAYOUTS, st.lists(st.integers(-5, 5), max_size=4))
def test_whatever_monitoring_answers_only_our_own_errors_escape(number, end, layout, counts):
    requests, slow = series("fleet-new", "2xx", m1=1), series("fleet-new", m1=latencies(1))
    TimeSeries.pb(requests).points[0].value.Clear()
    requests.points[0].value = number
    options = Distribution.BucketOptions(**layout)
    spread = Distribution(bucket_options=options, bucket_counts=counts)
    slow.points[0].value = {"distribution_value": spread}
    if end is not None:
        TimeSeries.pb(requests).points[0].interval.end_time.CopyFrom(end)
    answers = {REQUEST_COUNT: [requests], REQUEST_LATENCIES: [slow]}

    try:
        found = totals(Client(answers=answers))
    except BarqError:
        return
    for one in found.points:
        assert one.requests > 0
        if one.latency is not None and one.latency.total:
            one.latency.quantile_ms(0.95)


def test_a_point_of_before_what_was_asked_for_is_left_out():
    """It would stretch the history to where it stands: billions of empty minutes."""
    old = series("fleet-new", "2xx", m1=5)
    TimeSeries.pb(old).points[0].interval.end_time.FromSeconds(60)

    found = totals(Client(answers={REQUEST_COUNT: [old, series("fleet-new", "2xx", m2=7)]}))

    assert [one.requests for one in found.points] == [7]


def test_a_vendors_error_does_not_get_out():
    with pytest.raises(Transient, match="the metrics of fleet"):
        totals(Client(error=api_errors.ServiceUnavailable("later")))


def test_an_error_on_a_further_page_does_not_get_out_either():
    def pages():
        yield series("fleet-new", "2xx", m1=1)
        raise api_errors.DeadlineExceeded("page 2")

    client = Client(answers={REQUEST_COUNT: pages()})

    with pytest.raises(Transient):
        totals(client)


def test_sums_are_taken_and_never_interpolated():
    count = aggregation_of(REQUEST_COUNT, MINUTE)
    latency = aggregation_of(REQUEST_LATENCIES, MINUTE)

    assert count.per_series_aligner == Aggregation.Aligner.ALIGN_SUM
    assert count.cross_series_reducer == Aggregation.Reducer.REDUCE_SUM
    assert count.alignment_period == MINUTE
    assert list(count.group_by_fields) == [
        "resource.labels.revision_name",
        "metric.labels.response_code_class",
    ]
    assert list(latency.group_by_fields) == ["resource.labels.revision_name"]


def test_latencies_leave_failed_requests_out():
    assert filter_of(REF, ROLES, REQUEST_LATENCIES) == (
        'metric.type = "run.googleapis.com/request_latencies"'
        ' AND resource.type = "cloud_run_revision"'
        ' AND resource.labels.service_name = "fleet"'
        ' AND resource.labels.location = "europe-west1"'
        ' AND resource.labels.revision_name = one_of("fleet-new", "fleet-old")'
        ' AND metric.labels.response_code_class != "5xx"'
    )
    assert "5xx" not in filter_of(REF, ROLES, REQUEST_COUNT)


@given(st.text(min_size=1, max_size=20), st.sets(st.text(min_size=1, max_size=20), min_size=1))
def test_no_name_can_change_what_a_filter_means(service, revisions):
    tree = parse(filter_of(ServiceRef("p", "r", service), revisions, REQUEST_COUNT))

    found = {one.key: one.values for one in compares(tree)}

    assert found["resource.labels.service_name"] == (service,)
    assert set(found["resource.labels.revision_name"]) == revisions
    assert len(found) == 5


def test_other_revisions_and_empty_periods_are_no_points():
    counts = [series("fleet-other", "2xx", m1=9), series("fleet-new", "2xx", m1=0)]

    assert points_of(counts, [], ROLES, MINUTE) == ()


def test_a_count_that_is_written_as_a_double_is_read():
    found = series("fleet-new", "2xx", m1=1)
    found.points[0].value = {"double_value": 12.0}

    (only,) = points_of([found], [], ROLES, MINUTE)

    assert only.requests == 12


def test_a_client_is_made_at_the_first_look():
    made = []

    def make():
        made.append(1)
        return Client()

    metrics = CloudMetrics(make)

    assert made == []
    metrics.totals(REF, ROLES, NOON, NOON + 10 * MINUTE)
    metrics.totals(REF, ROLES, NOON, NOON + 10 * MINUTE)

    assert made == [1]
