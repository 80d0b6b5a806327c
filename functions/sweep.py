"""sweep: the dead man's switch. Every minute it looks for rollouts that nobody drives any more.

Walks the targets of delivery.yaml, one read each, and puts stable back or tells a person. What
it finds is decided in `rollouts/sweeping.py`. Safe at any time and twice at once.
"""

import datetime as dt
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import flask
import functions_framework

from gcp.acting import act
from gcp.edge import Answer, respond
from gcp.log import Severity, log
from gcp.ports import World
from gcp.world import world
from rollouts.decisions import Decision
from rollouts.errors import BarqError, Missing, Transient
from rollouts.freezing import closed
from rollouts.grid import EPOCH
from rollouts.instants import show_instant
from rollouts.policy import Target
from rollouts.requests import Reader, read_name
from rollouts.seen import ServiceSeen
from rollouts.sweeping import SweepFacts, Swept
from rollouts.sweeping import sweep as decide_sweep

BUDGET: Final = dt.timedelta(seconds=240)
"""No target is begun later: the function itself has 300 s, and the next minute comes anyway."""
GOLDEN: Final = 0.6180339887498949
_MINUTE: Final = dt.timedelta(minutes=1)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SweepRequest:
    service: str
    """Empty: every service."""
    target: str
    """Empty: every target."""


def parse(document: Any) -> SweepRequest:
    reader = Reader(document or {}, "sweep")
    names = {
        key: read_name(reader, key, example) if reader.given(key) else ""
        for key, example in (("service", "api"), ("target", "production"))
    }
    reader.done()
    return SweepRequest(**names)


def handle(request: SweepRequest, world: World) -> dict[str, Any]:
    """Sweep each target asked for, as long as there is time; say what was found and what is left.

    One that cannot be read or written keeps nobody from the others.
    """
    began = world.clock.now()
    asked = [
        (service.name, target)
        for service in world.delivery.services
        for target in service.targets
        if request.service in ("", service.name) and request.target in ("", target.name)
    ]
    if not asked:
        raise Missing(f"no target of delivery.yaml is {request.service}/{request.target}")
    told: dict[str, list[Any]] = {"findings": [], "failed": [], "left": []}
    for service, target in in_turn(asked, began):
        if world.clock.now() - began >= BUDGET:
            told["left"].append(f"{service}/{target.name}")
            continue
        kind, facts = _one(service, target, world)
        told[kind] += [facts] if facts else []
    if told["left"]:
        log("WARNING", "sweep.broke_off", left=told["left"], because="the time was over")
    swept = len(asked) - len(told["left"])
    return {"kind": "swept", "at": show_instant(began), "targets": swept, **told}


def in_turn(found: Sequence[T], now: dt.datetime) -> list[T]:
    """Return all of them, from another one on each minute, so that nobody is always the last.

    Steps of the golden ratio spread the beginnings evenly, however many there are.
    """
    minute = (now - EPOCH) // _MINUTE
    first = int(minute * GOLDEN % 1 * len(found))
    return [*found[first:], *found[:first]]


def _one(service: str, target: Target, world: World) -> tuple[str, dict[str, Any]]:
    """Sweep one target; return what becomes of it in the answer, empty facts where all is well."""
    head = {"service": service, "target": target.name}
    swept: list[Swept] = []

    def decide(seen: ServiceSeen) -> Decision:
        now = world.clock.now()
        facts = replace(_facts(seen, world), closed=closed(target, now) is not None)
        swept.append(decide_sweep(seen, facts, now))
        return swept[-1].decision

    try:
        acted = act(world, target.ref, decide)
    except BarqError as error:
        severity: Severity = "WARNING" if isinstance(error, Transient) else "ERROR"
        log(severity, "sweep.failed", **head, because=error.message, hint=error.hint)
        return "failed", {**head, "because": error.message}
    except Exception as error:  # noqa: BLE001 - the others must not suffer; a person must act.
        because, trace = type(error).__name__, traceback.format_exc()
        log("ERROR", "sweep.failed", **head, because=because, traceback=trace)
        return "failed", {**head, "because": f"a mistake of Barq's own ({because})"}
    finding = swept[-1].finding
    if finding is None:
        return "findings", {}
    facts = {
        **head,
        "rollout": acted.rollout.id if acted.rollout else None,
        "finding": finding.kind,
        "done": finding.done,
        "because": finding.because,
    }
    log("ERROR" if finding.page else "WARNING", "sweep.found", **facts)
    return "findings", facts


def _facts(seen: ServiceSeen, world: World) -> SweepFacts:
    """Ask after the executions that the record names. Read after the service, never before it.

    An execution ends after its last write. Asked earlier, one that has just written and ended
    would seem gone from a rollout that it left in order; now that write is a conflict.
    """
    rollout, waiting = seen.record.rollout, seen.record.waiting
    facts = SweepFacts()
    if rollout is not None and not rollout.ended:
        facts = _alive(rollout.execution, world)
    if waiting is not None:
        facts = replace(facts, waiting_alive=_alive(waiting.execution, world).alive)
    return facts


def _alive(execution: str, world: World) -> SweepFacts:
    """Return whether an execution lives, or why nobody can tell."""
    try:
        return SweepFacts(world.executions.alive(execution))
    except BarqError as error:
        lasting = not isinstance(error, Transient)
        return SweepFacts(None, error.message, lasting)


@functions_framework.http
def sweep(request: flask.Request) -> Answer:
    """Entry point: HTTP from Cloud Scheduler, or from a person with the right to call it."""
    return respond("sweep", request, parse, handle, world)
