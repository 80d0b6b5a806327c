"""shift_traffic: gives the canary the share of its next step, promotes it, or stops for a person.

Gates come first; every write is a compare-and-swap. Never takes traffic from stable unasked.
"""

from typing import Any

import flask
import functions_framework

from gcp.acting import act, answered, find_target
from gcp.edge import Answer, respond
from gcp.ports import World
from gcp.world import world
from rollouts.decisions import Decision
from rollouts.errors import BadInput
from rollouts.freezing import closed
from rollouts.requests import StepRequest, parse_step, reason_of, shown
from rollouts.seen import ServiceSeen
from rollouts.shifting import promote, shift
from rollouts.stopping import stop_by_hand


def handle(request: StepRequest, world: World) -> dict[str, Any]:
    """Do what `request.action` asks for, if it is still due."""
    target = find_target(world, request.driver.service, request.driver.target)
    kind = request.action.get("kind")
    if kind not in ("shift", "promote", "stop"):
        raise BadInput(f"action.kind is {shown(kind)}: must be shift, promote or stop.")
    if kind == "stop":
        reason_of(request, "stop")

    def decide(seen: ServiceSeen) -> Decision:
        now = world.clock.now()
        rollout = seen.record.rollout
        if kind == "stop":
            return stop_by_hand(seen, request, now)
        if kind == "promote":
            return promote(seen, request, now)
        canary = None
        if rollout and rollout.execution == request.driver.execution and not rollout.ended:
            canary = world.revisions.read(target.ref, rollout.canary)
        return shift(seen, request, canary, now, closed(target, now))

    acted = act(world, target.ref, decide, driver=request.driver.execution)
    return answered(acted.action, acted.rollout, state=dict(request.state))


@functions_framework.http
def shift_traffic(request: flask.Request) -> Answer:
    """Entry point: HTTP from the workflow."""
    return respond("shift_traffic", request, parse_step, handle, world)
