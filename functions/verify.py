"""verify: smoke tests on the canary's tag URL, before any user meets it. Also on the live URL.

Then, where the policy asks for them, probes: requests to the canary and to stable in pairs.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import flask
import functions_framework

from gcp.acting import act, answered, find_target
from gcp.edge import Answer, respond
from gcp.ports import World
from gcp.world import world
from rollouts.actions import Hold, RollBack, Stop
from rollouts.deciding import first_shift
from rollouts.decisions import Decision
from rollouts.durations import show_duration
from rollouts.following import READY_POLL_SECONDS
from rollouts.policy import ServiceRef, Smoke
from rollouts.probing import (
    PAIRS_A_ROUND,
    ROUND_MAX,
    Sent,
    counted,
    hindered,
    line_of,
    note_against,
    order_of,
    path_of,
    probed_of,
    sent_before,
    speaks_against,
    taken_back,
    timeout_of,
)
from rollouts.record import Probed, Rollout
from rollouts.requests import StepRequest, parse_step
from rollouts.seen import ServiceSeen
from rollouts.shifting import verified
from rollouts.smoke import Tested, failed_paths, failures, passed_line, wrong_with
from rollouts.stopping import driven
from rollouts.traffic import CANARY_TAG, tag_url

NOT_THE_IMAGES: Final = (None, 401, 403)
"""No answer, and what Cloud Run answers to a caller without the right to invoke."""
PROBE_SECONDS: Final = 1
"""Between two rounds of probes."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One call for a rollout that is to be verified."""

    request: StepRequest
    world: World
    ref: ServiceRef
    seen: ServiceSeen
    rollout: Rollout


def handle(request: StepRequest, world: World) -> dict[str, Any]:
    """One round of smoke tests or of probes a call; how far they are travels in `state`."""
    target = find_target(world, request.driver.service, request.driver.target)
    seen = world.services.read(target.ref)
    if request.by_hand:
        return _live(seen, target.policy.verify, world)
    rollout = driven(seen, request.driver)
    if isinstance(rollout, Stop):
        return answered(rollout, seen.record.rollout)
    if rollout.state != "deployed":
        return answered(first_shift(rollout), rollout)
    if rollout.probed:  # Only what speaks against a canary is noted before it is verified.
        return answered(taken_back(rollout.probed), rollout)
    smoke = rollout.policy.verify
    url = _canary_url(seen, rollout)
    if smoke.paths and url is None:
        return answered(_without_url(rollout, world.clock.now()), rollout)
    turn = _Turn(request, world, target.ref, seen, rollout)
    sent = sent_before(request.state)
    if sent is not None:
        return _probe(turn, str(url), sent)
    timeout = smoke.latency_max * 2
    found = [_get(str(url), path, seen, world, timeout) for path in smoke.paths]
    if failures(found, smoke):
        return _again(turn, found)
    if rollout.policy.analysis.probes:
        return _probe_next(turn, Sent(world.clock.now(), passed_line(found)))
    return _verified(turn, passed_line(found))


def _probe(turn: _Turn, url: str, sent: Sent) -> dict[str, Any]:
    """Send a round of probes, and weigh them after the last one."""
    why_not = hindered(turn.seen, turn.rollout)
    if why_not:
        return _verified(turn, f"{sent.smoke}; no probes: {why_not}")
    after = _round(turn, url, sent)
    if after.pairs < turn.rollout.policy.analysis.probes:
        return _probe_next(turn, after)
    now, request = turn.world.clock.now(), turn.request
    probed = probed_of(after, now)
    if probed and speaks_against(probed, turn.rollout.policy):
        acted = act(
            turn.world,
            turn.ref,
            lambda fresh: note_against(fresh, request, probed, now),
            driver=request.driver.execution,
        )
        return answered(acted.action, acted.rollout)
    return _verified(turn, line_of(after, probed), probed)


