"""A write as the rules look at it, and what really happened, whatever the record says."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from local_cloud.run.resources import ServedTarget, Service, ServiceKey, Target
from rollouts.record import EMPTY, Record, Rollout
from rollouts.record_json import parse_record
from rollouts.traffic import Entry, shares
from tests.flow.invariants import RECORD
from tests.simulation.acting import Acting

OWN = "rollout.barq.dev/"
OVER = frozenset({"promoted", "rolled_back", "stopped", "superseded"})
"""How a rollout ends; said here once more, for a mistake about it is what is looked for."""


class Broken(Exception):
    """A rule does not hold. `rule` is its number in docs/concepts/reliability.md, or a name."""

    def __init__(self, rule: str, words: str) -> None:
        super().__init__(rule, words)
        self.rule = rule
        self.words = words

    def __str__(self) -> str:
        return f"rule {self.rule}: {self.words}"


SKEW = dt.timedelta(seconds=125)
"""Clocks of functions may be so far apart here: one jumps back a minute, another forward."""


@dataclass(frozen=True, slots=True)
class Snap:
    """A service as a write left it."""

    generation: int
    traffic: tuple[Target, ...]
    template: Mapping[str, Any]
    text: str
    """The record's annotation."""
    record: Record
    latest_ready: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    """All but Barq's own."""

    @property
    def shares(self) -> dict[str, int]:
        return _shares(self.traffic, self.latest_ready)

    @property
    def rollout(self) -> Rollout | None:
        return self.record.rollout

    def share(self, revision: str) -> int:
        return self.shares.get(revision, 0)


class Write(NamedTuple):
    """One write of a service."""

    at: dt.datetime
    target: str
    key: ServiceKey
    before: Snap
    after: Snap
    by: str
    """A function's name; for somebody else its e-mail."""
    acting: Acting | None

    @property
    def body(self) -> dict[str, Any]:
        return self.acting.body if self.acting else {}

    @property
    def queues(self) -> bool:
        """Whether it is about who waits for the end of the rollout."""
        return self.before.record.waiting != self.after.record.waiting

    @property
    def by_hand(self) -> bool:
        """Whether a person asked for it in as many words."""
        if self.by == "deploy":
            return not self.body.get("automatic", False)
        return bool(self.body.get("by_hand")) or self.by == "approve"


@dataclass
class Truth:
    """What really happened, whatever the record says."""

    ended: dict[str, str] = field(default_factory=dict)
    """Rollout -> its first final state."""
    rolled_back: set[str] = field(default_factory=set)
    drivers: dict[str, str] = field(default_factory=dict)
    roles: dict[str, tuple[str, str]] = field(default_factory=dict)
    shifted_at: dict[str, dt.datetime] = field(default_factory=dict)
    begun: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By target and build."""
    newest: dict[str, dt.datetime] = field(default_factory=dict)
    disturbed: dict[str, str] = field(default_factory=dict)
    """Target -> who left traffic there that the record does not explain."""
    foreign_at: dict[str, dt.datetime] = field(default_factory=dict)
    touched: dict[str, str] = field(default_factory=dict)
    """Target -> who wrote traffic, tags, template or an older record during a rollout."""
    decided: dict[str, dt.datetime] = field(default_factory=dict)
    """Decision -> when it was really made."""
    read: dict[tuple[str, str], tuple[Any, ...]] = field(default_factory=dict)
    """By function and target: the state that it read last."""


def snap_of(service: Service) -> Snap:
    """Return a service as it is now."""
    text = service.annotations.get(RECORD, "")
    record = parse_record(text) if text else EMPTY
    others = {key: value for key, value in service.annotations.items() if not key.startswith(OWN)}
    return Snap(
        service.generation,
        service.traffic,
        service.template,
        text,
        record,
        service.latest_ready,
        service.labels,
        others,
    )


def read_state(served: tuple[ServedTarget, ...]) -> dict[str, int]:
    """Return what each revision is served."""
    found: dict[str, int] = {}
    for one in served:
        if one.percent:
            found[one.revision] = found.get(one.revision, 0) + one.percent
    return found


def written_now(service: Service) -> dict[str, int]:
    """Return what each revision shall be served; LATEST is whichever is the newest Ready now."""
    return _shares(service.traffic, service.latest_ready)


def _shares(traffic: tuple[Target, ...], latest: str) -> dict[str, int]:
    return shares(tuple(Entry(one.revision, one.percent or 0, one.tag) for one in traffic), latest)


def onward(old: Rollout, new: Rollout) -> bool:
    """Whether a write gave the canary more: a shift, or its promotion."""
    promoted = new.state == "promoted" != old.state
    return promoted or len(new.shifts) > len(old.shifts)
