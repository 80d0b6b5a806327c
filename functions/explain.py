"""explain: why a rollout was decided as it was, from the decision records in the log.

Changes nothing. People call it; no workflow does.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import flask
import functions_framework

from gcp.edge import Answer, respond
from gcp.ports import World
from gcp.world import world
from rollouts.errors import Missing
from rollouts.explaining import explain as explained
from rollouts.instants import show_instant
from rollouts.requests import Reader, read_name

_ROLLOUT: Final = re.compile(r"[0-9a-f]{1,64}")


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    rollout: str
    decision: str
    """Empty: the newest, which is the one that ended it if it has ended."""
    service: str
    """Empty: whichever the rollout is of."""
    target: str


def parse(document: Any) -> ExplainRequest:
    reader = Reader(document, "explain")
    rollout = reader.text("rollout", "a rollout's id, as status tells it", "eb06d8ea", _ROLLOUT)
    decision = ""
    if reader.given("decision"):
        rule = "a decision's id, as an event or the log tells it"
        decision = reader.text("decision", rule, "1f0a9c2b7d3e4a56", _ROLLOUT)
    names = {
        key: read_name(reader, key, example) if reader.given(key) else ""
        for key, example in (("service", "api"), ("target", "production"))
    }
    reader.done()
    return ExplainRequest(rollout, decision, **names)


def handle(request: ExplainRequest, world: World) -> dict[str, Any]:
    """Answer with the explanation: `text` for people, the rest for programs."""
    records = [
        one
        for one in world.decisions.records(request.rollout)
        if request.service in ("", one.get("service")) and request.target in ("", one.get("target"))
    ]
    if not records:
        raise Missing(
            f"the log has no decision of rollout {request.rollout}",
            hint="status tells the present rollout's id; the log keeps its lines for a time only",
        )
    found = explained(records, request.decision)
    at = show_instant(world.clock.now())
    return {"kind": "explained", "at": at, "text": found.text, **found.document}


@functions_framework.http
def explain(request: flask.Request) -> Answer:
    """Entry point: HTTP from a person with the right to call it."""
    return respond("explain", request, parse, handle, world)
