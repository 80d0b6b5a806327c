"""rollback: stable gets everything, by one read and one write. For the workflow, and for alerts.

Nothing heavy is imported here: this function starts cold in a bad moment. Events, notices and
wake-ups come after the write and cannot fail it.
"""

import base64
import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import flask
import functions_framework
from cloudevents.http import CloudEvent

from gcp.acting import act, answered, find_target
from gcp.edge import Answer, respond
from gcp.log import log
from gcp.ports import LogRead, World
from gcp.world import lean_world
from rollouts.alerting import Settled, excuse, settle
from rollouts.blame import YOUNG, Blame, excused, look_since, roles, suspect, unfit, weigh
from rollouts.common_cause import beside, weighed_beside
from rollouts.decisions import Decision
from rollouts.errors import BadInput, BarqError, Transient
from rollouts.incidents import Incident, parse_incident
from rollouts.named_by_alert import named_target
from rollouts.policy import ServiceRef
from rollouts.record import Rollout
from rollouts.requests import StepRequest, decision_of, parse_step, reason_of
from rollouts.rolling_back import Ask, roll_back
from rollouts.seen import ServiceSeen


def handle(request: StepRequest, world: World) -> dict[str, Any]:
    """Roll back for the driving execution, or at a person's word."""
    target = find_target(world, request.driver.service, request.driver.target)
    by_hand = request.by_hand
    because = str(request.action.get("because", "the workflow could not go on"))
    by = (request.by or "a person") if by_hand else ""
    if by_hand:
        because = f"rolled back by {by}: {reason_of(request, 'roll_back')}"
    ask = Ask(
        because=because,
        refuse=by_hand or bool(request.action.get("refuse", False)),
        by=by,
        by_hand=by_hand,
        execution=request.driver.execution,
        rollout=request.rollout,
        decision=None if by_hand else decision_of(request.action),
    )

    def decide(seen: ServiceSeen) -> Decision:
        return roll_back(seen, ask, world.clock.now())

    acted = act(world, target.ref, decide, driver=request.driver.execution)
    return answered(acted.action, acted.rollout)


def handle_alert(data: bytes, world: World) -> Settled:
    """Act on an alert, if it names a target of ours and the canary is to blame.

    Raises Transient errors for another delivery; everything else is settled here, and a
    message that is no incident raises BadInput.
    """
    incident = parse_incident(data)
    told = Settled("ignored", unfit(incident), incident.id, incident.policy)
    named = named_target(incident, world.delivery)
    if named is None:
        return replace(told, because=told.because or "it names no target of delivery.yaml")
    told = replace(told, service=named[0].name, target=named[1].name)
    return told if told.because else _held_against(named[1].ref, incident, told, world)


def _held_against(ref: ServiceRef, incident: Incident, told: Settled, world: World) -> Settled:
    """Hold an incident against the rollout that it may speak of, on each fresh read."""
    settled = told

    def decide(seen: ServiceSeen) -> Decision:
        nonlocal settled
        now = world.clock.now()
        rollout = suspect(incident, seen.record)
        because = excused(incident, rollout, now)
        if because or rollout is None:
            settled = replace(told, because=because, rollout=rollout.id if rollout else "")
            return excuse(rollout, because, now)
        blame = _blame(incident, rollout, seen, world, now)
        if blame.thin and incident.started and now - incident.started < YOUNG:
            raise Transient(f"{blame.because}; weighed again, for the incident is fresh")
        decision, outcome = settle(seen, rollout, blame, now)
        because = blame.because if outcome == "acted_on" else decision.action.because
        settled = replace(told, outcome=outcome, because=because, rollout=rollout.id)
        return decision

    act(world, ref, decide)
    return settled


def _blame(
    incident: Incident, rollout: Rollout, seen: ServiceSeen, world: World, now: dt.datetime
) -> Blame:
    """Read the request log, once, and weigh what it says; a second time for a next canary.

    Raises Transient if the search broke off and what it found is not enough: silence of a log
    that was not read to the end acquits nobody.
    """
    read, since = _log_of(rollout, seen, world, now)
    blame = weigh(incident, rollout, read.bad, since, now, affinity=seen.session_affinity)
    if read.unsearched and not blame.guilty:
        raise Transient(f"{blame.because}, and it was not searched to the end")
    present = beside(seen.record, rollout)
    if present and blame.guilty and blame.alone and not seen.session_affinity:
        return _beside(blame, present, seen, world, now)
    return blame


def _beside(
    blame: Blame, present: Rollout, seen: ServiceSeen, world: World, now: dt.datetime
) -> Blame:
    """Read the log once more, of the canary that serves beside what is blamed."""
    read, since = _log_of(present, seen, world, now)
    if read.unsearched:
        raise Transient(f"{blame.because}, and the log beside it was not searched to the end")
    return weighed_beside(blame, present, read.bad, since, now)


def _log_of(
    rollout: Rollout, seen: ServiceSeen, world: World, now: dt.datetime
) -> tuple[LogRead, dt.datetime]:
    """Return the bad requests of a rollout's roles, and since when all of them are known."""
    since = look_since(rollout, now)
    read = world.request_log.bad_requests(seen.ref, roles(rollout), since, now)
    # Of a page that is full only the newest are known; before them nothing is counted.
    return read, max(since, read.whole_since or since)


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
        settled = handle_alert(data, world())
    except BadInput as error:
        note("WARNING", "alert.rejected", because=error.message)
        return
    except BarqError as error:
        if error.http_status >= 500:  # noqa: PLR2004
            raise
        note("ERROR", "alert.failed", because=error.message, hint=error.hint)
        return
    facts = asdict(settled)
    note("INFO", f"alert.{facts.pop('outcome')}", **facts)
