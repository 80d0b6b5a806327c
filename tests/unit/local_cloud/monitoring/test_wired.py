"""Monitoring in the whole local cloud: its log counts, its alerts reach topics, its APIs are served."""

import datetime as dt
import random

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.fronts.virtual_sender import VirtualSender
from local_cloud.identity.tokens import simple_tokens
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.monitoring.channels import Channel
from local_cloud.pubsub.values import Topic
from local_cloud.run.virtual import VirtualInstances
from tests.unit.local_cloud.monitoring.general import CHANNEL, START, TOPIC, policy
from tests.unit.local_cloud.monitoring.test_alert_conditions import EACH_5_MINUTES, LOG
from tests.unit.local_cloud.monitoring.test_log_metrics import ERRORS, NAME

ENTRY = {
    "logName": "projects/p/logs/run.googleapis.com%2Fstdout",
    "resource": {"type": "cloud_run_revision", "labels": {"service_name": "fleet"}},
    "severity": "ERROR",
    "jsonPayload": {"event": "page.sent"},
}


@pytest.fixture
def cloud():
    scheduler = VirtualScheduler(START)
    return LocalCloud(
        scheduler,
        VirtualSender(scheduler, {}, lambda: 0.0),
        simple_tokens(scheduler),
        VirtualInstances(scheduler),
        random.Random(1),
    )


def test_a_line_of_the_log_is_counted_and_alerts(cloud):
    told = []
    cloud.alerts.on_notification.append(lambda _, document: told.append(document["incident"]))
    cloud.pubsub.create_topic(Topic(TOPIC))
    cloud.alerts.channels.add(Channel(CHANNEL, "pubsub", {"topic": TOPIC}))
    cloud.log_metrics.create("p", ERRORS)
    cloud.alerts.create(policy(LOG, alertStrategy=EACH_5_MINUTES), "p")

    cloud.logging.write(ENTRY)
    cloud.scheduler.run_for(600)

    wanted = cloud.monitoring.filter("p", f'metric.type="{NAME}"')
    end = START + dt.timedelta(minutes=5)
    (series,) = cloud.monitoring.raw("p", wanted, START - dt.timedelta(minutes=1), end)
    assert [point.value for point in series.points] == [1]
    assert [one["metric"]["labels"] for one in told] == [{"event": "page.sent"}]


def test_both_services_are_served(cloud):
    served = {name for name, _ in cloud.grpc_services()}

    assert {f"google.monitoring.v3.{name}Service" for name in ("Metric", "AlertPolicy")} <= served
