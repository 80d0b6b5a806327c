"""Aligners and reducers: which metric each takes, and what it makes of some values."""

import datetime as dt
import itertools

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.monitoring.aggregation import Aggregation, Shape, aggregate, check
from local_cloud.monitoring.aligners import ALIGNERS
from local_cloud.monitoring.distribution import Distribution
from local_cloud.monitoring.model import MonitoringModel, TimeSeriesQuery
from local_cloud.monitoring.recorded import Source
from local_cloud.monitoring.reducers import REDUCERS

START = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
CPU = "cloudsql.googleapis.com/database/cpu/utilization"
CONNECTIONS = "cloudsql.googleapis.com/database/postgresql/num_backends"
CHECK = "monitoring.googleapis.com/uptime_check/check_passed"
BILLED = "run.googleapis.com/container/billable_instance_time"
RUN = {"project_id": "p", "service_name": "fleet", "revision_name": "fleet-1", "location": "r"}
SQL = Source("cloudsql_database", {"project_id": "p", "database_id": "p:fleet", "region": "r"})

# Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Aligner
NUMBER = ("INT64", "DOUBLE")
RULES = {
    "ALIGN_DELTA": ("DELTA CUMULATIVE", (*NUMBER, "DISTRIBUTION")),
    "ALIGN_RATE": ("DELTA CUMULATIVE", NUMBER),
    "ALIGN_NEXT_OLDER": ("GAUGE", (*NUMBER, "BOOL", "STRING", "DISTRIBUTION")),
    "ALIGN_MIN": ("GAUGE DELTA", NUMBER),
    "ALIGN_MAX": ("GAUGE DELTA", NUMBER),
    "ALIGN_MEAN": ("GAUGE DELTA", NUMBER),
    "ALIGN_COUNT": ("GAUGE DELTA", (*NUMBER, "BOOL")),
    "ALIGN_SUM": ("GAUGE DELTA", (*NUMBER, "DISTRIBUTION")),
    "ALIGN_STDDEV": ("GAUGE DELTA", NUMBER),
    "ALIGN_COUNT_TRUE": ("GAUGE", ("BOOL",)),
    "ALIGN_COUNT_FALSE": ("GAUGE", ("BOOL",)),
    "ALIGN_FRACTION_TRUE": ("GAUGE", ("BOOL",)),
    "ALIGN_PERCENTILE_99": ("GAUGE DELTA", ("DISTRIBUTION",)),
    "ALIGN_PERCENTILE_95": ("GAUGE DELTA", ("DISTRIBUTION",)),
    "ALIGN_PERCENTILE_50": ("GAUGE DELTA", ("DISTRIBUTION",)),
    "ALIGN_PERCENTILE_05": ("GAUGE DELTA", ("DISTRIBUTION",)),
}
KINDS = ("GAUGE", "DELTA", "CUMULATIVE")
TYPES = ("INT64", "DOUBLE", "BOOL", "STRING", "DISTRIBUTION")


@pytest.fixture
def model():
    scheduler = VirtualScheduler(START)
    made = MonitoringModel(scheduler, Audit(scheduler))
    scheduler.run_for(3600)
    return made


def read(model, name, aligner, reducer="REDUCE_NONE", seconds=300, group_by=()):
    """The newest value of each series over the first five minutes."""
    query = TimeSeriesQuery(
        "projects/p",
        f'metric.type="{name}"',
        START,
        START + 5 * MINUTE,
        Aggregation(seconds, aligner, reducer, tuple(group_by)),
    )
    return [one.points[0].value for one in model.query(query)]


def test_all_of_googles_aligners_are_known_but_two():
    assert sorted(ALIGNERS) == sorted(RULES)


@pytest.mark.parametrize("name", RULES)
def test_an_aligner_takes_the_kinds_and_types_that_google_writes_down(name):
    kinds, types = RULES[name]
    for kind, value_type in itertools.product(KINDS, TYPES):
        fits = kind in kinds.split() and value_type in types
        shape = Shape(kind, value_type, ())
        if fits:
            assert check(Aggregation(60, name), shape, 60).value_type
        else:
            with pytest.raises(Refused) as refusal:
                check(Aggregation(60, name), shape, 60)
            assert (
                f"The aligner cannot be applied to metrics with kind {kind} and value type"
                f" {value_type}" in refusal.value.message
            )


@pytest.mark.parametrize("name", REDUCERS)
def test_what_an_aggregation_makes_is_of_the_type_that_was_promised(model, name):
    kinds = {"INT64": int, "DOUBLE": float, "DISTRIBUTION": Distribution}
    values = {"INT64": 3, "DOUBLE": 0.5, "BOOL": True, "DISTRIBUTION": Distribution.of([1.0])}
    metrics = {"INT64": CONNECTIONS, "DOUBLE": CPU, "BOOL": CHECK}
    for value_type in REDUCERS[name].types:
        if value_type not in metrics:
            continue
        source = SQL if value_type != "BOOL" else Source("uptime_url", {"host": "h"})
        metric = metrics[value_type]
        model.write("p", metric, values[value_type], source, at=START + MINUTE)
        promised = check(
            Aggregation(300, "ALIGN_NEXT_OLDER", name), Shape("GAUGE", value_type, ()), 60
        )

        (found,) = read(model, metric, "ALIGN_NEXT_OLDER", name)

        assert isinstance(found, kinds[promised.value_type])


