"""Alert policies in Google's own form, in a world of virtual time: shared by tests."""

import copy
import datetime as dt
import random
from typing import Any

from local_cloud.kit.audit import Audit
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.monitoring.alerts import AlertPolicies, AlertSettings
from local_cloud.monitoring.channels import Channel
from local_cloud.monitoring.log_metrics import LogMetrics
from local_cloud.monitoring.model import MonitoringModel
from local_cloud.monitoring.recorded import Source

START = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
CPU = "cloudsql.googleapis.com/database/cpu/utilization"
MEMORY = "cloudsql.googleapis.com/database/memory/utilization"
TOPIC = "projects/p/topics/alerts"
CHANNEL = "projects/p/notificationChannels/1"
MAIL = "projects/p/notificationChannels/2"


def threshold(metric=CPU, **changes):
    """A condition on each database's CPU, above 80 % by its mean of a minute."""
    inside = {
        "filter": f'metric.type="{metric}" resource.type="cloudsql_database"',
        "aggregations": [
            {
                "alignmentPeriod": "60s",
                "perSeriesAligner": "ALIGN_MEAN",
                "crossSeriesReducer": "REDUCE_MAX",
                "groupByFields": ["resource.label.database_id"],
            }
        ],
        "comparison": "COMPARISON_GT",
        "thresholdValue": 0.8,
        "duration": "0s",
    }
    kept = {key: value for key, value in (inside | changes).items() if value is not None}
    return {"displayName": f"{metric} is high", "conditionThreshold": kept}


def policy(*conditions, **changes):
    made = {
        "displayName": "databases",
        "combiner": "OR",
        "conditions": list(conditions or [threshold()]),
        "notificationChannels": [CHANNEL],
    }
    return copy.deepcopy({key: one for key, one in (made | changes).items() if one is not None})


class World:
    """Databases whose CPU is measured each minute, and log lines."""

    def __init__(self, **settings):
        self.scheduler = VirtualScheduler(START)
        self.monitoring = MonitoringModel(self.scheduler, Audit(self.scheduler))
        self.log_metrics = LogMetrics(self.monitoring)
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.told: list[tuple[Channel, dict[str, Any]]] = []
        self.alerts = AlertPolicies(
            self.scheduler,
            self.monitoring,
            lambda topic, document: self.published.append((topic, document)),
            random.Random(1),
            AlertSettings(**settings),
        )
        self.alerts.channels.add(Channel(CHANNEL, "pubsub", {"topic": TOPIC}))
        self.alerts.channels.add(Channel(MAIL, "email", {"email_address": "a@example.com"}))
        self.alerts.on_notification.append(lambda channel, told: self.told.append((channel, told)))

    def create(self, *conditions, **changes):
        return self.alerts.create(policy(*conditions, **changes), "p")

    def minutes(self, count, metric=CPU, **used):
        """Measure each database's share for some minutes, such as fleet=0.9."""
        for _ in range(count):
            for database, share in used.items():
                self.write(metric, database, share)
            self.scheduler.run_for(60)

    def write(self, metric, database, share):
        labels = {"project_id": "p", "database_id": f"p:{database}", "region": "r"}
        self.monitoring.write("p", metric, share, Source("cloudsql_database", labels))

    def line(self, text="", severity="ERROR", *, kept=True, **labels):
        given = {"project_id": "p", "service_name": "fleet", "revision_name": "fleet-2", **labels}
        entry = {
            "logName": "projects/p/logs/run.googleapis.com%2Fstdout",
            "resource": {"type": "cloud_run_revision", "labels": given},
            "severity": severity,
            "jsonPayload": {"event": text},
        }
        self.log_metrics.note("p", lambda: entry, kept)
        self.alerts.note("p", lambda: entry, kept)

    def states(self):
        """What was published: state and database."""
        return [
            (one["state"], one["resource"]["labels"].get("database_id", ""))
            for one in (document["incident"] for _, document in self.published)
        ]
