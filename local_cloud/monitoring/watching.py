"""What is known of the series that a policy looks at, and which of them are bad for long enough.

Nothing here opens or tells: it says which incidents there should be now. Time comes as `now`.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from local_cloud.monitoring.conditions import (
    ACTIVE,
    INACTIVE,
    Absence,
    Condition,
    Group,
    LogMatch,
    Threshold,
)
from local_cloud.monitoring.incidents import Incident
from local_cloud.monitoring.model import MonitoringModel
from local_cloud.monitoring.policy import Policy


@dataclass(slots=True)
class Watch:
    """What is known of one series of one condition."""

    bad_since: dt.datetime | None = None
    seen: dt.datetime | None = None
    """When it had data last."""
    value: float | None = None
    unknown: bool = False
    """No data now, and none is not an answer: an open incident stays as it is."""
    incident: Incident | None = None


@dataclass(slots=True)
class ConditionWatch:
    """All series of one condition."""

    condition: Condition
    watches: dict[Group, Watch] = field(default_factory=dict)
    failing: tuple[Group, ...] = ()
    """Those that were bad for the whole duration, if so many are that the condition is met."""

    def look(self, monitoring: MonitoringModel, project: str, now: dt.datetime) -> None:
        """Take the newest values, and say which series fail now."""
        test = self.condition.test
        if isinstance(test, LogMatch):
            return
        values = test.values(monitoring, project)
        for group in values.keys() - self.watches.keys():
            self.watches[group] = Watch()
        for group, watch in self.watches.items():
            if isinstance(test, Threshold):
                _judge(test, watch, values.get(group), now)
            else:
                _miss(watch, values.get(group), now)
        duration = dt.timedelta(seconds=test.duration_seconds)
        failing = [
            group
            for group, watch in sorted(self.watches.items())
            if watch.bad_since is not None and now - watch.bad_since >= duration
        ]
        met = test.trigger.met(len(failing), len(self.watches))
        self.failing = tuple(failing) if met else ()

    def forget(self) -> None:
        """Forget the series that nothing is to be remembered of."""
        test = self.condition.test
        if isinstance(test, Absence) or (isinstance(test, Threshold) and test.missing == ACTIVE):
            return  # That a series once had data is what these go by.
        for group, watch in list(self.watches.items()):
            if watch.incident is None and watch.bad_since is None:
                del self.watches[group]


class PolicyWatch:
    """All conditions of one policy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.conditions = [ConditionWatch(one) for one in policy.conditions]

    def look(self, monitoring: MonitoringModel, now: dt.datetime) -> Mapping[int, set[Group]]:
        """Return which series should have an incident, by the number of their condition."""
        for each in self.conditions:
            each.look(monitoring, self.policy.project, now)
        bad = [set(each.failing) for each in self.conditions]
        if self.policy.combiner == "AND" and not all(bad):
            bad = [set() for _ in bad]
        if self.policy.combiner == "AND_WITH_MATCHING_RESOURCE":
            common = set.intersection(*({group.resource_labels for group in one} for one in bad))
            bad = [{group for group in one if group.resource_labels in common} for one in bad]
        return dict(enumerate(bad))

    def watches(self) -> Iterator[tuple[int, Group, Watch]]:
        """Yield every series that is watched, in a fixed order."""
        for number, each in enumerate(self.conditions):
            for group, watch in sorted(each.watches.items()):
                yield number, group, watch

    def forget(self) -> None:
        for each in self.conditions:
            each.forget()


def _judge(test: Threshold, watch: Watch, value: float | None, now: dt.datetime) -> None:
    """Take a value, or that there is none: `evaluationMissingData` says what that means."""
    watch.unknown = False
    if value is not None:
        watch.seen, watch.value = now, value
        bad = test.violated(value)
    else:
        bad = test.missing == ACTIVE
        watch.unknown = test.missing not in (ACTIVE, INACTIVE)
    watch.bad_since = (watch.bad_since or now) if bad else None


def _miss(watch: Watch, value: float | None, now: dt.datetime) -> None:
    """Take that a series has data, or has been without since it was seen last."""
    if value is not None:
        watch.seen, watch.value, watch.bad_since = now, None, None
    else:
        watch.bad_since = watch.bad_since or watch.seen