@pytest.mark.parametrize(
    ("aligner", "value"),
    [
        ("ALIGN_NEXT_OLDER", 0.4),
        ("ALIGN_MIN", 0.2),
        ("ALIGN_MAX", 0.9),
        ("ALIGN_MEAN", 0.5),
        ("ALIGN_SUM", 1.5),
        ("ALIGN_COUNT", 3),
        ("ALIGN_STDDEV", pytest.approx(0.294, abs=0.001)),
    ],
)
def test_a_gauge_is_aligned(model, aligner, value):
    for minute, used in enumerate((0.2, 0.9, 0.4), 1):
        model.write("p", CPU, used, SQL, at=START + minute * MINUTE)

    assert read(model, CPU, aligner) == [pytest.approx(value)]


@pytest.mark.parametrize(
    ("aligner", "value"),
    [
        ("ALIGN_NEXT_OLDER", False),
        ("ALIGN_COUNT", 3),
        ("ALIGN_COUNT_TRUE", 2),
        ("ALIGN_COUNT_FALSE", 1),
        ("ALIGN_FRACTION_TRUE", pytest.approx(2 / 3)),
    ],
)
def test_a_truth_is_aligned(model, aligner, value):
    source = Source("uptime_url", {"project_id": "p", "host": "h"})
    for minute, passed in enumerate((True, True, False), 1):
        model.write("p", CHECK, passed, source, at=START + minute * MINUTE)

    assert read(model, CHECK, aligner) == [value]


def test_a_rate_is_per_second(model):
    source = Source("cloud_run_revision", RUN)
    for minute in range(1, 6):
        model.write("p", BILLED, 120.0, source, at=START + minute * MINUTE)

    assert read(model, BILLED, "ALIGN_RATE") == [2.0]


@pytest.mark.parametrize(
    ("reducer", "value"),
    [
        ("REDUCE_SUM", 90),
        ("REDUCE_MEAN", 30.0),
        ("REDUCE_MIN", 10),
        ("REDUCE_MAX", 60),
        ("REDUCE_COUNT", 3),
        ("REDUCE_STDDEV", pytest.approx(21.6, abs=0.01)),
        ("REDUCE_PERCENTILE_50", 20.0),
        ("REDUCE_PERCENTILE_99", pytest.approx(59.2)),
    ],
)
def test_series_are_reduced(model, reducer, value):
    for name, count in [("fleet", 60), ("postgres", 10), ("template1", 20)]:
        source = SQL._replace(metric_labels={"database": name})
        model.write("p", CONNECTIONS, count, source, at=START + MINUTE)

    found = read(model, CONNECTIONS, "ALIGN_MAX", reducer, group_by=["resource.label.database_id"])

    assert found == [value]


@pytest.mark.parametrize(
    ("reducer", "value"),
    [("REDUCE_COUNT_TRUE", 2), ("REDUCE_COUNT_FALSE", 1), ("REDUCE_FRACTION_TRUE", 2 / 3)],
)
def test_truths_are_reduced(model, reducer, value):
    for place, passed in [("a", True), ("b", True), ("c", False)]:
        source = Source("uptime_url", {"host": "h"}, {"checker_location": place})
        model.write("p", CHECK, passed, source, at=START + MINUTE)

    assert read(model, CHECK, "ALIGN_NEXT_OLDER", reducer) == [pytest.approx(value)]


def test_distributions_are_reduced_to_their_mean(model):
    name = "run.googleapis.com/container/startup_latencies"
    for revision, latency in [("fleet-1", 1000.0), ("fleet-2", 3000.0)]:
        source = Source("cloud_run_revision", RUN | {"revision_name": revision})
        model.write("p", name, Distribution.of([latency]), source, at=START + MINUTE)

    assert read(model, name, "ALIGN_DELTA", "REDUCE_MEAN") == [2000.0]


def test_a_wildcard_keeps_every_label_of_the_resource(model):
    for database in ("p:fleet", "p:other"):
        source = SQL._replace(resource_labels={**SQL.resource_labels, "database_id": database})
        model.write("p", CPU, 0.5, source, at=START + MINUTE)

    found = read(model, CPU, "ALIGN_MEAN", "REDUCE_MAX", group_by=["resource.label.*"])

    assert found == [0.5, 0.5]


def test_a_second_aggregation_works_on_what_the_first_has_made(model):
    """The mean of each minute's sum: not the sum of everything."""
    for minute, name in itertools.product((1, 2), ("fleet", "postgres")):
        source = SQL._replace(metric_labels={"database": name})
        model.write("p", CONNECTIONS, 10 * minute, source, at=START + minute * MINUTE)
    raw = model.raw(
        "p", model.filter("p", f'metric.type="{CONNECTIONS}"'), START, START + 2 * MINUTE
    )

    first = aggregate(raw, Aggregation(60, "ALIGN_MAX", "REDUCE_SUM"), START + 2 * MINUTE)
    (second,) = aggregate(first, Aggregation(120, "ALIGN_MEAN", "REDUCE_MAX"), START + 2 * MINUTE)

    assert [point.value for point in first[0].points] == [40, 20]
    assert [point.value for point in second.points] == [30.0]
