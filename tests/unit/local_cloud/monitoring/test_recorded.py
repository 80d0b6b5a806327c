"""Points that are written: what is taken, how late it is seen, and how much is kept."""

import datetime as dt

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.kit.traffic import ServedRequest
from local_cloud.monitoring.aggregation import Aggregation
from local_cloud.monitoring.catalogue import METRICS
from local_cloud.monitoring.distribution import SHARES, Distribution
from local_cloud.monitoring.model import MonitoringModel, MonitoringSettings, TimeSeriesQuery
from local_cloud.monitoring.recorded import SERIES_MAX, TYPES, Source
from local_cloud.monitoring.resources import RESOURCES

START = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
CPU = "cloudsql.googleapis.com/database/cpu/utilization"
STARTS = "run.googleapis.com/container/startup_latencies"
SQL = Source("cloudsql_database", {"project_id": "p", "database_id": "p:fleet", "region": "r"})
RUN = Source("cloud_run_revision", {"project_id": "p", "service_name": "fleet"})


class World:
    def __init__(self, settings=None):
        self.scheduler = VirtualScheduler(START)
        self.model = MonitoringModel(self.scheduler, Audit(self.scheduler), settings)

    def read(self, name=CPU, project="p", more=""):
        end = self.scheduler.now()
        query = TimeSeriesQuery(
            f"projects/{project}", f'metric.type="{name}"{more}', START - dt.timedelta(1), end
        )
        return self.model.query(query)


@pytest.fixture
def world():
    return World()


def test_a_point_is_seen_when_its_metric_is_not_late_any_more(world):
    """Cloud SQL's metrics are later than those of Cloud Run."""
    world.model.write("p", CPU, 0.5, SQL)
    world.model.write("p", STARTS, Distribution.of([900.0]), RUN)

    world.scheduler.run_for(120)
    assert [len(world.read(name)) for name in (CPU, STARTS)] == [0, 1]
    world.scheduler.run_for(45)
    assert [len(world.read(name)) for name in (CPU, STARTS)] == [1, 1]


def test_a_series_says_whose_it_is(world):
    world.model.write("p", CPU, 0.5, SQL)
    world.scheduler.run_for(600)

    (series,) = world.read()

    assert series.resource_type == "cloudsql_database"
    assert series.resource_labels["database_id"] == "p:fleet"
    assert (series.metric_kind, series.value_type, series.unit) == ("GAUGE", "DOUBLE", "10^2.%")
    assert world.read(project="q") == ()


def test_points_are_read_newest_first_and_the_start_is_left_out(world):
    for used in (0.1, 0.2, 0.3):
        world.model.write("p", CPU, used, SQL)
        world.scheduler.run_for(60)
    world.scheduler.run_for(600)

    (series,) = world.model.query(
        TimeSeriesQuery(
            "projects/p", f'metric.type="{CPU}"', START, START + dt.timedelta(minutes=1)
        )
    )

    assert [point.value for point in world.read()[0].points] == [0.3, 0.2, 0.1]
    assert [point.value for point in series.points] == [0.2]


def test_what_the_user_put_on_a_resource_is_filtered_by(world):
    world.model.write("p", CPU, 0.5, SQL._replace(user_labels={"team": "fleet"}))
    world.model.write("p", CPU, 0.6, SQL._replace(user_labels={"team": "other"}))
    world.scheduler.run_for(600)

    (series,) = world.read(more=' AND metadata.user_labels.team="fleet"')

    assert series.points[0].value == 0.5


def test_requests_that_were_measured_and_points_that_were_written_stand_beside_each_other(world):
    asked = ServedRequest("p", "r", "fleet", "f-1", "i", "GET", "http://f/", 200, START, 0.1)
    world.model.record(asked)
    world.model.write("p", "run.googleapis.com/request_count", 7, RUN)
    world.scheduler.run_for(600)
    everything = TimeSeriesQuery(
        "projects/p",
        'metric.type="run.googleapis.com/request_count"',
        START - dt.timedelta(minutes=1),
        START + dt.timedelta(minutes=5),
        Aggregation(360, "ALIGN_SUM", "REDUCE_SUM"),
    )

    assert [one.points[0].value for one in world.model.query(everything)] == [8]


@pytest.mark.parametrize(
    ("name", "value", "source", "says"),
    [
        (CPU, "much", SQL, "is DOUBLE, not 'much'"),
        (CPU, True, SQL, "is DOUBLE, not True"),
        ("run.googleapis.com/container/instance_count", 1.5, RUN, "is INT64"),
        (STARTS, 900.0, RUN, "is DISTRIBUTION"),
        (CPU, 0.5, RUN, "must be one of cloudsql_database"),
        (CPU, 0.5, SQL._replace(metric_labels={"colour": "red"}), "metric label 'colour'"),
        (CPU, 0.5, Source("cloudsql_database", {"zone": "a"}), "resource label 'zone'"),
    ],
)
def test_a_point_that_cannot_be_is_refused(world, name, value, source, says):
    with pytest.raises(Refused, match="INVALID_ARGUMENT") as refusal:
        world.model.write("p", name, value, source)

    assert says in refusal.value.message


def test_a_point_of_no_metric_is_refused(world):
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.model.write("p", "cloudscheduler.googleapis.com/job/attempt_count", 1, SQL)


def test_points_come_in_the_order_of_time(world):
    world.model.write("p", CPU, 0.5, SQL)

    with pytest.raises(Refused, match="Points must be written in order"):
        world.model.write("p", CPU, 0.6, SQL)
    with pytest.raises(Refused, match="GAUGE is measured at one instant"):
        world.model.write("p", CPU, 0.6, SQL, over=dt.timedelta(seconds=60))
    with pytest.raises(Refused, match="interval of a DELTA has a length"):
        world.model.write("p", STARTS, Distribution(), RUN, over=dt.timedelta(seconds=-1))


def test_a_series_keeps_its_newest_points():
    world = World(MonitoringSettings(retention_seconds=600))
    for _ in range(20):
        world.model.write("p", CPU, 0.5, SQL)
        world.scheduler.run_for(60)

    assert len(world.model) == 10


def test_of_too_many_series_the_one_that_was_silent_the_longest_goes(world):
    name = "pubsub.googleapis.com/subscription/num_undelivered_messages"
    for number in range(SERIES_MAX + 1):
        source = Source("pubsub_subscription", {"subscription_id": str(number)})
        world.model.write("p", name, 1, source)
        world.scheduler.run_for(0.001)
    world.scheduler.run_for(600)

    kept = {one.resource_labels["subscription_id"] for one in world.read(name)}

    assert len(kept) == SERIES_MAX
    assert "0" not in kept


def test_shares_have_buckets_fine_enough_for_a_percentile():
    """With the buckets of latencies all that is below 1 would be one."""
    used = Distribution.of([0.2] * 90 + [0.9] * 10, SHARES)

    assert used.percentile(50) == pytest.approx(0.2, abs=0.01)
    assert used.percentile(95) == pytest.approx(0.9, abs=0.011)
    assert used.count_up_to(0.5) == pytest.approx(90)


def test_every_metric_is_described_for_resources_that_exist():
    for metric in METRICS.values():
        assert set(metric.resources) <= set(RESOURCES)
        assert metric.kind in ("GAUGE", "DELTA")
        assert metric.value_type in TYPES
        assert metric.display_name
        assert metric.description.endswith(".")
