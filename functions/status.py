"""status: what goes on now, in every target or in one. Changes nothing."""

from dataclasses import dataclass
from typing import Any

import flask
import functions_framework

from gcp.acting import summary
from gcp.edge import Answer, respond
from gcp.looking import look
from gcp.ports import World
from gcp.world import world
from rollouts.approving import gate
from rollouts.deadline import asked, ends_at
from rollouts.deciding import decide
from rollouts.errors import BarqError
from rollouts.freezing import Closed, closed
from rollouts.instants import show_instant
from rollouts.judging import judge
from rollouts.policy import Service, Target
from rollouts.probing import interval_of
from rollouts.record import Rollout
from rollouts.requests import Reader, read_name
from rollouts.seen import ServiceSeen, image_served


@dataclass(frozen=True, slots=True)
class StatusRequest:
    service: str
    """Empty: every service."""
    target: str
    """Empty: every target."""


def parse(document: Any) -> StatusRequest:
    given = document or {}
    reader = Reader(given, "status")
    names = {
        key: read_name(reader, key, example) if isinstance(given, dict) and given.get(key) else ""
        for key, example in (("service", "api"), ("target", "production"))
    }
    reader.done()
    return StatusRequest(**names)


def handle(request: StatusRequest, world: World) -> dict[str, Any]:
    """Answer with a line of facts for each target asked for."""
    found = [
        _one(service, target, world)
        for service in world.delivery.services
        for target in service.targets
        if request.service in ("", service.name) and request.target in ("", target.name)
    ]
    return {"kind": "status", "at": show_instant(world.clock.now()), "targets": found}


def _one(service: Service, target: Target, world: World) -> dict[str, Any]:
    head = {
        "service": service.name,
        "target": target.name,
        "where": str(target.ref),
        "repository": service.image,
        "branches": list(service.branches),
        "registry_events": any(
            one.registry_events for one in world.delivery.services if one.image == service.image
        ),
        "last": target == service.targets[-1],
    }
    try:
        seen = world.services.read(target.ref)
        return {**head, **_facts(seen, target, world)}
    except BarqError as error:
        return {**head, "error": error.message}


def _facts(seen: ServiceSeen, target: Target, world: World) -> dict[str, Any]:
    rollout = seen.record.rollout
    now = world.clock.now()
    line = closed(target, now)
    facts: dict[str, Any] = {
        "closed": line.because if line else "",
        "split": seen.shares,
        "served": seen.served_shares,
        "differs": seen.unexplained() if rollout and not rollout.ended else "",
        "url": seen.url,
        "image": image_served(seen),
        "refused": [one.digest for one in seen.record.refused],
        "rollout": summary(rollout),
        "digest": rollout.digest if rollout else "",
        "source": rollout.build.source if rollout else "",
        "ended": show_instant(rollout.ended_at) if rollout and rollout.ended_at else None,
        "ended_by": rollout.ended_by if rollout else "",
    }
    if rollout is None or rollout.ended:
        return facts
    facts |= {
        "execution": rollout.execution,
        "step": f"{len(rollout.shifts)} of {len(rollout.steps)}",
        "shifts": [{"at": show_instant(one.at), "percent": one.percent} for one in rollout.shifts],
        "verified": rollout.verified,
    }
    affinity = seen.session_affinity
    if rollout.shifts:
        facts |= _evidence(rollout, target, world, affinity=affinity)
        due = facts["next"]["kind"] == "shift"
    else:
        facts |= _waiting(rollout)
        due = rollout.state == "verified" and gate(seen, rollout, now) is None
    return facts | (_frozen(rollout, line) if due else {})


def _frozen(rollout: Rollout, line: Closed | None) -> dict[str, Any]:
    """Say that a share that is due waits for a closed line."""
    if line is None or rollout.override_freeze:
        return {}
    return {
        "waits_for": "freeze",
        "until": show_instant(line.until) if line.until else None,
        "frozen": line.because,
    }


def _waiting(rollout: Rollout) -> dict[str, Any]:
    approval = rollout.approval
    if approval is None:
        return {"waits_for": "revision" if rollout.state == "deploying" else "smoke_test"}
    return {
        "waits_for": "approval" if not approval.decision else "traffic",
        "until": show_instant(approval.expires_at),
        "approval": approval.decision,
        "by": approval.by,
    }


def _evidence(rollout: Rollout, target: Target, world: World, *, affinity: bool) -> dict[str, Any]:
    """Judge the whole history afresh: the state of the looks travels in the workflow alone."""
    now = world.clock.now()
    probed = interval_of(rollout.probed) if rollout.probed else None
    looked = look(world, target.ref, rollout, now, in_flight=True, probed=probed)
    verdict = judge(looked.intervals, rollout.policy, now, affinity=affinity)
    action, approval = decide(rollout, verdict, now), asked(rollout)
    facts = {
        "waits_for": "approval" if approval else "data",
        "verdict": verdict.as_json(),
        "next": action.as_json(),
        "deadline": show_instant(ends_at(rollout, verdict)),
        "notes": list(looked.notes),
    }
    return facts | ({"until": show_instant(approval.expires_at)} if approval else {})


@functions_framework.http
def status(request: flask.Request) -> Answer:
    """Entry point: HTTP from the workflow, or from a person with the right to call it."""
    return respond("status", request, parse, handle, world)
