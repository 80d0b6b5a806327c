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
from gcp.log import log
from gcp.looking import look
from gcp.ports import World
from gcp.world import world
from rollouts.actions import Hold, Stop
from rollouts.deciding import decide, first_shift
from rollouts.decision_record import decision_record
from rollouts.decisions import Decision
from rollouts.instants import parse_instant, show_instant
from rollouts.judging import judge
from rollouts.requests import StepRequest, parse_step
from rollouts.rolling_back import arrived
from rollouts.seen import ServiceSeen
from rollouts.stopping import driven, undisturbed
from rollouts.telling import due, note


def handle(request: StepRequest, world: World) -> dict[str, Any]:
    """Answer hold, shift, promote, roll_back or stop, with the verdict and what it stands on."""
    target = find_target(world, request.driver.service, request.driver.target)
    seen = world.services.read(target.ref)
    rollout = driven(seen, request.driver)
    if isinstance(rollout, Stop):
        return _ended(rollout, seen, world)
    if seen.unexplained():
        acted = act(world, target.ref, lambda fresh: _disturbed(fresh, request, world))
        return answered(acted.action, acted.rollout)
    if not rollout.shifts:
        return answered(first_shift(rollout), rollout)
    now = world.clock.now()
    signals, intervals = look(world, target.ref, rollout, now)
    verdict = judge(intervals, rollout.policy, now)
    action = decide(rollout, verdict, now)
    if due(rollout, verdict, action, now):
        acted = act(world, target.ref, lambda fresh: note(fresh, request.driver, verdict, now))
        action, rollout = acted.action, acted.rollout or rollout
    before, told_until = _before(request)
    document = decision_record(
        rollout, signals, intervals, verdict, action, now, before=before, told_until=told_until
    )
    log("INFO", "verdict.reached", **document)
    answer = answered(
        action,
        rollout,
        verdict=verdict.as_json(),
        notes=list(signals.notes),
        state={"decision": document["id"], "told_until": document["visible_until"]},
    )
    # A verdict grows old on the way: who acts on it asks how old it is.
    answer["action"]["decided_at"] = show_instant(now)
    return answer


def _before(request: StepRequest) -> tuple[str, dt.datetime | None]:
    """Return which decision came before and what it told; a state that got lost begins anew."""
    try:
        return str(request.state["decision"]), parse_instant(request.state["told_until"])
    except (KeyError, ValueError):
        return "", None


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
