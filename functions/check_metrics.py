"""check_metrics: reads the signals, judges the whole rollout, answers with one action.

Writes nothing to the service, but for what a person is told once: a hold costs no write, and what
was decided is written by who acts on it. Each look leaves a decision record in the log.
"""

import datetime as dt
from typing import Any

import flask
import functions_framework

from gcp.acting import act, answered, find_target, tell
from gcp.edge import Answer, respond
from gcp.log import log_text
from gcp.looking import Look, look
from gcp.ports import World
from gcp.world import world
from rollouts.actions import Action, Hold, Stop
from rollouts.deciding import decide, first_shift
from rollouts.decision_record import Read, decision_records, queries_of, summary_of
from rollouts.decisions import Decision
from rollouts.instants import show_instant
from rollouts.judge_state import State, fresh_state, read_state, state_of
from rollouts.judging import advance, conclude
from rollouts.pacing import slowed
from rollouts.policy import ServiceRef
from rollouts.probing import interval_of
from rollouts.record import Rollout
from rollouts.requests import StepRequest, parse_step
from rollouts.rolling_back import arrived
from rollouts.seen import ServiceSeen
from rollouts.stopping import driven, undisturbed
from rollouts.telling import due, note
from rollouts.usual import KEY as USUAL
from rollouts.usual import measured, show_usual
from rollouts.verdict import Verdict


def handle(request: StepRequest, world: World) -> dict[str, Any]:
    """Answer hold, shift, promote, roll_back or stop, with the verdict and what it stands on."""
    target = find_target(world, request.driver.service, request.driver.target)
    seen = world.services.read(target.ref)
    rollout = driven(seen, request.driver)
    if isinstance(rollout, Stop):
        return _ended(rollout, seen, world)
    if seen.unexplained():
        acted = act(
            world,
            target.ref,
            lambda fresh: _disturbed(fresh, request, world),
            driver=request.driver.execution,
        )
        return answered(acted.action, acted.rollout)
    if not rollout.shifts:
        return answered(first_shift(rollout), rollout)
    return _judged(request, seen, rollout, target.ref, world)


def _judged(
    request: StepRequest, seen: ServiceSeen, rollout: Rollout, ref: ServiceRef, world: World
) -> dict[str, Any]:
    """Look at both signals, judge, write down what a person should know, answer."""
    now = world.clock.now()
    before = read_state(request.state, rollout, now) or fresh_state(
        rollout, request.state, affinity=seen.session_affinity
    )
    looked = _look(world, ref, rollout, now, before)
    tally = advance(before.tally, looked.intervals)
    verdict = conclude(tally)
    action = decide(rollout, verdict, now)
    if isinstance(action, Hold):
        action = slowed(action, looked.slow_until, now)
    told = _read(looked, before.decision, affinity=tally.affinity)
    decision = _record(rollout, told, verdict, action, now)
    if due(rollout, verdict, action, now):
        acted = act(
            world,
            ref,
            lambda seen: note(seen, request.driver, verdict, now, decision),
            driver=request.driver.execution,
        )
        action, rollout = acted.action, acted.rollout or rollout
    answer = answered(
        action,
        rollout,
        verdict=verdict.as_json(),
        notes=list(looked.notes),
        state=state_of(State(decision["id"], tally, looked.kept), rollout),
    )
    # A verdict grows old on the way: who acts on it asks how old it is, and tells of it.
    answer["action"] |= {"decided_at": show_instant(now), "decision": decision}
    usual = measured(tally.past, tally.rate)
    if usual:
        answer["action"][USUAL] = show_usual(usual)
    return answer


def _look(world: World, ref: ServiceRef, rollout: Rollout, now: dt.datetime, before: State) -> Look:
    """Read what is new since the look before."""
    return look(
        world,
        ref,
        rollout,
        now,
        before.kept,
        before.tally.unseen_intervals,
        in_flight=True,
        probed=interval_of(rollout.probed) if rollout.probed else None,
    )


def _record(
    rollout: Rollout, told: Read, verdict: Verdict, action: Action, now: dt.datetime
) -> dict[str, Any]:
    """Leave the decision's records in the log; return what events tell of it."""
    records = decision_records(rollout, told, verdict, action, now)
    for record in records:
        log_text("INFO", "verdict.reached", record.text)
    return summary_of(records[-1].id, verdict)


def _read(looked: Look, before: str, *, affinity: bool) -> Read:
    signals = looked.signals
    return Read(
        looked.intervals,
        signals.visible_until,
        signals.log_until,
        queries_of(signals, looked.asked),
        looked.notes,
        affinity=affinity,
        before=before,
    )


def _disturbed(fresh: ServiceSeen, request: StepRequest, world: World) -> Decision:
    """Stop, if what was seen a moment ago still holds."""
    found = undisturbed(fresh, request.driver, world.clock.now())
    if isinstance(found, Decision):
        return found
    return Decision(Hold(1, "the service changed back while it was looked at", "data"))


def _ended(stop: Stop, seen: ServiceSeen, world: World) -> dict[str, Any]:
    """Look whether a rollback has arrived; every other end is told as it is."""
    rollout = seen.record.rollout
    if stop.outcome != "rolled_back" or rollout is None:
        return answered(stop, rollout)
    decision = arrived(seen, rollout, world.clock.now())
    tell(world, decision.notices)
    return answered(decision.action, rollout)


@functions_framework.http
def check_metrics(request: flask.Request) -> Answer:
    """Entry point: HTTP from the workflow."""
    return respond("check_metrics", request, parse_step, handle, world)
