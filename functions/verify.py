"""verify: smoke tests on the canary's tag URL, before any user meets it. Also on the live URL."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import flask
import functions_framework

from gcp.acting import act, answered, find_target
from gcp.edge import Answer, respond
from gcp.ports import World
from gcp.world import world
from rollouts.actions import Hold, RollBack, Stop
from rollouts.claiming import READY_POLL_SECONDS
from rollouts.deciding import first_shift
from rollouts.durations import show_duration
from rollouts.policy import Smoke
from rollouts.record import Rollout
from rollouts.requests import StepRequest, parse_step
from rollouts.seen import ServiceSeen
from rollouts.shifting import verified
from rollouts.smoke import Tested, failures, passed_line, wrong_with
from rollouts.stopping import driven
from rollouts.traffic import CANARY_TAG, tag_url

NOT_THE_IMAGES: Final = (None, 401, 403)
"""No answer, and what Cloud Run answers to a caller without the right to invoke."""


def handle(request: StepRequest, world: World) -> dict[str, Any]:
    """One round of smoke tests a call; the number of rounds so far travels in `state`."""
    target = find_target(world, request.driver.service, request.driver.target)
    seen = world.services.read(target.ref)
    if request.by_hand:
        return _live(seen, target.policy.verify, world)
    rollout = driven(seen, request.driver)
    if isinstance(rollout, Stop):
        return answered(rollout, seen.record.rollout)
    if rollout.state != "deployed":
        return answered(first_shift(rollout), rollout)
    smoke = rollout.policy.verify
    url = _canary_url(seen, rollout)
    if smoke.paths and url is None:
        return answered(_without_url(rollout, world.clock.now()), rollout)
    found = [_get(str(url), path, seen, smoke, world) for path in smoke.paths]
    wrong = failures(found, smoke)
    if wrong:
        return _again(request, smoke, found, seen)
    line = passed_line(found)
    acted = act(world, target.ref, lambda fresh: verified(fresh, request, line, world.clock.now()))
    return answered(acted.action, acted.rollout)


def _again(
    request: StepRequest, smoke: Smoke, found: Sequence[Tested], seen: ServiceSeen
) -> dict[str, Any]:
    wrong = failures(found, smoke)
    done = request.state.get("attempts", 0)
    attempts = (done if isinstance(done, int) else 0) + 1
    rollout = seen.record.rollout
    if attempts >= smoke.attempts:
        because = f"smoke tests failed {attempts} times: {wrong}"
        if all(_untested(one, smoke) for one in found):
            because = f"Barq could not test the canary, {attempts} times: {wrong}"
            return answered(RollBack(because, refuse=False), rollout)
        return answered(RollBack(because), rollout)
    wait = max(1, int(smoke.every.total_seconds()))
    hold = Hold(wait, f"smoke test {attempts} of {smoke.attempts}: {wrong}", "smoke_test")
    return answered(hold, rollout, state={"attempts": attempts})


def _untested(tested: Tested, smoke: Smoke) -> bool:
    """Whether it may never have reached the image: Barq's own way there, or right, may be missing.

    One path that is answered otherwise proves that there is a way, and the rest speaks against
    the image.
    """
    return bool(wrong_with(tested, smoke)) and tested.status in NOT_THE_IMAGES


def _canary_url(seen: ServiceSeen, rollout: Rollout) -> str | None:
    """Return the tag's URL once it leads to this canary: an earlier one may still be served."""
    return tag_url((one for one in seen.served if one.revision == rollout.canary), CANARY_TAG)


def _without_url(rollout: Rollout, now: dt.datetime) -> Hold | RollBack:
    """Wait for the platform. That it is slow says nothing against the image."""
    until = rollout.claimed_at + rollout.policy.ready_within
    because = f"the tag {CANARY_TAG} does not lead to {rollout.canary} yet"
    if now < until:
        return Hold(READY_POLL_SECONDS, because, "traffic", until)
    allowed = show_duration(rollout.policy.ready_within)
    return RollBack(f"{because}, {allowed} after the rollout began", refuse=False)


def _get(url: str, path: str, seen: ServiceSeen, smoke: Smoke, world: World) -> Tested:
    return world.prober.get(url, path, audience=seen.url, timeout=smoke.latency_max * 2)


def _live(seen: ServiceSeen, smoke: Smoke, world: World) -> dict[str, Any]:
    found = [_get(seen.url, path, seen, smoke, world) for path in smoke.paths]
    wrong = failures(found, smoke)
    because = wrong or passed_line(found)
    outcome: Any = "stopped" if wrong else "passed"
    return answered(Stop(outcome, f"{seen.url}: {because}"), seen.record.rollout)


@functions_framework.http
def verify(request: flask.Request) -> Answer:
    """Entry point: HTTP from the workflow."""
    return respond("verify", request, parse_step, handle, world)
