"""Time series as Cloud Monitoring answers them: how late, how coarse, how joined."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.kit.traffic import ServedRequest
from local_cloud.monitoring.aggregation import Aggregation
from local_cloud.monitoring.model import (
    DEMO,
    MonitoringModel,
    MonitoringSettings,
    TimeSeriesQuery,
)

START = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
COUNT = 'metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision"'
LATENCIES = 'metric.type="run.googleapis.com/request_latencies"'
BY_REVISION = ("resource.labels.revision_name",)


def at(seconds):
    return START + dt.timedelta(seconds=seconds)


class World:
    def __init__(self, settings=None):
        self.scheduler = VirtualScheduler(START)
        self.audit = Audit(self.scheduler)
        self.model = MonitoringModel(self.scheduler, self.audit, settings)

    def serve(self, status=200, second=0.0, count=1, revision="fleet-1", latency=0.2, **changes):
        """Record requests that end `second` seconds after START."""
        values: dict[str, Any] = {
            "project": "p",
            "region": "europe-west1",
            "service": "fleet",
            "instance_id": "i-1",
            "method": "GET",
            "url": "http://fleet/",
        }
        request = ServedRequest(
            revision=revision,
            status=status,
            began=at(second - latency),
            latency_seconds=latency,
            **(values | changes),
        )
        self.model.record(request, count)

    def ask(self, text=COUNT, start=0, end=600, headers_only=False, **aggregation):
        query = TimeSeriesQuery(
            "projects/p", text, at(start), at(end), Aggregation(**aggregation), headers_only
        )
        return self.model.list_time_series(query).series


@pytest.fixture
def world():
    return World()


def test_raw_points_count_requests_by_minute_of_their_end_newest_first(world):
    world.serve(second=59, latency=30)
    world.serve(second=61, latency=30, count=3)
    world.serve(503, second=61)
    world.scheduler.run_for(600)

    ok, failed = world.ask()

    assert [(p.start, p.end, p.value) for p in ok.points] == [
        (at(60), at(120), 3),
        (at(0), at(60), 1),
    ]
    assert ok.metric_labels == {
        "response_code": "200",
        "response_code_class": "2xx",
        "route": "fleet",
    }
    assert ok.resource_labels == {
        "project_id": "p",
        "service_name": "fleet",
        "revision_name": "fleet-1",
        "location": "europe-west1",
        "configuration_name": "fleet",
    }
    assert (ok.metric_kind, ok.value_type) == ("DELTA", "INT64")
    assert failed.metric_labels["response_code_class"] == "5xx"


def test_a_request_that_never_reached_a_container_is_in_no_metric(world):
    world.serve(429, instance_id=None)
    world.scheduler.run_for(600)

    assert world.ask() == ()
    assert world.ask(LATENCIES) == ()


def test_a_request_whose_instance_never_came_up_is_in_no_metric(world):
    """Its log entry names the instance all the same."""
    world.serve(503, instance_id="i-1", started=False)
    world.scheduler.run_for(600)

    assert world.ask() == ()


def test_the_6001st_query_of_a_minute_is_refused_and_the_platforms_own_is_not(world):
    for _ in range(6000):
        world.ask()

    with pytest.raises(Refused, match="'Time series queries per minute'") as refusal:
        world.ask()

    metadata = refusal.value.details[0]["metadata"]
    assert refusal.value.http_status() == 429
    assert metadata["quota_limit"] == "QueryRequestsPerMinutePerProject"
    assert metadata["quota_limit_value"] == "6000"
    world.model.query(TimeSeriesQuery("projects/p", COUNT, START, at(60)))
    world.scheduler.run_for(60)
    assert world.ask() == ()


def test_a_minute_is_visible_only_after_its_end_and_the_ingest_delay(world):
    world.serve(second=10)

    world.scheduler.run_for(179.9)
    assert world.ask() == ()
    assert world.model.visible_until() == at(0)

    world.scheduler.run_for(0.1)
    assert len(world.ask()) == 1
    assert world.model.visible_until() == at(60)


def test_the_demo_sees_each_second_when_it_has_ended():
    world = World(DEMO)
    world.serve(second=0.5)

    world.scheduler.run_for(0.9)
    assert world.ask(end=1) == ()

    world.scheduler.run_for(0.1)
    assert [point.value for point in world.ask(end=1)[0].points] == [1]


@pytest.mark.parametrize(
    ("start", "end", "seen"),
    [(0, 60, [1]), (60, 120, [2]), (59, 60, [1]), (0, 59, []), (0, 120, [2, 1])],
)
def test_the_interval_excludes_its_start_and_includes_its_end(world, start, end, seen):
    world.serve(second=1, count=1)
    world.serve(second=61, count=2)
    world.scheduler.run_for(600)

    points = [point.value for series in world.ask(start=start, end=end) for point in series.points]

    assert points == seen


def test_aligned_periods_are_counted_from_the_end_of_the_interval(world):
    for minute in range(5):
        world.serve(second=60 * minute + 1, count=10**minute)
    world.scheduler.run_for(600)

    (series,) = world.ask(end=300, alignment_seconds=120, aligner="ALIGN_SUM")

    assert [(p.start, p.end, p.value) for p in series.points] == [
        (at(180), at(300), 11000),
        (at(60), at(180), 110),
        (at(-60), at(60), 1),
    ]


@pytest.mark.parametrize("aligner", ["ALIGN_DELTA", "ALIGN_SUM", "ALIGN_RATE"])
def test_a_period_without_requests_has_no_point(world, aligner):
    """Google interpolates deltas and rates there, which invents traffic."""
    world.serve(second=1, count=6)
    world.serve(second=181, count=6)
    world.scheduler.run_for(600)

    (series,) = world.ask(alignment_seconds=60, aligner=aligner)

    assert [point.end for point in series.points] == [at(240), at(60)]
    assert [point.value for point in series.points] == [0.1 if aligner == "ALIGN_RATE" else 6] * 2


def test_a_delta_stays_a_whole_number_and_a_rate_is_a_gauge_of_doubles(world):
    world.serve(second=1, count=6)
    world.scheduler.run_for(600)

    (delta,) = world.ask(alignment_seconds=60, aligner="ALIGN_DELTA")
    (rate,) = world.ask(alignment_seconds=60, aligner="ALIGN_RATE")

    assert (delta.metric_kind, delta.value_type) == ("DELTA", "INT64")
    assert isinstance(delta.points[0].value, int)
    assert (rate.metric_kind, rate.value_type) == ("GAUGE", "DOUBLE")
    assert rate.points[0].start == rate.points[0].end == at(60)


def test_reduced_series_keep_the_project_and_what_they_were_grouped_by(world):
    world.serve(200, second=1, count=90)
    world.serve(204, second=1, count=5)
    world.serve(500, second=1, count=3)
    world.serve(200, second=1, count=7, revision="fleet-2")
    world.scheduler.run_for(600)

    series = world.ask(
        alignment_seconds=600,
        aligner="ALIGN_DELTA",
        reducer="REDUCE_SUM",
        group_by=("resource.label.revision_name", "metric.label.response_code_class"),
    )

    assert [(s.resource_labels, s.metric_labels, s.points[0].value) for s in series] == [
        ({"project_id": "p", "revision_name": "fleet-1"}, {"response_code_class": "2xx"}, 95),
        ({"project_id": "p", "revision_name": "fleet-1"}, {"response_code_class": "5xx"}, 3),
        ({"project_id": "p", "revision_name": "fleet-2"}, {"response_code_class": "2xx"}, 7),
    ]


def test_latencies_are_distributions_in_milliseconds_that_add_up_over_status_codes(world):
    world.serve(200, second=1, count=9, latency=0.1)
    world.serve(500, second=61, count=1, latency=5.0)
    world.scheduler.run_for(600)

    (series,) = world.ask(
        LATENCIES,
        alignment_seconds=600,
        aligner="ALIGN_SUM",
        reducer="REDUCE_SUM",
        group_by=BY_REVISION,
    )

    (point,) = series.points
    assert (series.value_type, series.unit) == ("DISTRIBUTION", "ms")
    assert point.value.count == 10
    assert point.value.mean == pytest.approx(590)
    assert sorted(point.value.counts.values()) == [1, 9]


def test_percentiles_by_aligner_and_by_reducer_agree_on_one_series(world):
    world.serve(second=1, count=99, latency=0.1)
    world.serve(second=1, count=1, latency=5.0)
    world.scheduler.run_for(600)

    (aligned,) = world.ask(LATENCIES, alignment_seconds=600, aligner="ALIGN_PERCENTILE_50")
    (reduced,) = world.ask(
        LATENCIES, alignment_seconds=600, aligner="ALIGN_DELTA", reducer="REDUCE_PERCENTILE_50"
    )

    assert (aligned.metric_kind, aligned.value_type) == ("GAUGE", "DOUBLE")
    assert (reduced.metric_kind, reduced.value_type) == ("GAUGE", "DOUBLE")
    assert aligned.points == reduced.points
    assert 78 < aligned.points[0].value < 110


def test_a_percentile_reducer_of_numbers_ranks_the_series(world):
    for number in range(5):
        world.serve(second=1, count=10 * (number + 1), revision=f"fleet-{number}")
    world.scheduler.run_for(600)

    (series,) = world.ask(
        alignment_seconds=600, aligner="ALIGN_DELTA", reducer="REDUCE_PERCENTILE_50"
    )

    assert [point.value for point in series.points] == [30.0]


def test_headers_have_no_points(world):
    world.serve(second=1)
    world.scheduler.run_for(600)

    (series,) = world.ask(headers_only=True)

    assert series.points == ()
    assert series.resource_labels["service_name"] == "fleet"


def test_another_projects_series_are_not_seen(world):
    world.serve(project="q")
    world.scheduler.run_for(600)

    assert world.ask() == ()


REDUCE_SUM = {"alignment_seconds": 60, "aligner": "ALIGN_SUM", "reducer": "REDUCE_SUM"}


@pytest.mark.parametrize(
    ("text", "aggregation", "says"),
    [
        (COUNT, {"alignment_seconds": 59, "aligner": "ALIGN_SUM"}, "at least 60s"),
        (COUNT, {"aligner": "ALIGN_SUM"}, "at least 60s"),
        (COUNT, {"alignment_seconds": 60, "aligner": "ALIGN_NEXT_OLDER"}, "Supported here: ALIGN_"),
        (COUNT, {"alignment_seconds": 60, "aligner": "ALIGN_INTERPOLATE"}, "is not supported here"),
        (COUNT, {"alignment_seconds": 60, "aligner": "ALIGN_PERCENTILE_95"}, "value type INT64"),
        (
            LATENCIES,
            {"alignment_seconds": 60, "aligner": "ALIGN_RATE"},
            "The aligner cannot be applied to metrics with kind DELTA and value type DISTRIBUTION",
        ),
        (COUNT, REDUCE_SUM | {"reducer": "REDUCE_COUNT_TRUE"}, "values of type INT64"),
        (LATENCIES, REDUCE_SUM | {"reducer": "REDUCE_MAX"}, "values of type DISTRIBUTION"),
        (COUNT, {"reducer": "REDUCE_SUM"}, "needs another aligner"),
        (COUNT, REDUCE_SUM | {"group_by": ("resource.labels.zone",)}, "must be one of"),
        (COUNT, REDUCE_SUM | {"group_by": ("revision",)}, "must be one of"),
    ],
)
def test_an_aggregation_that_cannot_be_is_refused_with_what_can(world, text, aggregation, says):
    with pytest.raises(Refused, match="INVALID_ARGUMENT") as refusal:
        world.ask(text, **aggregation)
    assert says in refusal.value.message


@pytest.mark.parametrize(
    "change",
    [
        {"name": "p"},
        {"name": "folders/p"},
        {"start": None},
        {"end": None},
        {"end": START},
        {"page_size": -1},
        {"page_token": "abc"},
        {"page_token": "\ud800"},
    ],
)
def test_a_wrong_request_is_refused(world, change):
    values: dict[str, Any] = {
        "name": "projects/p",
        "filter": COUNT,
        "start": START,
        "end": at(60),
    }
    with pytest.raises(Refused, match="INVALID_ARGUMENT"):
        world.model.list_time_series(TimeSeriesQuery(**(values | change)))


@given(st.text(min_size=1, max_size=40))
def test_whatever_page_token_arrives_is_refused(token):
    query = TimeSeriesQuery("projects/p", COUNT, START, at(60), page_token=token)
    with pytest.raises(Refused, match="INVALID_ARGUMENT"):
        World().model.list_time_series(query)


@pytest.mark.parametrize("headers_only", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_together_are_the_whole_answer_as_it_was_at_the_first_page(world, headers_only, size):
    for minute in range(3):
        world.serve(200, second=60 * minute)
        world.serve(500, second=60 * minute)
    world.scheduler.run_for(240)
    query = TimeSeriesQuery(
        "projects/p", COUNT, at(-1), at(600), headers_only=headers_only, page_size=size
    )
    whole = world.ask(start=-1, headers_only=headers_only)
    seen, token, pages = [], "", 0
    while token or not pages:
        page = world.model.list_time_series(
            TimeSeriesQuery(
                query.name,
                COUNT,
                query.start,
                query.end,
                headers_only=headers_only,
                page_size=size,
                page_token=token,
            )
        )
        seen += [
            (s.metric_labels["response_code"], p)
            for s in page.series
            for p in (s.points or ["header"])
        ]
        token, pages = page.next_page_token, pages + 1
        world.scheduler.run_for(60)

    assert seen == [
        (s.metric_labels["response_code"], p) for s in whole for p in (s.points or ["header"])
    ]
    assert pages == -(-len(seen) // size)


def test_a_refused_call_is_in_the_audit_under_its_caller(world):
    with pytest.raises(Refused):
        world.model.list_time_series(
            TimeSeriesQuery("projects/p", "nonsense", START, at(60)), "check@p.iam"
        )

    call = world.audit.calls[-1]
    assert (call.principal, call.resource) == ("check@p.iam", "projects/p")
    assert call.method == "google.monitoring.v3.MetricService.ListTimeSeries"


def test_the_platforms_own_query_is_not_in_the_audit(world):
    world.model.query(TimeSeriesQuery("projects/p", COUNT, START, at(60)))

    assert world.audit.calls == []


def test_a_metric_is_found_by_its_name_with_the_slash_as_it_is(world):
    name = "projects/p/metricDescriptors/run.googleapis.com/request_count"

    assert world.model.get_metric(name).unit == "1"
    with pytest.raises(Refused, match="INVALID_ARGUMENT: Invalid metric name"):
        world.model.get_metric(name.replace("com/", "com%2F"))
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.model.get_metric(name + "s")


def test_metrics_are_listed_by_filter(world):
    listed = world.model.list_metrics(
        "projects/p", 'metric.type = starts_with("run.googleapis.com/request_l")'
    )

    assert [metric.type for metric in listed] == ["run.googleapis.com/request_latencies"]
    everything = world.model.list_metrics("projects/p")
    of_run = world.model.list_metrics("projects/p", 'resource.type = "cloud_run_revision"')
    assert set(of_run) < set(everything)


def test_memory_is_bounded_by_the_retention_and_idle_series_are_forgotten():
    world = World(MonitoringSettings(retention_seconds=600))
    for minute in range(100):
        world.serve(second=60 * minute)
        world.serve(second=60 * minute, revision="fleet-old" if minute < 5 else "fleet-2")
    assert len(world.model) == 11 + 11 + 5

    world.serve(second=60 * 100, revision="fleet-3")

    assert len(world.model) == 10 + 10 + 1


@given(
    st.lists(
        st.tuples(st.integers(0, 599), st.integers(1, 9), st.sampled_from([200, 500])), max_size=20
    ),
    st.integers(60, 900),
    st.sampled_from(["ALIGN_DELTA", "ALIGN_SUM"]),
)
def test_no_alignment_loses_or_invents_a_request(requests, alignment, aligner):
    world = World()
    for second, count, status in requests:
        world.serve(status, second=second, count=count)
    world.scheduler.run_for(900)

    series = world.ask(alignment_seconds=alignment, aligner=aligner, reducer="REDUCE_SUM")

    total = sum(point.value for one in series for point in one.points)
    assert total == sum(count for _, count, _ in requests)
