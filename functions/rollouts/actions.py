"""What to do next: the one thing that every driving function answers.

On the wire an action is a JSON object whose `kind` the workflow switches on; nothing else of it
decides anything there but `wait_seconds`, the timeout of a hold.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from rollouts.instants import show_instant

WaitsFor = Literal["revision", "smoke_test", "approval", "data", "freeze", "traffic", "turn"]
Outcome = Literal["promoted", "rolled_back", "stopped", "superseded", "unchanged", "passed"]


@dataclass(frozen=True, slots=True)
class Hold:
    """Wait, then look again. A wake-up ends the wait at once."""

    wait_seconds: int
    """At least 1: a hold never spins."""
    because: str
    waits_for: WaitsFor
    until: dt.datetime | None = None
    """When the waiting ends the rollout, or a freeze ends; None if it has no own end."""

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": "hold",
            "wait_seconds": self.wait_seconds,
            "because": self.because,
            "waits_for": self.waits_for,
            "until": show_instant(self.until) if self.until else None,
        }


@dataclass(frozen=True, slots=True)
class Shift:
    """Give the canary its share of a step."""

    step: int
    """Counted from 0."""
    percent: int
    because: str

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": "shift",
            "step": self.step,
            "percent": self.percent,
            "because": self.because,
        }


@dataclass(frozen=True, slots=True)
class Promote:
    """The canary becomes stable."""

    because: str

    def as_json(self) -> dict[str, Any]:
        return {"kind": "promote", "because": self.because}


@dataclass(frozen=True, slots=True)
class RollBack:
    """Stable gets everything. `refuse` says that evidence spoke against the digest itself."""

    because: str
    refuse: bool = True

    def as_json(self) -> dict[str, Any]:
        return {"kind": "roll_back", "because": self.because, "refuse": self.refuse}


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing more to do here for this execution. It succeeds, whatever the outcome."""

    outcome: Outcome
    because: str

    @property
    def go_on(self) -> bool:
        """Whether the delivery may go on to its next target."""
        return self.outcome in {"promoted", "unchanged", "passed"}

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": "stop",
            "outcome": self.outcome,
            "go_on": self.go_on,
            "because": self.because,
        }


Action = Hold | Shift | Promote | RollBack | Stop
