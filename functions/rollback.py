"""rollback: stable gets everything, by one read and one write. For the workflow, and for alerts.

Nothing heavy is imported here: this function starts cold in a bad moment. Events, notices and
wake-ups come after the write and cannot fail it.
"""

import base64
from collections.abc import Callable
from typing import Any

import flask
import functions_framework
from cloudevents.http import CloudEvent

from gcp.acting import act, answered, find_target
from gcp.edge import Answer, respond
from gcp.log import log
from gcp.looking import roles
from gcp.ports import World
from gcp.world import lean_world
from rollouts.actions import Stop
from rollouts.blame import Blame, excused, look_since, named_target, suspect, weigh
from rollouts.decisions import Decision
from rollouts.errors import BadInput, BarqError
from rollouts.incidents import Incident, parse_incident
from rollouts.policy import ServiceRef
from rollouts.requests import StepRequest, decision_of, parse_step
from rollouts.rolling_back import Ask, roll_back, take_back
from rollouts.seen import ServiceSeen


def handle(request: StepRequest, world: World) -> dict[str, Any]:
    """Roll back for the driving execution, or at a person's word."""
    target = find_target(world, request.driver.service, request.driver.target)
    by_hand = request.by_hand
    decided = str(request.action.get("because", "the workflow could not go on"))
    ask = Ask(
        because=f"rolled back by {request.by}: {request.reason}" if by_hand else decided,
        refuse=by_hand or bool(request.action.get("refuse", False)),
        by=request.by if by_hand else "",
        by_hand=by_hand,
        execution=request.driver.execution,
        rollout=request.rollout,
        decision=None if by_hand else decision_of(request.action),
    )

    def decide(seen: ServiceSeen) -> Decision:
        return roll_back(seen, ask, world.clock.now())

    acted = act(world, target.ref, decide, driver=request.driver.execution)
    return answered(acted.action, acted.rollout)


def handle_alert(data: bytes, world: World) -> Blame:
    """Act on an alert, if it names a target of ours and the canary is to blame.

    Raises Transient errors for another delivery; everything else is settled here, and a
    message that is no incident raises BadInput.
    """
    incident = parse_incident(data)
    named = named_target(incident, world.delivery)
    if named is None:
        return Blame(False, "it names no target of delivery.yaml")
    ref = named[1].ref
    found: list[Blame] = []

    def decide(seen: ServiceSeen) -> Decision:
        blame = _blame(incident, seen, ref, world)
        found.append(blame)
        if not blame.guilty:
            return Decision(Stop("unchanged", blame.because))
        ask = Ask(blame.because, refuse=True, by="alert")
        act_on = roll_back if suspect(incident, seen.record) is seen.record.rollout else take_back
        return act_on(seen, ask, world.clock.now())

    act(world, ref, decide)
    return found[-1]


def _blame(incident: Incident, seen: ServiceSeen, ref: ServiceRef, world: World) -> Blame:
    now = world.clock.now()
    rollout = suspect(incident, seen.record)
    excuse = excused(incident, rollout, now)
    if excuse or rollout is None:
        return Blame(False, excuse)
    since = look_since(rollout, now)
    read = world.request_log.bad_requests(ref, roles(rollout), since, now)
    return weigh(incident, rollout, read.bad)


@functions_framework.http
def rollback(request: flask.Request) -> Answer:
    """Entry point: HTTP from the workflow."""
    return respond("rollback", request, parse_step, handle, lean_world)


@functions_framework.cloud_event
def on_alert(event: CloudEvent) -> None:
    """Entry point: the alert topic, pushed."""
    take(event, lean_world)


def take(event: CloudEvent, world: Callable[[], World], note: Callable[..., None] = log) -> None:
    """Settle one delivery of an alert.

    Returning acknowledges the message; raising makes Pub/Sub deliver it again: for what another
    delivery may cure, and for a mistake of our own. What is no message at all is dropped.
    """
    try:
        data = base64.b64decode(event.data["message"]["data"], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        note("WARNING", "alert.rejected", because=f"no Pub/Sub message ({type(error).__name__})")
        return
    try:
        blame = handle_alert(data, world())
    except BadInput as error:
        note("WARNING", "alert.rejected", because=error.message)
        return
    except BarqError as error:
        if error.http_status >= 500:  # noqa: PLR2004
            raise
        note("ERROR", "alert.failed", because=error.message, hint=error.hint)
        return
    event_name = "alert.acted_on" if blame.guilty else "alert.ignored"
    note("INFO", event_name, because=blame.because)
