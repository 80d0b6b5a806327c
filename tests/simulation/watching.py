"""Sees every write and every call, asks the rules, and learns what is true."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from local_cloud.kit.http import NoAnswer
from local_cloud.run.resources import Service, ServiceKey
from tests.flow.install import ACCOUNTS
from tests.flow.ports import API
from tests.simulation.acting import Acting
from tests.simulation.simulated import Simulated
from tests.simulation.writes import OVER, Broken, Snap, Truth, Write, snap_of


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
        self.last[key], self._annotations[key] = snap_of(service), service.annotations

    def _changed(self, key: ServiceKey) -> None:
        self.changed.add(key)
        service = self.service(key)
        if service.annotations is self._annotations[key]:
            return  # The platform's own reconciliation.
        # LATEST may mean another revision by now than when it was written.
        before = replace(self.last[key], latest_ready=service.latest_ready)
        after = snap_of(service)
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
        if acting.name == "sweep" and json.loads(answer.body).get("failed"):
            return
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
        else:
            words = f"{acting.name} answers {told['id']}, which never was on record"
            self.ask("6", told["id"] in self.truth.drivers, words)

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
        if rollout is not None and rollout.state not in OVER and not spec:
            truth.ended.pop(rollout.id, None)  # A stop, undone: its driver has gone for all that.
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
