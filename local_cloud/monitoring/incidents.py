"""An incident: one time that one series of a policy was bad."""

import datetime as dt
from dataclasses import dataclass

from local_cloud.monitoring.conditions import Condition, Group
from local_cloud.monitoring.policy import Policy


@dataclass(slots=True)
class Incident:
    incident_id: str
    policy: Policy
    condition: Condition
    group: Group
    started: dt.datetime
    value: float | None
    """The newest value that was seen; None where a condition has none."""
    ended: dt.datetime | None = None
    told: dt.datetime | None = None
    """When it was told last."""

    def resource_labels(self) -> dict[str, str]:
        """Return what is left of the resource's labels: the grouped ones, and the project."""
        return {"project_id": self.policy.project, **dict(self.group.resource_labels)}

    def metric_labels(self) -> dict[str, str]:
        return dict(self.group.metric_labels)
