"""plan: what the workflow was started with -> what to do. Changes nothing.

Reads delivery.yaml and, for an event, each target's record. Never touches traffic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flask
import functions_framework

from gcp.acting import find_target, tell
from gcp.edge import Answer, respond
from gcp.log import log
from gcp.ports import World
from gcp.world import world
from rollouts.announcements import parse_announcement
from rollouts.errors import Missing
from rollouts.notices import Notice
from rollouts.planning import Call, Deliver, Ignore, choose, overtaken, settle
from rollouts.record import EMPTY, Record
from rollouts.requests import EXECUTION, NO_ROLLOUT, Reader


@dataclass(frozen=True, slots=True)
class PlanRequest:
    execution: str
    callback: str
    argument: Any


def parse(document: Any) -> PlanRequest:
    """Read the request: the workflow's argument as it came, and who runs."""
    reader = Reader(document, "plan")
    example = "projects/P/locations/L/workflows/rollout/executions/E"
    execution = reader.text("execution", "an execution's full name", example, EXECUTION)
    callback = reader.words("callback")
    reader.done()
    return PlanRequest(execution, callback, document.get("argument"))


def handle(request: PlanRequest, world: World) -> dict[str, Any]:
    """Answer with `ignore`, `call` or `deliver`, ready to be posted on by the workflow."""
    chosen = choose(parse_announcement(request.argument), world.delivery)
    if isinstance(chosen, Deliver) and chosen.left_out:
        log("WARNING", "delivery.left_out", delivers=chosen.service.name, left_out=chosen.left_out)
    if isinstance(chosen, Deliver) and chosen.automatic:
        records = [_record(world, target.ref) for target in chosen.targets]
        settled = settle(chosen, records)
        if isinstance(settled, Ignore):
            _tell_late(chosen, records, world)
        chosen = settled
    answer = chosen.as_json()
    driver = {"execution": request.execution, "callback": request.callback}
    if isinstance(chosen, Deliver):
        answer["rollouts"] = [{**driver, **one} for one in answer["rollouts"]]
    if isinstance(chosen, Call):
        by = f"execution {request.execution.rsplit('/', 1)[-1]}"
        answer["body"] = {**driver, "by": by, **_meant(chosen, world), **answer["body"]}
    return answer


def _tell_late(late: Deliver, records: Sequence[Record], world: World) -> None:
    """Tell that a build came after a newer one; a build that was acted on is no news."""
    for record in records:
        because = overtaken(record, late.build)
        if because and record.rollout and late.build.id not in record.acted_on:
            percent = record.rollout.percent
            now = world.clock.now()
            notice = Notice("delivery.ignored", now, record.rollout, because, percent, percent)
            tell(world, (notice,))
            return


def _meant(call: Call, world: World) -> dict[str, Any]:
    """Name the rollout that a person means: the one on record now, and none that comes later.

    `NO_ROLLOUT` where there is none.
    """
    if call.function not in ("rollback", "shift_traffic", "approve"):
        return {}
    target = find_target(world, call.body["service"], call.body["target"])
    rollout = _record(world, target.ref).rollout
    return {"rollout": rollout.id if rollout else NO_ROLLOUT}


def _record(world: World, ref: Any) -> Record:
    try:
        return world.services.read(ref).record
    except Missing:
        return EMPTY  # `deploy` says which service is missing, when its turn comes.


@functions_framework.http
def plan(request: flask.Request) -> Answer:
    """Entry point: HTTP from the workflow."""
    return respond("plan", request, parse, handle, world)
