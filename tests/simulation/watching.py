"""Turns what changes in the cloud into what the rules look at: writes, before and after."""

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from local_cloud.kit.http import NoAnswer
from local_cloud.run.resources import ServedTarget, Service, ServiceKey, Target
from rollouts.record import EMPTY, Record, Rollout
from rollouts.record_json import parse_record
from rollouts.traffic import Entry, shares
from tests.flow.install import ACCOUNTS
from tests.flow.invariants import RECORD
from tests.flow.ports import API
from tests.simulation.simulated import Acting, Simulated

OWN = "rollout.barq.dev/"
OVER = frozenset({"promoted", "rolled_back", "stopped", "superseded"})
"""How a rollout ends; said here once more, for a mistake about it is what is looked for."""


class Broken(Exception):
    """A rule does not hold. `rule` is its number in DESIGN.md, or a name."""

    def __init__(self, rule: str, words: str) -> None:
        super().__init__(f"rule {rule}: {words}")
        self.rule = rule


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


class Watch:
    """Sees every write; asks the rules, and keeps the first that does not hold."""

    def __init__(self, sim: Simulated) -> None:
        self.sim = sim
        self.truth = Truth()
        self.broken: Broken | None = None
        self.transitions: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.rollouts = 0
        self.rules: list[Callable[[Watch, Write], None]] = []
        self.decisions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        """Decision records, by rollout."""
        self._names = {sim.key(name): name for name in sim.target_names}
        self.last: dict[ServiceKey, Snap] = {}
        self._annotations: dict[ServiceKey, Any] = {}
        for key in self._names:
            self._changed_first(key)
        sim.cloud.run.on_service_change.append(self._changed)
        sim.read_service.append(self._read)
        sim.acted.append(self._acted)
        self.changed: set[ServiceKey] = set(self._names)

    def refute(self, rule: str, words: str) -> None:
        """Note that a rule does not hold. The first one counts."""
        if self.broken is None:
            self.broken = Broken(rule, words)
            self.sim.tell(f"BROKEN {self.broken}")

    def ask(self, rule: str, holds: object, words: str) -> None:
        if not holds:
            self.refute(rule, words)

    def service(self, key: ServiceKey) -> Service:
        return self.sim.cloud.run.service(key)

    def gone(self, execution: str) -> bool:
        """Whether an execution has ended. Its name here has the project's id, not its number."""
        own = execution.rpartition("/")[2]
        return all(self.sim.has_ended(name) for name in self.sim.executions if name.endswith(own))

    def targets(self) -> list[tuple[str, ServiceKey]]:
        return [(name, key) for key, name in self._names.items()]

    def log(self, line: str) -> None:
        """Take a line of a function's log."""
        if '"verdict.reached"' in line:
            document = json.loads(line)
            self.decisions[document["rollout"]].append(document)
            self.truth.decided[document["id"]] = self.sim.now
        elif '"request.failed"' in line or '"traceback"' in line:
            self.refute("0", f"a function failed for a reason that it does not know: {line[:3000]}")

    # Inside.

    def _changed_first(self, key: ServiceKey) -> None:
        service = self.service(key)
        self.last[key], self._annotations[key] = self._snap(service), service.annotations

    def _changed(self, key: ServiceKey) -> None:
        self.changed.add(key)
        service = self.service(key)
        if service.annotations is self._annotations[key]:
            return  # The platform's own reconciliation.
        # LATEST may mean another revision by now than when it was written.
        before = replace(self.last[key], latest_ready=service.latest_ready)
        after = self._snap(service)
        self.last[key], self._annotations[key] = after, service.annotations
        acting, mine = self.sim.acting, service.modifier.endswith(ACCOUNTS)
        by = acting.name if mine and acting else service.modifier
        write = Write(
            self.sim.now, self._names[key], key, before, after, by, acting if mine else None
        )
        self._tell(write)
        if mine:
            for rule in self.rules:
                rule(self, write)
            self._learn(write)
        else:
            self._foreign(write)

    def _snap(self, service: Service) -> Snap:
        text = service.annotations.get(RECORD, "")
        record = parse_record(text) if text else EMPTY
        others = {
            key: value for key, value in service.annotations.items() if not key.startswith(OWN)
        }
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

    def _tell(self, write: Write) -> None:
        rollout = write.after.rollout
        state = f"{rollout.id} {rollout.state}" if rollout else "no rollout"
        split = " ".join(f"{name[-13:]}={share}" for name, share in write.after.shares.items())
        because = rollout.because[:90] if rollout and rollout.state else ""
        self.sim.tell(f"  {write.by} writes {write.target}: {state} | {split} | {because}")

    def _read(self, function: str, target: str) -> None:
        snap = self.last[self.sim.key(target)]
        self.truth.read[function, target] = (snap.text, snap.traffic, snap.template)

    def _acted(self, acting: Acting, answer: Any) -> None:
        """Ask what holds of a whole call of a function, if it was not broken off."""
        if isinstance(answer, NoAnswer) or answer.status >= 300:
            return  # It is asked again, or who waits looks by itself, only later.
        for callback in acting.must_wake:
            path = callback.removeprefix(API)
            self.ask("wake", path in acting.woke, f"{acting.name} did not wake {path[-60:]}")
        if answer.status == 200:
            self._answered(acting, json.loads(answer.body))
        for words in self.sim.refused:
            self.refute("1", words)
        if acting.name == "on_alert":
            words = "an alert was acknowledged that could not be acted on"
            self.ask("5", not acting.read_failed, words)

    def _answered(self, acting: Acting, answer: dict[str, Any]) -> None:
        """Ask whether what a function answers after a write is what now stands on record."""
        told = answer.get("rollout")
        if not acting.wrote or not isinstance(told, dict):
            return
        present = self.last[self.sim.key(acting.wrote)].rollout
        if present is not None and present.id == told["id"]:
            words = f"{acting.name} answers {told['state']}, on record is {present.state}"
            self.ask("6", told["state"] == present.state, words)

    def _learn(self, write: Write) -> None:
        """Take what a write of Barq's says into the truth."""
        truth, new = self.truth, write.after.rollout
        if new is None:
            return
        self.sim.seen_rollouts.setdefault(write.target, {})[new.id] = None
        old = write.before.rollout
        driver = write.body.get("execution", "")
        if write.acting and old and old.state not in OVER and old != new:
            if driver != old.execution:
                write.acting.must_wake.append(old.callback)
            waits = write.after.record.waiting
            if waits is not None and new.state in OVER and waits.execution != driver:
                write.acting.must_wake.append(waits.callback)
        if old is None or old.id != new.id:
            truth.touched.pop(write.target, None)
        truth.drivers.setdefault(new.id, new.execution)
        truth.roles.setdefault(new.id, (new.stable, new.canary))
        if old is None or old.id != new.id or len(new.shifts) > len(old.shifts):
            truth.shifted_at[new.id] = write.at
        if new.state in OVER:
            truth.ended.setdefault(new.id, new.state)
        if old is not None and old.id != new.id and old.state not in OVER:
            truth.ended.setdefault(old.id, "superseded")
        if new.state == "rolled_back":
            truth.rolled_back.add(new.id)

    def _foreign(self, write: Write) -> None:
        """Take what somebody else wrote. A record that came back is what Barq then knows."""
        truth, rollout = self.truth, write.after.rollout
        truth.foreign_at[write.target] = write.at
        if rollout is not None and write.after.shares != rollout.shares:
            truth.disturbed[write.target] = write.by
        else:
            truth.disturbed.pop(write.target, None)
        old, new = write.before, write.after
        # An older record with the very same spec raises no generation: nobody can tell.
        spec = old.generation != new.generation
        if rollout is not None and rollout.state not in OVER and spec:
            truth.touched[write.target] = write.by
        if write.after.text != write.before.text:
            known = write.after.record
            wiped = write.before.rollout
            if wiped is not None and (rollout is None or rollout.id != wiped.id):
                truth.roles.pop(wiped.id, None)  # Whoever drove it may begin it anew.
            for target, build in list(truth.begun):
                if target == write.target and build not in known.acted_on:
                    del truth.begun[target, build]
            truth.newest.pop(write.target, None)
            if known.newest_build:
                truth.newest[write.target] = known.newest_build


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
