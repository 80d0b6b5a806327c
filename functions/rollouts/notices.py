"""The events that Barq publishes: one for each change of state. A schema that others rely on.

On the wire an event is a structured CloudEvent 1.0. Fields are only ever added to its data.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from rollouts.instants import show_instant
from rollouts.record import Rollout

Kind = Literal[
    "rollout.started", "rollout.verified", "traffic.shifted",
    "rollout.promoted", "rollout.rolled_back", "rollout.stopped", "rollout.superseded",
    "rollout.frozen",
    "approval.requested", "approval.given", "approval.denied", "traffic.stuck",
    "delivery.ignored", "verdict.page", "verdict.alert",
]  # fmt: skip
KINDS: Final[tuple[str, ...]] = get_args(Kind)
UNWRITTEN: Final = frozenset({"delivery.ignored", "traffic.stuck"})
"""What is told although nothing was written: a repeated call tells it again."""
FOR_NOW: Final = frozenset({"traffic.stuck", "verdict.page", "verdict.alert"})
"""What a person must look at now: the log tells it as an error."""
SCHEMA: Final = 1
TYPE_PREFIX: Final = "dev.barq."


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that happened to a rollout."""

    kind: Kind
    at: dt.datetime
    rollout: Rollout
    because: str
    percent_before: int
    percent_after: int
    by: str = ""
    """Who acted; empty when Barq did by itself."""
    decision: Mapping[str, Any] | None = None
    """The decision that led here, in short: id of its record, verdict, numbers, evidence."""

    def as_cloud_event(self) -> dict[str, Any]:
        """Return the structured CloudEvent.

        The id is the same whenever the same change is told again, so readers can drop repeats.
        """
        rollout = self.rollout
        # What is told without a write is known again by its words: its time is each call's own.
        when = self.because if self.kind in UNWRITTEN else show_instant(self.at)
        told = f"{rollout.id}/{self.kind}/{self.percent_after}/{when}"
        return {
            "specversion": "1.0",
            "id": hashlib.sha256(told.encode()).hexdigest()[:20],
            "source": f"//barq.dev/{rollout.service}/{rollout.target}",
            "type": TYPE_PREFIX + self.kind + f".v{SCHEMA}",
            "subject": rollout.id,
            "time": show_instant(self.at),
            "datacontenttype": "application/json",
            "data": self._data(),
        }

    def _data(self) -> dict[str, Any]:
        rollout = self.rollout
        return {
            "schema": SCHEMA,
            "event": self.kind,
            "rollout": rollout.id,
            "service": rollout.service,
            "target": rollout.target,
            "state": rollout.state,
            "repository": rollout.repository,
            "digest": rollout.digest,
            "build": rollout.build.id,
            "source": rollout.build.source,
            "stable": rollout.stable,
            "canary": rollout.canary,
            "percent_before": self.percent_before,
            "percent_after": self.percent_after,
            "verdict": rollout.verdict,
            "because": self.because,
            "by": self.by,
            "execution": rollout.execution,
            "policy_hash": rollout.policy_hash,
            "decision": dict(self.decision) if self.decision else None,
        }
