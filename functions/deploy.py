"""deploy: claims a rollout and brings up its canary at 0 %. Never gives it a request of a user's.

Safe to repeat: the first call writes, later ones look whether the revision is Ready.
"""

from typing import Any

import flask
import functions_framework

from gcp.acting import act, answered, find_target
from gcp.edge import Answer, respond
from gcp.ports import World
from gcp.world import world
from rollouts.claiming import Facts, claim, stable_of
from rollouts.decisions import Decision
from rollouts.following import follow
from rollouts.policy import ServiceRef
from rollouts.record import Rollout
from rollouts.requests import DeployRequest, parse_deploy
from rollouts.seen import RevisionSeen, ServiceSeen


def handle(request: DeployRequest, world: World) -> dict[str, Any]:
    """Answer `hold` until the canary is Ready, then `shift`; `stop` if there is nothing to do."""
    driver = request.driver
    target = find_target(world, driver.service, driver.target)

    def decide(seen: ServiceSeen) -> Decision:
        now = world.clock.now()
        rollout = seen.record.rollout
        if rollout is None or rollout.execution != driver.execution:
            return claim(seen, request, target, _facts(seen, request, world), now)
        canary = None
        if rollout.state == "deploying":
            canary = world.revisions.read(target.ref, rollout.canary)
        matches = _matches(rollout, canary, world)
        again = not request.claimed  # The answer to the claim never came to its driver.
        return follow(seen, rollout, canary, digest_matches=matches, now=now, again=again)

    acted = act(world, target.ref, decide, driver=driver.execution)
    own = acted.rollout if acted.rollout and acted.rollout.execution == driver.execution else None
    return answered(acted.action, acted.rollout, claimed=own.id if own else None)


def _facts(seen: ServiceSeen, request: DeployRequest, world: World) -> Facts:
    rollout, stable = seen.record.rollout, stable_of(seen)
    return Facts(
        stable=_revision(world, seen.ref, stable),
        candidate=_revision(world, seen.ref, request.revision),
        other_driver_alive=(
            rollout is not None and not rollout.ended and world.executions.alive(rollout.execution)
        ),
        driver_alive=world.executions.alive(request.driver.execution),
    )


def _revision(world: World, ref: ServiceRef, name: str | None) -> RevisionSeen | None:
    return world.revisions.read(ref, name) if name else None


def _matches(rollout: Rollout, canary: RevisionSeen | None, world: World) -> bool:
    """Whether what serves is what was announced, or that image index's child."""
    if canary is None or canary.readiness != "ready" or rollout.adopted:
        return True
    if canary.resolved == rollout.digest:
        return True
    return canary.resolved in world.registry.children(rollout.repository, rollout.digest)


@functions_framework.http
def deploy(request: flask.Request) -> Answer:
    """Entry point: HTTP from the workflow."""
    return respond("deploy", request, parse_deploy, handle, world)
