"""What holds at every moment, whoever wrote; and what must have come of everything at the end."""

import datetime as dt
import json
from typing import Any, Final

from rollouts.decision_record import chain, recompute
from rollouts.overdue import limit_of
from rollouts.record import Rollout
from tests.simulation.watching import Watch
from tests.simulation.writes import OVER, read_state, written_now

GRACE: Final = dt.timedelta(minutes=20)
"""The sweeper comes 5 minutes after a limit; functions and quotas may fail it for 10."""


def at_every_event(watch: Watch) -> None:
    """Rule 1, of what is served: it sums to 100 %, and whoever gets requests is Ready."""
    for key in watch.changed:
        service = watch.service(key)
        for split in (service.traffic, service.served):
            total = sum(one.percent or 0 for one in split)
            watch.ask("1", total == 100 or not split, f"{key.project}: {total} % in {split}")
        for name in read_state(service.served):
            state = watch.sim.cloud.run.revision(key, name).state
            watch.ask("1", state == "ready", f"{name} is served requests and is {state}")
    watch.changed.clear()


def at_every_minute(watch: Watch) -> None:
    """Rule 3: nobody is past everything that its policy allows, for long."""
    for target, key in watch.targets():
        rollout = watch.last[key].rollout
        if rollout is None or rollout.state in OVER or frozen(watch, target):
            continue
        # Who writes an older object back may bring a rollout back that is long past its limits.
        limit = limit_of(rollout)
        late = watch.sim.now - max(limit, watch.truth.foreign_at.get(target, limit))
        words = f"{rollout.id} on {target} is {rollout.state}, {late} past its limits"
        watch.ask("3", late <= GRACE, words)


def frozen(watch: Watch, target: str) -> bool:
    """Whether a freeze window or a stopped line may hold a rollout there."""
    stopped = watch.sim.stopped_lines.get(target) is not None
    return stopped or bool(watch.sim.scenario.targets[target].get("freeze"))


def settled(watch: Watch) -> bool:
    """Whether everything has come to its end."""
    return not watch.sim.busy() and not list(_unsettled(watch))


def at_the_end(watch: Watch) -> None:
    """Liveness: faults have ceased, and everything has come to its end."""
    sim = watch.sim
    alive = [name for name in sim.executions if not sim.has_ended(name)]
    words = f"executions still run: {[_where(sim.executions[name]) for name in alive]}"
    watch.ask("end", not alive, words)
    for words in _unsettled(watch):
        watch.refute("end", words)
    _nothing_lost(watch)


def _unsettled(watch: Watch) -> Any:
    for target, key in watch.targets():
        snap, service = watch.last[key], watch.service(key)
        rollout = snap.rollout
        if rollout is None:
            continue
        if rollout.state not in OVER:
            yield f"{rollout.id} on {target} is {rollout.state}"
        if read_state(service.served) != written_now(service):
            yield f"{target} serves {read_state(service.served)}, written is {written_now(service)}"
        if snap.record.waiting is not None and not watch.gone(snap.record.waiting.execution):
            yield f"{snap.record.waiting.id} still waits for its turn on {target}"
        if (
            rollout.state in OVER
            and snap.share(rollout.canary)
            and not _may_keep(watch, target, rollout)
        ):
            share = snap.share(rollout.canary)
            yield f"{rollout.canary} keeps {share} % on {target}, {rollout.state}: {rollout.because}"


def _may_keep(watch: Watch, target: str, rollout: Rollout) -> bool:
    """Whether a canary whose rollout has ended may have traffic: promoted, or a person's will."""
    if rollout.state == "promoted" or rollout.stable == rollout.canary:
        return True
    if rollout.state == "stopped" and rollout.ended_by != "barq":
        return True
    written = watch.truth.foreign_at.get(target)
    since = rollout.ended_at is not None and written is not None and written >= rollout.ended_at
    return target in watch.truth.disturbed or bool(since)


def _nothing_lost(watch: Watch) -> None:
    """Rule 5: each build that was announced has come to an execution."""
    known = {watch.sim.build_of(one) for one in watch.sim.executions.values()}
    for build in watch.sim.announced:
        watch.ask("5", build in known, f"{build} was announced, and no execution knows it")


def recomputed(watch: Watch, every: int) -> None:
    """Rule 9: what was decided is decided again, from the records alone. Of some rollouts."""
    for number, records in enumerate(watch.decisions.values()):
        decided = [one for one in records if "verdict" in one]
        if number % every or not decided:
            continue
        last = decided[-1]
        again = recompute(chain(records, last["id"])).as_json()
        same = json.loads(json.dumps(again)) == last["verdict"]
        watch.ask("9", same, f"{last['id']} decides {again}, was {last['verdict']}")


def _where(execution: dict[str, Any]) -> str:
    steps = execution.get("status", {}).get("currentSteps", [])
    return f"{execution['name'][-8:]} {execution['state']} {steps}"