def _round(turn: _Turn, url: str, sent: Sent) -> Sent:
    """Send pairs of probes as long as they surely end in time, one at least."""
    smoke, world = turn.rollout.policy.verify, turn.world
    urls = {"canary": url, "stable": turn.seen.url}
    timeout = timeout_of(smoke)
    latest = world.clock.now() + ROUND_MAX - timeout * 2
    last = min(sent.pairs + PAIRS_A_ROUND, turn.rollout.policy.analysis.probes)
    while sent.pairs < last:
        path = path_of(smoke, sent.pairs)
        found = {
            role: world.prober.get(urls[role], path, audience=turn.seen.url, timeout=timeout)
            for role in order_of(turn.rollout.id, sent.pairs)
        }
        sent = counted(sent, found["canary"], found["stable"])
        if world.clock.now() > latest:
            break
    return sent


def _probe_next(turn: _Turn, sent: Sent) -> dict[str, Any]:
    because = f"{sent.pairs} of {turn.rollout.policy.analysis.probes} pairs of probes are sent"
    hold = Hold(PROBE_SECONDS, because, "smoke_test")
    return answered(hold, turn.rollout, state={"probes": sent.as_json()})


def _verified(turn: _Turn, line: str, probed: Probed | None = None) -> dict[str, Any]:
    """Note on record that the canary may get users."""

    def decide(fresh: ServiceSeen) -> Decision:
        return verified(fresh, turn.request, line, turn.world.clock.now(), probed)

    acted = act(turn.world, turn.ref, decide, driver=turn.request.driver.execution)
    return answered(acted.action, acted.rollout)


def _again(turn: _Turn, found: Sequence[Tested]) -> dict[str, Any]:
    smoke = turn.rollout.policy.verify
    wrong = failures(found, smoke)
    done = turn.request.state.get("attempts", 0)
    attempts = (done if isinstance(done, int) else 0) + 1
    if attempts >= smoke.attempts:
        return answered(_failed(turn, found, attempts), turn.rollout)
    wait = max(1, int(smoke.every.total_seconds()))
    hold = Hold(wait, f"smoke test {attempts} of {smoke.attempts}: {wrong}", "smoke_test")
    return answered(hold, turn.rollout, state={"attempts": attempts})


def _failed(turn: _Turn, found: Sequence[Tested], attempts: int) -> RollBack:
    """Say whose fault it was: an image is refused only for what stable does not do as well."""
    smoke = turn.rollout.policy.verify
    wrong = failures(found, smoke)
    if all(_untested(one, smoke) for one in found):
        because = f"Barq could not test the canary, {attempts} times: {wrong}"
        return RollBack(because, refuse=False)
    because = f"smoke tests failed {attempts} times: {wrong}"
    if hindered(turn.seen, turn.rollout):
        return RollBack(because)
    paths, timeout = failed_paths(found, smoke), timeout_of(smoke)
    stable = [_get(turn.seen.url, path, turn.seen, turn.world, timeout) for path in paths]
    if failed_paths(stable, smoke) != paths:
        return RollBack(because)
    return RollBack(f"{because}; stable fails as well: {failures(stable, smoke)}", refuse=False)


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


def _get(url: str, path: str, seen: ServiceSeen, world: World, timeout: dt.timedelta) -> Tested:
    return world.prober.get(url, path, audience=seen.url, timeout=timeout)


def _live(seen: ServiceSeen, smoke: Smoke, world: World) -> dict[str, Any]:
    timeout = smoke.latency_max * 2
    found = [_get(seen.url, path, seen, world, timeout) for path in smoke.paths]
    wrong = failures(found, smoke)
    because = wrong or passed_line(found)
    outcome: Any = "stopped" if wrong else "passed"
    return answered(Stop(outcome, f"{seen.url}: {because}"), seen.record.rollout)


@functions_framework.http
def verify(request: flask.Request) -> Answer:
    """Entry point: HTTP from the workflow."""
    return respond("verify", request, parse_step, handle, world)
