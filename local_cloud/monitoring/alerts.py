"""Alert policies at work: conditions looked at again and again, incidents, notifications."""

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import Scheduler, Timer
from local_cloud.monitoring.model import MonitoringModel
from local_cloud.monitoring.notifications import Incident, channel_test_message, notification
from local_cloud.monitoring.policies import AlertPolicy, Group, Measurement, check

Notify = Callable[[str, dict[str, Any]], None]
"""Publishes a document to a topic's full name."""
_ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class AlertSettings:
    evaluation_seconds: float = 60.0
    """Threshold conditions slide every minute. Source: reference/gcp.md, section 2."""
    auto_close_seconds: float = 7 * 86_400.0
    """An open incident without data is closed after this. Google's default; 30 min at least."""
    closed_kept: int = 1000
    project_numbers: Mapping[str, int] = field(default_factory=dict)
    project_number_default: int = 100_000_000_001


@dataclass(slots=True)
class _Watch:
    """What is known of one group of one policy."""

    above_since: dt.datetime | None = None
    seen: dt.datetime | None = None
    incident: Incident | None = None


class AlertPolicies:
    """The alert policies of all projects. It looks only while there is a policy."""

    def __init__(
        self,
        scheduler: Scheduler,
        monitoring: MonitoringModel,
        notify: Notify,
        rng: random.Random,
        settings: AlertSettings | None = None,
    ) -> None:
        self._scheduler = scheduler
        self._monitoring = monitoring
        self._notify = notify
        self._rng = rng
        self.settings = settings or AlertSettings()
        self._policies: dict[str, AlertPolicy] = {}
        self._watches: dict[str, dict[Group, _Watch]] = {}
        self._timer: Timer | None = None
        self.closed: list[Incident] = []
        """The newest incidents that are over, oldest first."""

    def create(self, policy: AlertPolicy) -> AlertPolicy:
        """Add a policy and return it with its name. Raises Refused(INVALID_ARGUMENT)."""
        check(policy, self._monitoring)
        number, condition = (str(self._rng.randrange(10**18, 10**19)) for _ in range(2))
        named = replace(
            policy,
            name=f"projects/{policy.project}/alertPolicies/{number}",
            condition_id=condition,
        )
        self._policies[named.name] = named
        self._watches[named.name] = {}
        if self._timer is None:
            self._look_later()
        return named

    def delete(self, name: str) -> None:
        """Remove a policy; its incidents are forgotten without a word. Raises Refused."""
        if name not in self._policies:
            raise Refused("NOT_FOUND", f"Alert policy {name} does not exist.")
        del self._policies[name]
        del self._watches[name]
        if not self._policies and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def policies(self) -> tuple[AlertPolicy, ...]:
        return tuple(self._policies.values())

    def open_incidents(self) -> tuple[Incident, ...]:
        """Return the incidents that are open now, oldest policy first."""
        watches = [watch for groups in self._watches.values() for watch in groups.values()]
        return tuple(watch.incident for watch in watches if watch.incident is not None)

    def send_test(self, project: str, topic: str) -> None:
        """Publish the test message of a notification channel."""
        self._notify(topic, channel_test_message(project))

    def _look_later(self) -> None:
        self._timer = self._scheduler.call_later(self.settings.evaluation_seconds, self._look)

    def _look(self) -> None:
        # First the next look: a notification that fails must not end all alerting.
        self._look_later()
        for policy in tuple(self._policies.values()):
            self._evaluate(policy)

    def _evaluate(self, policy: AlertPolicy) -> None:
        end = self._monitoring.visible_until()
        values = policy.condition.values(Measurement(self._monitoring, policy, end))
        watches = self._watches[policy.name]
        for group in values.keys() - watches.keys():
            watches[group] = _Watch()
        for group, watch in sorted(watches.items()):
            if group in values:
                self._judge(policy, group, watch, values[group])
            else:
                self._no_data(watch)
            if watch.incident is None and watch.above_since is None:
                del watches[group]

    def _judge(self, policy: AlertPolicy, group: Group, watch: _Watch, value: float) -> None:
        now = self._scheduler.now()
        watch.seen = now
        if value <= policy.condition.threshold:
            watch.above_since = None
            self._close(watch, value)
            return
        watch.above_since = watch.above_since or now
        if watch.incident is not None:
            watch.incident.value = value
        elif (now - watch.above_since).total_seconds() >= policy.duration_seconds:
            incident_id = "0." + "".join(self._rng.choices(_ID_LETTERS, k=12))
            watch.incident = Incident(incident_id, policy, group, now, value)
            self._tell(watch.incident)

    def _no_data(self, watch: _Watch) -> None:
        """No requests are no ratio: nothing begins to be bad, and what is open stays open."""
        watch.above_since = None
        if watch.incident is None or watch.seen is None:
            return
        silent = (self._scheduler.now() - watch.seen).total_seconds()
        if silent >= self.settings.auto_close_seconds:
            self._close(watch, watch.incident.value)

    def _close(self, watch: _Watch, value: float) -> None:
        incident, watch.incident = watch.incident, None
        if incident is None:
            return
        incident.value, incident.ended = value, self._scheduler.now()
        self.closed.append(incident)
        del self.closed[: -self.settings.closed_kept]
        if incident.policy.notify_closed:
            self._tell(incident)

    def _tell(self, incident: Incident) -> None:
        project = incident.policy.project
        number = self.settings.project_numbers.get(project, self.settings.project_number_default)
        self._notify(incident.policy.topic, notification(incident, number))
