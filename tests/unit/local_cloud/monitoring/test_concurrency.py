"""The most requests open at once, by sample period: what tells of requests that never end."""

import datetime as dt

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.kit.traffic import OpenRequests
from local_cloud.monitoring.aggregation import Aggregation
from local_cloud.monitoring.model import MonitoringModel, MonitoringSettings, TimeSeriesQuery

START = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
METRIC = "run.googleapis.com/container/max_request_concurrencies"
OPEN = f'metric.type="{METRIC}" AND resource.type="cloud_run_revision"'


def at(seconds):
    return START + dt.timedelta(seconds=seconds)


class World:
    def __init__(self, **settings):
        self.scheduler = VirtualScheduler(START)
        self.model = MonitoringModel(
            self.scheduler, Audit(self.scheduler), MonitoringSettings(**settings)
        )

    def open(self, count, second, revision="fleet-1"):
        self.model.note_open(
            OpenRequests("p", "europe-west1", "fleet", revision, count, at(second))
        )

    def ask(self, text=OPEN, end=600, **aggregation):
        query = TimeSeriesQuery("projects/p", text, START, at(end), Aggregation(**aggregation))
        return self.model.list_time_series(query).series

    def peaks(self, **asked):
        """Return the greatest number of each minute, by minute from START on."""
        (series,) = self.ask(**asked)
        return {
            int((point.start - START).total_seconds() // 60): point.value.total
            for point in series.points
        }


@pytest.fixture
def world():
    return World()


def test_a_period_has_the_most_that_was_open_at_once(world):
    for second, count in [(1, 1), (20, 7), (21, 3), (70, 2), (71, 0)]:
        world.open(count, second)
    world.scheduler.run_for(600)

    assert world.peaks() == {0: 7, 1: 3}


def test_what_stays_open_counts_in_every_period_until_it_ends(world):
    """Nothing else tells of a request that hangs: it is in no other metric and in no log."""
    world.open(40, 30)
    world.open(0, 270)
    world.scheduler.run_for(600)

    assert world.peaks() == {0: 40, 1: 40, 2: 40, 3: 40, 4: 40}


def test_what_is_still_open_is_told_while_it_is(world):
    world.open(5, 30)
    world.scheduler.run_for(300)
    assert world.peaks() == {0: 5, 1: 5, 2: 5}

    world.scheduler.run_for(60)
    assert world.peaks() == {0: 5, 1: 5, 2: 5, 3: 5}


def test_what_ends_on_the_edge_of_a_period_is_not_in_the_next(world):
    world.open(5, 30)
    world.open(1, 60)
    world.scheduler.run_for(180)

    assert world.peaks() == {0: 5}


def test_a_period_is_visible_after_its_end_and_the_ingest_delay(world):
    world.open(5, 30)
    world.open(0, 31)

    world.scheduler.run_for(179.9)
    assert world.ask() == ()

    world.scheduler.run_for(0.1)
    assert world.peaks() == {0: 5}


def test_the_series_is_a_distribution_of_active_instances_by_revision(world):
    world.open(4, 10)
    world.open(9, 10, revision="fleet-2")
    world.scheduler.run_for(180)

    first, second = world.ask(f'{OPEN} AND metric.labels.state="active"')

    assert (first.metric_kind, first.value_type, first.unit) == ("DELTA", "DISTRIBUTION", "1")
    assert first.metric_labels == {"state": "active"}
    assert [one.resource_labels["revision_name"] for one in (first, second)] == [
        "fleet-1",
        "fleet-2",
    ]
    assert [one.points[0].value.mean for one in (first, second)] == [4, 9]
    assert world.ask(f'{OPEN} AND metric.labels.state="idle"') == ()


def test_aligned_sums_keep_count_and_mean(world):
    world.open(4, 10)
    world.open(0, 130)
    world.scheduler.run_for(600)

    (series,) = world.ask(
        alignment_seconds=600,
        aligner="ALIGN_DELTA",
        reducer="REDUCE_SUM",
        group_by=("resource.labels.revision_name",),
    )

    assert (series.points[0].value.count, series.points[0].value.mean) == (3, 4)


def test_the_greatest_of_a_distribution_cannot_be_aligned(world):
    """Reported: "ALIGN_MAX is invalid on this metric kind" (stored file 55251901440)."""
    with pytest.raises(Refused, match="The aligner cannot be applied"):
        world.ask(alignment_seconds=60, aligner="ALIGN_MAX")


def test_memory_is_bounded_and_a_revision_that_is_gone_is_forgotten():
    world = World(retention_seconds=600)
    world.open(3, 0)
    world.scheduler.run_for(86_400)
    world.peaks(end=86_400)
    assert len(world.model) <= 12

    world.open(0, 86_400)
    world.open(1, 90_000, revision="fleet-2")

    assert len(world.model) == 1
