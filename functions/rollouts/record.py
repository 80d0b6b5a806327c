"""The rollout's record: all the state that Barq keeps, an annotation on the service itself.

Fields are only ever added. This code reads every schema from 1 up to its own; a record of a
newer one is refused, because writing it back would lose what the newer code put there.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Final, Literal

from rollouts.policy import Policy

SCHEMA: Final = 1
KEPT_MAX: Final = 20
"""Refused digests and builds acted on that a record remembers; the oldest go first."""

State = Literal[
    "deploying", "deployed", "verified", "shifting", "promoted", "rolled_back", "stopped",
    "superseded",
]  # fmt: skip
FINAL: Final = frozenset({"promoted", "rolled_back", "stopped", "superseded"})


@dataclass(frozen=True, slots=True)
class Build:
    """Where an image came from, as the announcement said. All empty for a rollout by hand."""

    id: str = ""
    created: dt.datetime | None = None
    source: str = ""
    """Commit, trigger or whatever names the source to a person."""


@dataclass(frozen=True, slots=True)
class ShiftDone:
    """One shift that was written, with its time."""

    at: dt.datetime
    step: int
    percent: int


@dataclass(frozen=True, slots=True)
class ApprovalGiven:
    """What a person was asked, and what came of it."""

    asked_at: dt.datetime
    expires_at: dt.datetime
    decision: Literal["", "approved", "denied"] = ""
    by: str = ""
    at: dt.datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Probed:
    """What the probes before traffic found. Each pair is one to the canary and one to stable."""

    requests: int
    """That many to each role."""
    canary_bad: int
    """Without an answer, or 5xx."""
    stable_bad: int
    at: dt.datetime
    ended_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Usual:
    """What the service was like: the measure where nothing is left to compare a canary with."""

    requests: int
    """Stable's, of before the rollout: 0 if nothing of them was visible."""
    errors: int
    """How many of them failed (5xx)."""
    requests_a_second: float
    """Of the whole service, when last visible."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One candidate's way on one target."""

    id: str
    execution: str
    """Full name of the workflow execution that drives it; no other may."""
    callback: str
    """URL that wakes the execution. Carries no decision."""
    service: str
    target: str
    repository: str
    digest: str
    """The announced digest; empty for an adopted revision."""
    build: Build
    stable: str
    canary: str
    policy: Policy
    policy_hash: str
    state: State
    claimed_at: dt.datetime
    adopted: bool = False
    placeholder: bool = False
    """Stable was the installer's placeholder: verify, then 100 %."""
    verified: str = ""
    """The smoke test in a line."""
    approval: ApprovalGiven | None = None
    shifts: tuple[ShiftDone, ...] = ()
    verdict: str = ""
    """The last verdict with its numbers, as it stood at the last change of state."""
    because: str = ""
    ended_at: dt.datetime | None = None
    ended_by: str = ""
    probed: Probed | None = None
    """Before any traffic; None: no probes were asked for, or none counted."""
    deadline_approval: ApprovalGiven | None = None
    """What a person was asked when the deadline was over, and too little data was all."""
    paged_at: dt.datetime | None = None
    """Since when a person knows that stable fails as well; None: it does not."""
    alerted_at: dt.datetime | None = None
    """When a person was told of errors at 100 % that take nothing back."""
    frozen_at: dt.datetime | None = None
    """Since when a closed line held it for the first time; None: none did."""
    frozen: str = ""
    """By what it was held last, as a person was told: `Closed.why`."""
    override_freeze: str = ""
    """Who lets it pass a closed line, and why; empty: it waits."""
    usual: Usual | None = None
    """As it stood at the last shift or the promotion; None before any look, and of older code."""
    overdue_at: dt.datetime | None = None
    """When the sweeper woke a driver that should have moved long before."""
    stuck_at: dt.datetime | None = None
    """When a person was told of a split that was written and is not the served one."""

    @property
    def ended(self) -> bool:
        return self.state in FINAL

    @property
    def percent(self) -> int:
        """The canary's share as last written by a shift of this rollout."""
        return self.shifts[-1].percent if self.shifts else 0

    @property
    def next_step(self) -> int:
        """The step that comes next, counted from 0; equal to len(steps) after the last."""
        return self.shifts[-1].step + 1 if self.shifts else 0

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps in force: a placeholder has nothing to be compared with."""
        return (100,) if self.placeholder else self.policy.steps

    @property
    def shares(self) -> dict[str, int]:
        """The split that this record explains."""
        if self.state == "promoted":
            return {self.canary: 100}
        share = 0 if self.state in ("rolled_back", "superseded") else self.percent
        split = {self.stable: 100 - share, self.canary: share}
        return {revision: percent for revision, percent in split.items() if percent}


@dataclass(frozen=True, slots=True)
class RefusedDigest:
    """A digest that evidence spoke against."""

    digest: str
    rollout: str
    at: dt.datetime
    because: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that waits until the present rollout has ended (`second_push: queue`)."""

    id: str
    """What its rollout will be called."""
    execution: str
    callback: str
    build: Build
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that Barq knows of a service."""

    rollout: Rollout | None = None
    """The present rollout, or the last one."""
    generation: int = 0
    """The `metadata.generation` that this record was written on. The write itself may add one."""
    refused: tuple[RefusedDigest, ...] = ()
    newest_build: dt.datetime | None = None
    """When the newest accepted build was created."""
    acted_on: tuple[str, ...] = field(default=())
    """Ids of builds that started a rollout here."""
    promoted: Rollout | None = None
    """The one promoted before the present one: in its watch an alert still takes it back."""

    past: tuple[str, ...] = ()
    """Ids of rollouts that were here before the present one or gave up their place in the queue:
    a late request of theirs begins nothing again."""
    waiting: Waiting | None = None
    """Who comes next. One place: the newest has it."""
    spec: str = ""
    """Fingerprint of the service's spec, if the write that carried this record left it as it was
    read; empty if the write changed it, and for records of before."""

    def refusal(self, digest: str) -> RefusedDigest | None:
        return next((one for one in self.refused if one.digest == digest), None)


EMPTY: Final = Record()
