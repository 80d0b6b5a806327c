"""Alert policies at work: conditions looked at again and again, incidents, notifications."""

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, overload

from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import Scheduler, Timer
from local_cloud.monitoring.channels import Channel, Channels
from local_cloud.monitoring.conditions import Group, LogMatch
from local_cloud.monitoring.incidents import Incident
from local_cloud.monitoring.model import MonitoringModel
from local_cloud.monitoring.notifications import channel_test_message, notification
from local_cloud.monitoring.policies import AlertPolicy
from local_cloud.monitoring.policy import CLOSED, Policy
from local_cloud.monitoring.reading_conditions import ConditionReader
from local_cloud.monitoring.reading_policies import message_of, read_policy
from local_cloud.monitoring.slos import Slos
from local_cloud.monitoring.watching import PolicyWatch, Watch

Notify = Callable[[str, dict[str, Any]], None]
"""Publishes a document to a topic's full name."""
Told = Callable[[Channel, dict[str, Any]], None]
"""Is told of every notification, whatever the channel's type."""
_ID_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class AlertSettings:
    evaluation_seconds: float = 60.0
    """Threshold conditions slide every minute. Source: reference/gcp.md, section 2."""
    auto_close_seconds: float = 7 * 86_400.0
    """An open incident without data is closed after this. Google's default; 30 min at least."""
    closed_kept: int = 1000
    project_numbers: Mapping[str, int] = field(default_factory=dict)
    project_number_default: int = 100_000_000_001


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
        self.channels = Channels()
        self.slos = Slos(monitoring)
        self.on_notification: list[Told] = []
        self._watched: dict[str, PolicyWatch] = {}
        self._timer: Timer | None = None
        self.closed: list[Incident] = []
        """The newest incidents that are over, oldest first."""

    @overload
    def create(self, policy: AlertPolicy) -> AlertPolicy: ...
    @overload
    def create(self, policy: Mapping[str, Any], project: str) -> Policy: ...

    def create(
        self, policy: AlertPolicy | Mapping[str, Any], project: str = ""
    ) -> AlertPolicy | Policy:
        """Add a policy, in its REST form or the short one, and return it with its name.

        Raises Refused(INVALID_ARGUMENT, NOT_FOUND) for what Google refuses.
        """
        if not isinstance(policy, AlertPolicy):
            return self.create_from(message_of(policy), project)
        channel = self.channels.of_topic(policy.project, policy.topic)
        message = message_of(policy.as_json(channel.name))
        made = self.create_from(message, policy.project, policy.requests_min)
        return replace(
            policy, name=made.name, condition_id=made.conditions[0].name.rpartition("/")[2]
        )

    def create_from(self, message: Any, project: str, denominator_min: float = 0.0) -> Policy:
        """Add the policy of a message; `denominator_min` is for all its ratios."""
        name = f"projects/{project}/alertPolicies/{self._number()}"
        policy = self._read(message, name, denominator_min)
        self._keep(policy)
        return policy

    def update(self, message: Any) -> Policy:
        """Put a policy in place of the one that has its name. Its incidents are forgotten.

        Raises Refused(INVALID_ARGUMENT, NOT_FOUND).
        """
        self.get(message.name)
        policy = self._read(message, message.name, 0.0)
        self._keep(policy)
        return policy

    def delete(self, name: str) -> None:
        """Remove a policy; its incidents are forgotten without a word. Raises Refused."""
        self.get(name)
        del self._watched[name]
        if not self._watched and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def get(self, name: str) -> Policy:
        """Return a policy. Raises Refused(NOT_FOUND)."""
        if name not in self._watched:
            raise Refused("NOT_FOUND", f"Alert policy {name} does not exist.")
        return self._watched[name].policy

    def policies(self, project: str | None = None) -> tuple[Policy, ...]:
        found = (watched.policy for watched in self._watched.values())
        return tuple(one for one in found if project in (None, one.project))

    def open_incidents(self) -> tuple[Incident, ...]:
        """Return the incidents that are open now, oldest policy first."""
        watches = (watch for watched in self._watched.values() for *_, watch in watched.watches())
        return tuple(watch.incident for watch in watches if watch.incident is not None)

    def send_test(self, project: str, topic: str) -> None:
        """Publish the test message of a notification channel."""
        self._notify(topic, channel_test_message(project))

    def note(
        self,
        project: str,
        read: Callable[[], Mapping[str, Any]],
        kept: bool = True,  # noqa: FBT001, FBT002 - as Logging tells of an entry.
    ) -> None:
        """Take a log entry of a project; it is read only if a log condition looks there.

        Log conditions see what is stored (`kept`) and nothing else. Source:
        https://cloud.google.com/logging/docs/alerting/log-based-alerts
        """
        if not kept:
            return
        for watched in tuple(self._watched.values()):
            policy = watched.policy
            test = policy.conditions[0].test
            if policy.project == project and policy.enabled and isinstance(test, LogMatch):
                group = test.group(read())
                if group is not None:
                    self._matched(watched, group)

    def _number(self) -> str:
        return str(self._rng.randrange(10**18, 10**19))

    def _read(self, message: Any, name: str, denominator_min: float) -> Policy:
        project = name.split("/")[1]
        reader = ConditionReader(self._monitoring, self.slos, project, denominator_min)
        policy = read_policy(message, name, self._number, reader)
        for channel in policy.channels:
            self.channels.get(channel)
        return policy

    def _keep(self, policy: Policy) -> None:
        self._watched[policy.name] = PolicyWatch(policy)
        if self._timer is None:
            self._look_later()

    def _look_later(self) -> None:
        self._timer = self._scheduler.call_later(self.settings.evaluation_seconds, self._look)

    def _look(self) -> None:
        # First the next look: a notification that fails must not end all alerting.
        self._look_later()
        for watched in tuple(self._watched.values()):
            if watched.policy.enabled:
                self._evaluate(watched)

    def _evaluate(self, watched: PolicyWatch) -> None:
        now = self._scheduler.now()
        bad = watched.look(self._monitoring, now)
        for number, group, watch in tuple(watched.watches()):
            if watch.incident is None:
                if group in bad[number]:
                    self._open(watched.policy, number, group, watch)
            elif group in bad[number]:
                watch.incident.value = watch.value
                self._tell_again(watch.incident)
            elif self._over(watched.policy, watch, now):
                self._close(watch)
        watched.forget()

    def _open(self, policy: Policy, number: int, group: Group, watch: Watch) -> None:
        incident_id = "0." + "".join(self._rng.choices(_ID_LETTERS, k=12))
        now, condition = self._scheduler.now(), policy.conditions[number]
        watch.incident = Incident(incident_id, policy, condition, group, now, watch.value)
        self._tell(watch.incident)

    def _matched(self, watched: PolicyWatch, group: Group) -> None:
        """Open an incident for a log entry, or tell of the open one if that is not too often."""
        watch = watched.conditions[0].watches.setdefault(group, Watch())
        now = watch.seen = self._scheduler.now()
        if watch.incident is None:
            self._open(watched.policy, 0, group, watch)
            return
        limit, told = watched.policy.rate_limit, watch.incident.told
        if limit is not None and told is not None and now - told >= limit:
            self._tell(watch.incident)

    def _over(self, policy: Policy, watch: Watch, now: dt.datetime) -> bool:
        """Whether an open incident ends: its series is well, or was without data for too long."""
        if not watch.unknown and not policy.of_log:
            return True
        limit = policy.auto_close or dt.timedelta(seconds=self.settings.auto_close_seconds)
        return watch.seen is not None and now - watch.seen >= limit

    def _close(self, watch: Watch) -> None:
        incident, watch.incident = watch.incident, None
        assert incident is not None
        incident.value, incident.ended = watch.value, self._scheduler.now()
        self.closed.append(incident)
        del self.closed[: -self.settings.closed_kept]
        if CLOSED in incident.policy.prompts and not incident.policy.of_log:
            self._tell(incident)

    def _tell_again(self, incident: Incident) -> None:
        """Tell the channels again that want to hear of an incident while it is open."""
        now = self._scheduler.now()
        due = [
            channel
            for channel, interval in incident.policy.renotify.items()
            if incident.told is not None and now - incident.told >= interval
        ]
        if due:
            self._tell(incident, due)

    def _tell(self, incident: Incident, channels: list[str] | None = None) -> None:
        project = incident.policy.project
        number = self.settings.project_numbers.get(project, self.settings.project_number_default)
        incident.told = self._scheduler.now()
        for name in incident.policy.channels if channels is None else channels:
            channel, document = self.channels.get(name), notification(incident, number)
            for told in self.on_notification:
                told(channel, document)
            if channel.topic:
                self._notify(channel.topic, document)
