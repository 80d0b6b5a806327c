import datetime as dt
import random

from local_cloud.kit.audit import Audit
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.kit.traffic import ServedRequest
from local_cloud.monitoring.alerts import AlertPolicies, AlertSettings
from local_cloud.monitoring.model import DEMO, MonitoringModel
from local_cloud.run.resources import ServiceKey
from local_cloud.up.alerting import create_policies
from local_cloud.up.delivery import Target

START = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
TOPIC = "projects/barq/topics/alerts"


def target(service="api", project="p"):
    key = ServiceKey(project, "europe-west1", service)
    return Target("api", "production", key, "host/p/r/api", "main", True, 0.05, 10)


def world(*targets):
    scheduler = VirtualScheduler(START)
    monitoring = MonitoringModel(scheduler, Audit(scheduler), DEMO)
    told = []
    alerts = AlertPolicies(
        scheduler,
        monitoring,
        lambda topic, document: told.append((topic, document["incident"])),
        random.Random(1),
        AlertSettings(evaluation_seconds=1.0),
    )
    create_policies(alerts, targets, TOPIC, alignment_seconds=5)
    return scheduler, monitoring, told


def serve(scheduler, monitoring, status, *, service="api", project="p", count=20):
    monitoring.record(
        ServedRequest(
            project, "europe-west1", service, f"{service}-2", "i", "GET", "/", status,
            scheduler.now(), 0.0,
        ),
        count,
    )  # fmt: skip


def test_a_failing_revision_of_a_target_is_told_to_the_alert_topic():
    scheduler, monitoring, told = world(target())
    serve(scheduler, monitoring, 500)

    scheduler.run_for(3)

    ((topic, incident),) = told
    assert topic == TOPIC
    assert incident["resource"]["labels"]["revision_name"] == "api-2"
    assert incident["policy_name"] == "api production: error ratio above 0.05"


def test_healthy_revisions_and_other_services_are_not():
    scheduler, monitoring, told = world(target())
    serve(scheduler, monitoring, 200)
    serve(scheduler, monitoring, 500, service="other")
    serve(scheduler, monitoring, 500, project="elsewhere")

    scheduler.run_for(3)

    assert told == []


def test_few_requests_are_no_ratio():
    scheduler, monitoring, told = world(target())
    serve(scheduler, monitoring, 500, count=9)

    scheduler.run_for(3)

    assert told == []
