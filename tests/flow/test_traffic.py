"""The users of the flow tests leave the traces that Cloud Run's users leave."""

import datetime as dt
import random

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.fronts.virtual_sender import VirtualSender
from local_cloud.identity.tokens import simple_tokens
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.monitoring.aggregation import Aggregation
from local_cloud.monitoring.model import TimeSeriesQuery
from local_cloud.run.documents import service_document
from local_cloud.run.resources import ServiceKey
from local_cloud.run.virtual import VirtualInstances
from tests.flow.quality import Quality, latencies
from tests.flow.traffic import Traffic

START = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
KEY = ServiceKey("p", "europe-west1", "api")
REPOSITORY = "europe-west1-docker.pkg.dev/p/shop/api"
COUNT = "run.googleapis.com/request_count"
LATENCIES = "run.googleapis.com/request_latencies"
OPEN = "run.googleapis.com/container/max_request_concurrencies"


class Served:
    """A service whose one image behaves as `quality` says, under 20 requests a second."""

    def __init__(self, **quality):
        self.scheduler = VirtualScheduler(START)
        self.traffic = Traffic(random.Random(1), rps=20)
        instances = VirtualInstances(
            self.scheduler, longer=lambda revision: self.traffic.quality(revision).ready_seconds
        )
        self.cloud = LocalCloud(
            self.scheduler,
            VirtualSender(self.scheduler, {}, lambda: 0.0),
            simple_tokens(self.scheduler),
            instances,
            random.Random(1),
        )
        self.traffic.attach(self.cloud)
        pushed = self.cloud.images.push(REPOSITORY, directory=None, command=["v1"])
        self.traffic.qualities[pushed.digest] = Quality(**quality)
        self.cloud.run.create(KEY, service_document("api", pushed.reference))
        self.scheduler.run_for(0)

    def serve(self, seconds):
        for _ in range(seconds):
            self.traffic.serve("production", KEY)
            self.scheduler.run_for(1)

    def points(self, metric):
        """Return the values of each minute from START on, series by series, after all delays."""
        self.scheduler.run_for(180)
        found = self.cloud.monitoring.query(
            TimeSeriesQuery(
                "projects/p",
                f'metric.type="{metric}"',
                START,
                self.scheduler.now(),
                Aggregation(60, "ALIGN_SUM", "REDUCE_SUM", ("metric.label.response_code_class",))
                if metric != OPEN
                else Aggregation(),
            )
        )
        return {
            one.metric_labels.get("response_code_class", "open"): [p.value for p in one.points][
                ::-1
            ]
            for one in found
        }

    def log(self, text=""):
        self.scheduler.run_for(1)
        return self.cloud.logging.list_entries(["projects/p"], text, page_size=1000).entries


def test_a_hanging_request_is_only_in_what_is_open_until_it_ends():
    served = Served(hang_ratio=1.0, hang_seconds=10_000)

    served.serve(60)

    assert served.log() == ()
    assert served.points(COUNT) == {}
    assert [value.mean for value in served.points(OPEN)["open"]][:4] == [1200] * 4


def test_a_request_that_hung_ends_with_504_and_counts_as_failed():
    served = Served(hang_ratio=0.5, hang_seconds=30)

    served.serve(60)
    served.scheduler.run_for(60)

    entries = served.log("httpRequest.status=504")
    assert 500 < len(entries) < 700
    assert {entry["httpRequest"]["latency"] for entry in entries} == {"30.000000000s"}
    assert served.traffic.requests["production", "placeholder", True] == len(entries)


@pytest.mark.parametrize("status", [429, 500])
def test_a_refused_request_is_in_the_log_alone_without_an_instance(status):
    served = Served(refused_ratio=0.25, refused_status=status)

    served.serve(60)

    entries = served.log(f"httpRequest.status={status}")
    assert 200 < len(entries) < 400
    assert not any("labels" in entry for entry in entries)
    (counted,) = served.points(COUNT).values()
    assert sum(counted) == 1200 - len(entries)


def test_open_requests_of_a_healthy_image_are_rate_times_latency():
    served = Served(latency_seconds=0.5)

    served.serve(60)
    served.traffic.rps = 0
    served.serve(60)

    assert [value.mean for value in served.points(OPEN)["open"]] == [10]


def test_latencies_have_the_median_and_the_slow_tail_that_was_asked_for():
    quality = Quality(latency_seconds=0.1, latency_sigma=0.6, slow_ratio=0.08, slow_factor=6.0)

    drawn = latencies(quality, 10_000, random.Random(1))

    ordered = sorted(second for second, count in drawn.items() for _ in range(count))
    assert len(ordered) == 10_000
    assert ordered[4600] == pytest.approx(0.1, rel=0.1)
    assert sum(second > 0.5 for second in ordered) == pytest.approx(530, rel=0.2)
    assert len(drawn) < 300


def test_a_slow_image_shows_in_the_latencies_alone():
    served = Served(latency_seconds=0.1, slow_ratio=0.5, slow_factor=20.0)

    served.serve(60)

    (histogram,) = served.points(LATENCIES)["2xx"]
    assert histogram.count == 1200
    assert histogram.percentile(25) < 0.15e3
    assert histogram.percentile(75) > 1.5e3


def test_a_cold_image_is_slow_and_refuses_only_at_first():
    served = Served(cold_seconds=20, refused_ratio=0.5, error_ratio=0.1)

    served.serve(60)

    refused = served.log("httpRequest.status=429")
    assert 150 < len(refused) < 250
    assert max(entry["timestamp"] for entry in refused) < "2026-11-23T12:00:20"
    failed = served.log("httpRequest.status=500")
    assert max(entry["timestamp"] for entry in failed) > "2026-11-23T12:00:55"


def test_an_image_that_starts_slowly_gets_ready_later():
    served = Served(ready_seconds=90)
    service = served.cloud.run.service(KEY)

    served.scheduler.run_for(89)
    assert service.latest_ready == ""
    served.scheduler.run_for(1)

    assert service.latest_ready == service.latest_created


def test_an_outage_of_the_platform_is_every_revisions():
    served = Served()
    served.traffic.platform_fails["production"] = 1.0

    served.serve(10)

    assert len(served.log("httpRequest.status=500")) == 200
