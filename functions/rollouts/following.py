"""How a claimed rollout gets a canary that can be tested: Ready, and what was announced.

Not: who may claim (`claiming`).
"""

import datetime as dt
from dataclasses import replace
from typing import Final

from rollouts import retelling
from rollouts.actions import Hold, Stop
from rollouts.deciding import first_shift, stop_for
from rollouts.decisions import Decision, with_rollout
from rollouts.durations import show_duration
from rollouts.notices import Notice
from rollouts.record import Rollout
from rollouts.seen import Change, RevisionSeen, ServiceSeen
from rollouts.stopping import foreign_stop
from rollouts.traffic import split_of

READY_POLL_SECONDS: Final = 2


def follow(
    seen: ServiceSeen,
    rollout: Rollout,
    canary: RevisionSeen | None,
    *,
    digest_matches: bool,
    now: dt.datetime,
    again: bool = False,
) -> Decision:
    """Decide how an own rollout, already claimed, gets to a canary that can be tested."""
    if rollout.ended:
        return Decision(stop_for(rollout))
    foreign = seen.unexplained()
    if foreign:
        return foreign_stop(seen, rollout, foreign, now)
    if rollout.state != "deploying":
        return Decision(first_shift(rollout))
    if canary is not None and canary.readiness == "failed":
        return give_up(seen, rollout, f"{rollout.canary} never got Ready: {canary.reason}", now)
    if canary is None or canary.readiness == "pending":
        allowed = rollout.policy.ready_within
        if now - rollout.claimed_at < allowed:
            hold = not_ready_yet(rollout, canary.reason if canary else "")
            return Decision(hold, None, retelling.begun(rollout) if again else ())
        late = f"{rollout.canary} was not Ready within {show_duration(allowed)}"
        return give_up(seen, rollout, late, now)
    if not digest_matches:
        wrong = (
            f"{rollout.canary} resolved to {canary.resolved}, which is neither {rollout.digest}"
            " nor a child of that image index"
        )
        return give_up(seen, rollout, wrong, now)
    deployed = replace(rollout, state="deployed", because="Ready at 0 %")
    tagged = split_of({rollout.stable: 100}, seen.split, canary_tag=rollout.canary)
    return Decision(first_shift(deployed), Change(with_rollout(seen.record, deployed), tagged))


def give_up(seen: ServiceSeen, rollout: Rollout, because: str, now: dt.datetime) -> Decision:
    """End a rollout whose canary never had traffic: stable alone, no tag, digest not refused."""
    ended = replace(rollout, state="rolled_back", because=because, ended_at=now, ended_by="barq")
    change = Change(with_rollout(seen.record, ended), split_of({rollout.stable: 100}, seen.split))
    notice = Notice("rollout.rolled_back", now, ended, because, 0, 0)
    return Decision(Stop("rolled_back", because), change, (notice,))


def not_ready_yet(rollout: Rollout, reason: str) -> Hold:
    """Hold until the next look at a canary that is not Ready, with the platform's reason."""
    because = f"{rollout.canary} is not Ready yet" + (f": {reason}" if reason else "")
    until = rollout.claimed_at + rollout.policy.ready_within
    return Hold(READY_POLL_SECONDS, because, "revision", until)
