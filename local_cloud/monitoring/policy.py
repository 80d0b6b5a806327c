"""An alert policy as it is kept: read, checked, named."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local_cloud.monitoring.conditions import Condition, LogMatch

OPENED: Final = "OPENED"
CLOSED: Final = "CLOSED"


@dataclass(frozen=True, slots=True)
class Policy:
    """What may open incidents, and whom they are told to."""

    name: str
    """`projects/P/alertPolicies/ID`."""
    document: Mapping[str, Any]
    """REST form, with all names."""
    conditions: tuple[Condition, ...]
    combiner: str
    prompts: tuple[str, ...] = (OPENED, CLOSED)
    auto_close: dt.timedelta | None = None
    rate_limit: dt.timedelta | None = None
    """Of a log condition: the shortest time between two notifications."""
    renotify: Mapping[str, dt.timedelta] = field(default_factory=dict)
    """How often an open incident is told again, by channel."""

    @property
    def project(self) -> str:
        return self.name.split("/")[1]

    @property
    def display_name(self) -> str:
        return str(self.document["displayName"])

    @property
    def enabled(self) -> bool:
        return bool(self.document.get("enabled", True))

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(self.document.get("notificationChannels", ()))

    @property
    def user_labels(self) -> dict[str, str]:
        return dict(self.document.get("userLabels", {}))

    @property
    def of_log(self) -> bool:
        """Whether its incidents come from log entries, one by one."""
        return isinstance(self.conditions[0].test, LogMatch)
