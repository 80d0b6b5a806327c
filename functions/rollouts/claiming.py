"""How a rollout begins: who may, and beside which revision.

One call of `deploy` claims and creates; later ones look whether it is Ready (`following`).
"""

import datetime as dt
import hashlib
from dataclasses import dataclass, replace

from rollouts import second_push
from rollouts.actions import Stop
from rollouts.deciding import first_shift
from rollouts.decisions import Decision, with_rollout
from rollouts.delivery_schema import policy_hash
from rollouts.following import not_ready_yet
from rollouts.images import digest_of, is_placeholder, short
from rollouts.instants import show_instant
from rollouts.notices import Notice
from rollouts.planning import stale, under_way
from rollouts.policy import Target
from rollouts.record import KEPT_MAX, Record, Rollout
from rollouts.requests import DeployRequest
from rollouts.second_push import out_of_queue, with_past
from rollouts.seen import (
    Change,
    NewRevision,
    RevisionSeen,
    ServiceSeen,
    left_with_a_share,
)
from rollouts.stopping import foreign_stop
from rollouts.traffic import show_shares, sole_revision, split_of


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read beside the service, for one decision to claim."""

    stable: RevisionSeen | None
    candidate: RevisionSeen | None
    """The revision to adopt; None when an image is delivered, or when there is none."""
    other_driver_alive: bool
    """Whether the execution that drives the rollout on record still runs."""
    driver_alive: bool = True
    """Whether the execution that asks still runs: a late request of its begins nothing."""


def rollout_id(execution: str, service: str, target: str) -> str:
    """Return the id: the same for the same execution and target, so that repeats agree."""
    return hashlib.sha256(f"{execution}/{service}/{target}".encode()).hexdigest()[:8]


def revision_name(service: str, digest: str, rollout: str) -> str:
    """Return a name of at most 63 characters that says service, digest and rollout.

    The same digest with other settings is another revision, so the rollout is in it.
    """
    return f"{service}-{short(digest)[:6]}-{rollout[:6]}"


def stable_of(seen: ServiceSeen) -> str | None:
    """Return the revision that is stable now, or None if nobody can say.

    An unfinished rollout keeps its own stable, as long as traffic is as that rollout left it, and
    so does one that Barq stopped and the sweeper has not yet come to; else stable is whichever
    revision has all of the traffic.
    """
    rollout = seen.record.rollout
    if rollout and seen.shares == rollout.shares and (not rollout.ended or left_with_a_share(seen)):
        return rollout.stable
    return sole_revision(seen.split, seen.latest_ready)


def claim(
    seen: ServiceSeen, request: DeployRequest, target: Target, facts: Facts, now: dt.datetime
) -> Decision:
    """Decide whether a new rollout begins, and with what write."""
    driver, present = request.driver, seen.record.rollout
    own = rollout_id(driver.execution, driver.service, driver.target)
    because = (
        _late(request, facts)
        or second_push.over(seen.record, own)
        or _wiped(request)
        or _unwanted(seen.record, request, facts)
        or _in_the_way(seen.record, request)
        or _untestable(seen, target)
    )
    if not because and present and not present.ended and facts.other_driver_alive:
        way = target.policy.second_push
        met = second_push.meet(seen, present, request, own, way, now)
        if met is not None:
            return met
    stable = stable_of(seen)
    because = because or _no_stable(seen, stable) or _not_adoptable(request, facts)
    if because:
        told = second_push.left_aside(seen, request, because, now)
        return Decision(Stop("stopped", because), None, told)
    assert stable is not None
    return _begin(seen, request, target, facts, stable, now)


def _begin(
    seen: ServiceSeen,
    request: DeployRequest,
    target: Target,
    facts: Facts,
    stable: str,
    now: dt.datetime,
) -> Decision:
    """Claim the service for a new rollout beside `stable`."""
    same = _already_serves(stable, request, facts)
    if same:
        return _left_as_it_is(seen, facts, same, stable, now)
    rollout = _new_rollout(seen, request, target, facts, stable, now)
    left = _left(seen, facts, f"rollout {rollout.id} takes its place", now)
    record = _accepting(seen.record, rollout)
    told = (*left, Notice("rollout.started", now, rollout, rollout.because, 0, 0))
    pinned = split_of({stable: 100}, seen.split)
    if request.revision:
        tagged = split_of({stable: 100}, seen.split, canary_tag=request.revision)
        change = Change(with_rollout(record, rollout), tagged)
        return Decision(first_shift(rollout), change, told)
    assert request.image is not None
    created = NewRevision(rollout.canary, str(request.image))
    change = Change(with_rollout(record, rollout), pinned, created)
    return Decision(not_ready_yet(rollout, "created"), change, told)


def _wiped(request: DeployRequest) -> str:
    """Say that a rollout that was claimed is not on record any more; empty if none was."""
    if not request.claimed:
        return ""
    return (
        f"the record of rollout {request.claimed} is gone: somebody wrote an older object back;"
        " nothing was changed"
    )


def _late(request: DeployRequest, facts: Facts) -> str:
    if facts.driver_alive:
        return ""
    return f"{request.driver.execution} has ended, and nobody would drive; nothing was changed"


def _left(seen: ServiceSeen, facts: Facts, because: str, now: dt.datetime) -> tuple[Notice, ...]:
    """Tell the end of a rollout that another takes the place of; nothing if it has ended."""
    old = seen.record.rollout
    if old is None or old.ended:
        return ()
    said = because if facts.other_driver_alive else f"its execution is gone; {because}"
    ended = replace(old, state="superseded", because=said, ended_at=now, ended_by="barq")
    percent = seen.shares.get(old.canary, 0)
    return (Notice("rollout.superseded", now, ended, said, percent, 0),)


def _left_as_it_is(
    seen: ServiceSeen, facts: Facts, because: str, stable: str, now: dt.datetime
) -> Decision:
    """Begin nothing; a canary that was on its way still gives back what it had."""
    stop, old = Stop("unchanged", because), seen.record.rollout
    if old is not None and not old.ended and seen.shares != old.shares:
        return replace(foreign_stop(seen, old, seen.unexplained(), now), action=stop)
    left = _left(seen, facts, f"{stable} gets everything again", now)
    if not left:
        return Decision(stop)
    change = Change(with_rollout(seen.record, left[0].rollout), split_of({stable: 100}, seen.split))
    return Decision(stop, change, left)


def _digest_of(revision: RevisionSeen | None) -> str:
    """Return the digest that a revision was asked for, or else resolved to."""
    return (digest_of(revision.image) or revision.resolved or "") if revision else ""


def _unwanted(record: Record, request: DeployRequest, facts: Facts) -> str:
    digest = request.image.digest if request.image else _digest_of(facts.candidate)
    if request.force or not digest:
        return ""
    refused = record.refusal(digest)
    if refused:
        return (
            f"{short(refused.digest)} was rolled back at {show_instant(refused.at)}"
            f" ({refused.because}); to deliver it all the same, start a rollout by hand with"
            ' "force": true'
        )
    return stale(record, request.build) if request.automatic else ""


def _in_the_way(record: Record, request: DeployRequest) -> str:
    """Say what began or was queued since `plan` looked, if this delivery gives way to it."""
    because = under_way(record) if request.gives_way else ""
    return f"{because}; nothing was changed" if because else ""


def _no_stable(seen: ServiceSeen, stable: str | None) -> str:
    if stable is not None:
        return ""
    return (
        f"traffic of {seen.ref} is {show_shares(seen.shares)}, so nobody can say which revision"
        " is stable; nothing was changed; give one of them 100 %:"
        f" gcloud run services update-traffic {seen.ref.service} --to-revisions=REVISION=100"
        f" --project={seen.ref.project} --region={seen.ref.region}"
    )


def _untestable(seen: ServiceSeen, target: Target) -> str:
    if not target.policy.verify.paths or not seen.unreachable:
        return ""
    return f"the canary's tag URL could not be tested: {seen.unreachable}; nothing was deployed"


def _not_adoptable(request: DeployRequest, facts: Facts) -> str:
    if request.revision is None:
        return ""
    if facts.candidate is None:
        return f"revision {request.revision} does not exist; nothing was changed"
    if facts.candidate.readiness != "ready":
        return (
            f"revision {request.revision} is not Ready ({facts.candidate.reason}); nothing was"
            " changed"
        )
    return ""


def _already_serves(stable: str, request: DeployRequest, facts: Facts) -> str:
    if request.revision == stable:
        return f"revision {stable} already has all of the traffic"
    if request.image is None or facts.stable is None:
        return ""
    if request.image.digest in (digest_of(facts.stable.image), facts.stable.resolved):
        return f"{stable} already serves {short(request.image.digest)}; nothing was changed"
    return ""


def _new_rollout(
    seen: ServiceSeen,
    request: DeployRequest,
    target: Target,
    facts: Facts,
    stable: str,
    now: dt.datetime,
) -> Rollout:
    driver, image = request.driver, request.image
    own = rollout_id(driver.execution, driver.service, driver.target)
    digest = image.digest if image else ""
    canary = request.revision or revision_name(seen.ref.service, digest, own)
    placeholder = facts.stable is not None and is_placeholder(facts.stable.image)
    first = "first image after the placeholder: verify, then 100 %" if placeholder else ""
    override = request.override_freeze
    if override:
        override = f"execution {driver.execution.rsplit('/', 1)[-1]}: {override}"
    return Rollout(
        id=own,
        execution=driver.execution,
        callback=driver.callback,
        service=driver.service,
        target=driver.target,
        repository=image.repository if image else "",
        digest=digest,
        build=request.build,
        stable=stable,
        canary=canary,
        policy=target.policy,
        policy_hash=policy_hash(target.policy),
        state="deployed" if request.revision else "deploying",
        claimed_at=now,
        adopted=request.revision is not None,
        placeholder=placeholder,
        because="; ".join(filter(None, (first, override and f"waits for no freeze, {override}"))),
        override_freeze=override,
    )


def _accepting(record: Record, rollout: Rollout) -> Record:
    """Note the build as acted on, and keep what was promoted last.

    A build made by hand leaves no trace here.
    """
    build, newest = rollout.build, record.newest_build
    last = record.rollout
    record = out_of_queue(with_past(record, *([last.id] if last else [])), rollout.id)
    kept = last if last is not None and last.state == "promoted" else record.promoted
    if kept is not None and kept.canary != rollout.stable:
        kept = None  # Somebody put another revision in its place since.
    record = replace(record, promoted=kept)
    acted = (*record.acted_on, build.id)[-KEPT_MAX:] if build.id else record.acted_on
    if build.created and (newest is None or build.created > newest):
        newest = build.created
    return replace(record, acted_on=acted, newest_build=newest)
