"""approve: shows a person what a rollout stands on, and takes a yes or a no.

Lives behind IAM: Cloud Run checks the caller's token before this code runs, so the identity in it
is verified. Behind IAP if IAP_AUDIENCE is set: then it is the identity that IAP signed. The answer
goes into the record first; the wake-up only says "look again".
"""

from dataclasses import dataclass
from typing import Any, Literal

import flask
import functions_framework

from gcp.acting import act, answered, find_target, summary, wake_up
from gcp.caller import Verify, caller_of, verified_by_iap
from gcp.edge import Answer, respond
from gcp.ports import World
from gcp.world import environment, world
from rollouts import approving
from rollouts.decisions import Decision
from rollouts.errors import BadInput
from rollouts.instants import show_instant
from rollouts.requests import Reader, read_name, shown
from rollouts.seen import ServiceSeen


@dataclass(frozen=True, slots=True)
class ApproveRequest:
    service: str
    target: str
    decision: Literal["approve", "deny"] | None
    """None: only show the evidence."""
    reason: str
    by: str
    rollout: str = ""
    """The id of the rollout that was looked at; empty only where nothing is decided."""


def parse(document: Any, caller: str) -> ApproveRequest:
    """Read a request; the caller is never taken from its body alone."""
    reader = Reader(document, "approve")
    decision = document.get("decision") if isinstance(document, dict) else None
    if decision not in ("approve", "deny", None):
        reader.problems.append(f"decision is {shown(decision)}: must be approve or deny.")
    reason, execution = reader.words("reason"), reader.words("by")
    if decision == "deny" and not reason:
        reader.problems.append('reason is missing: deny needs one, such as "not before Monday".')
    rollout = reader.words("rollout")
    if decision is not None and not rollout:
        # A yes that names none would be good for whatever rollout it meets, late or twice.
        reader.problems.append(
            "rollout is missing: must be the id of the rollout that you looked at, such as"
            " 1f0c9a2e; a GET shows it."
        )
    request = ApproveRequest(
        service=read_name(reader, "service", "api"),
        target=read_name(reader, "target", "production"),
        decision=decision,
        reason=reason,
        by=f"{caller} ({execution})" if execution else caller,
        rollout=rollout,
    )
    reader.done()
    return request


def handle(request: ApproveRequest, world: World) -> dict[str, Any]:
    """Take the answer, or show the evidence."""
    target = find_target(world, request.service, request.target)
    if request.decision is None:
        return _evidence(world.services.read(target.ref))
    given = approving.Answer(request.decision, request.by, request.reason, request.rollout)

    def decide(seen: ServiceSeen) -> Decision:
        return approving.answer(seen, given, world.clock.now())

    acted = act(world, target.ref, decide)
    asleep = approving.asleep(acted.action, acted.rollout)
    if asleep:
        wake_up(world, asleep, request.rollout)
    return answered(acted.action, acted.rollout)


def _evidence(seen: ServiceSeen) -> dict[str, Any]:
    rollout = seen.record.rollout
    approval = (rollout.deadline_approval or rollout.approval) if rollout else None
    return {
        "kind": "evidence",
        "rollout": summary(rollout),
        "image": f"{rollout.repository}@{rollout.digest}" if rollout else None,
        "source": rollout.build.source if rollout else None,
        "verified": rollout.verified if rollout else None,
        "steps": list(rollout.steps) if rollout else None,
        "verdict": rollout.verdict if rollout else None,
        "waits": bool(approval and not approval.decision and rollout and not rollout.ended),
        "expires": show_instant(approval.expires_at) if approval else None,
        "decision": approval.decision if approval else None,
        "by": approval.by if approval else None,
    }


def read(
    request: flask.Request,
    document: Any,
    iap_audience: str | None = None,
    verify: Verify = verified_by_iap,
) -> ApproveRequest:
    """Read a request as it came. A link that someone follows, or a chat unfurls, never decides."""
    audience = environment().optional("IAP_AUDIENCE") if iap_audience is None else iap_audience
    caller = caller_of(request.headers, audience, verify)
    if request.method == "GET":
        if "decision" in request.args:
            raise BadInput("approve: a GET only shows, nothing was decided: decide with POST.")
        return parse(dict(request.args), caller)
    if request.method != "POST":
        raise BadInput(f"approve: a {request.method} does nothing: GET shows, POST decides.")
    if audience and not request.is_json:
        # IAP knows a browser by its cookie, and any page can have a browser post a plain form.
        raise BadInput("approve: Content-Type must be application/json, nothing was decided.")
    if isinstance(document, dict) and document.get("decision") is None:
        raise BadInput("approve: decision is missing: must be approve or deny.")
    return parse(document, caller)


@functions_framework.http
def approve(request: flask.Request) -> Answer:
    """Entry point: GET shows, POST decides; behind IAM, or IAP if IAP_AUDIENCE is set."""
    return respond("approve", request, lambda document: read(request, document), handle, world)
