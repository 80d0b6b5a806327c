"""check_metrics: reads the signals, judges the whole rollout, answers with one action.

Writes nothing to the service: a hold costs no write, and what was decided is written by who
acts on it. Each look leaves a decision record in the log.
"""

from typing import Any

import flask
import functions_framework

from gcp.acting import act, action_only, answered, find_target, tell
from gcp.edge import Answer, respond
from gcp.log import log
from gcp.looking import look
from gcp.ports import World
from gcp.world import world
from rollouts.actions import Stop
from rollouts.deciding import decide, first_shift
from rollouts.decision_record import decision_record
from rollouts.judging import judge
from rollouts.requests import StepRequest, parse_step
from rollouts.rolling_back import arrived
from rollouts.seen import ServiceSeen
from rollouts.stopping import driven, foreign_stop


def handle(request: StepRequest, world: World) -> dict[str, Any]:
    """Answer hold, shift, promote, roll_back or stop, with the verdict and what it stands on."""
    target = find_target(world, request.driver.service, request.driver.target)
    seen = world.services.read(target.ref)
    rollout = driven(seen, request.driver)
    if isinstance(rollout, Stop):
        return _ended(rollout, seen, world)
    if seen.unexplained():
        decision = act(
            world,
            target.ref,
            lambda fresh: foreign_stop(fresh, rollout, fresh.unexplained(), world.clock.now()),
        )
        return answered(decision, rollout)
    if not rollout.shifts:
        return action_only(first_shift(rollout), rollout)
    now = world.clock.now()
    signals, intervals = look(world, target.ref, rollout, now)
    verdict = judge(intervals, rollout.policy, now)
    action = decide(rollout, verdict, now)
    before = request.state.get("decision", "")
    document = decision_record(
        rollout, signals, intervals, verdict, action, now, before=str(before)
    )
    log("INFO", "verdict.reached", **document)
    return action_only(
        action,
        rollout,
        verdict=verdict.as_json(),
        notes=list(signals.notes),
        state={"decision": document["id"]},
    )


def _ended(stop: Stop, seen: ServiceSeen, world: World) -> dict[str, Any]:
    """Look whether a rollback has arrived; every other end is told as it is."""
    rollout = seen.record.rollout
    if stop.outcome != "rolled_back" or rollout is None:
        return action_only(stop, rollout)
    decision = arrived(seen, rollout, world.clock.now())
    tell(world, decision.notices)
    return answered(decision, rollout)


@functions_framework.http
def check_metrics(request: flask.Request) -> Answer:
    """Entry point: HTTP from the workflow."""
    return respond("check_metrics", request, parse_step, handle, world)
