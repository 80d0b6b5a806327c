"""What a plan says of monitoring, applied to the local cloud's Monitoring: it takes it, or refuses.

A resource of the plan becomes the document that the provider would send: names in camel case, a
block that may stand once an object, what is not set left out.
"""

import datetime as dt
import json
import random
import re
from collections.abc import Mapping
from typing import Any, Final

from local_cloud.kit.audit import Audit
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.monitoring.alerts import AlertPolicies
from local_cloud.monitoring.channels import Channel
from local_cloud.monitoring.incidents import Incident
from local_cloud.monitoring.log_metrics import LogMetrics
from local_cloud.monitoring.model import MonitoringModel
from local_cloud.monitoring.policy import Policy
from tests.terraform.plans import Plan

START: Final = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
_LISTS: Final = {
    "aggregations",
    "conditions",
    "denominator_aggregations",
    "labels",
    "links",
    "notification_channel_strategy",
}
"""Blocks that may stand more than once."""
_AS_IT_IS: Final = {"user_labels", "label_extractors"}
"""Maps whose keys are the user's."""


class Applied:
    """One project's Monitoring in virtual time, with what a plan creates in it."""

    def __init__(self, planned: Plan, topic_of: Mapping[str, str]) -> None:
        """`topic_of` says which notification channels are Pub/Sub's; any other is e-mail."""
        self.scheduler = VirtualScheduler(START)
        self.began = START
        self.monitoring = MonitoringModel(self.scheduler, Audit(self.scheduler))
        self.log_metrics = LogMetrics(self.monitoring)
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.told: list[tuple[Channel, dict[str, Any]]] = []
        self.alerts = AlertPolicies(
            self.scheduler,
            self.monitoring,
            lambda topic, document: self.published.append((topic, document)),
            random.Random(1),
        )
        self.alerts.on_notification.append(lambda *told: self.told.append(told))
        self._channels(planned, topic_of)
        for one in planned.of("google_logging_metric"):
            self.log_metrics.create(one["project"], document(one.values))
        for one in planned.of("google_monitoring_slo"):
            self.alerts.slos.create(one["project"], one["name"], _objective(one.values))
        self.policies: dict[str, Policy] = {}
        for one in planned.of("google_monitoring_alert_policy"):
            made = self.alerts.create(_policy(one.values), one["project"])
            self.policies[made.user_labels["signal"]] = made

    def incidents(self) -> dict[str, Incident]:
        """Return an incident of each policy that had one, by its signal."""
        found = (*self.alerts.closed, *self.alerts.open_incidents())
        return {one.policy.user_labels["signal"]: one for one in found}

    def log(self, entry: Mapping[str, Any]) -> None:
        """Take a line of a project's log, as Logging hands it on."""
        project = entry["logName"].split("/")[1]
        self.log_metrics.note(project, lambda: entry)
        self.alerts.note(project, lambda: entry)

    def _channels(self, planned: Plan, topic_of: Mapping[str, str]) -> None:
        for one in planned.of("google_monitoring_notification_channel"):
            self.alerts.channels.add(Channel(one["name"], one["type"], one["labels"] or {}))
        given = {
            name
            for one in planned.of("google_monitoring_alert_policy")
            for name in one["notification_channels"] or ()
        }
        made = {one["name"] for one in planned.of("google_monitoring_notification_channel")}
        for name in sorted(given - made):
            topic = topic_of.get(name)
            labels = {"topic": topic} if topic else {"email_address": "team@example.com"}
            self.alerts.channels.add(Channel(name, "pubsub" if topic else "email", labels))


def document(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource's or block's REST form."""
    found = {}
    for key, value in values.items():
        if value in (None, [], {}, ""):
            continue
        found[re.sub(r"_([a-z])", lambda letter: letter[1].upper(), key)] = _value(key, value)
    return found


def _value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping) and key not in _AS_IT_IS:
        return document(value)
    if not isinstance(value, list) or not isinstance(value[0], Mapping):
        return value
    blocks = [document(each) for each in value]
    if key in _LISTS:
        return blocks
    (only,) = blocks
    return only


def _policy(values: Mapping[str, Any]) -> dict[str, Any]:
    made = document(values)
    # What the provider keeps for itself, and what Monitoring gives.
    for name in ("id", "name", "project", "timeouts", "creationRecord", "deletionPolicy"):
        made.pop(name, None)
    return json.loads(json.dumps(made))  # type: ignore[no-any-return]


def _objective(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "goal": values["goal"],
        "rollingPeriod": f"{values['rolling_period_days'] * 86_400}s",
        "serviceLevelIndicator": {"requestBased": document(values["request_based_sli"][0])},
    }
