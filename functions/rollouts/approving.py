"""The gate before the first shift: asking a person, and taking the answer."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from rollouts.actions import Action, Hold, RollBack, Stop
from rollouts.deciding import first_shift
from rollouts.decisions import Decision, with_rollout
from rollouts.durations import show_duration
from rollouts.instants import show_instant
from rollouts.notices import Notice
from rollouts.record import ApprovalGiven, Rollout
from rollouts.seen import Change, ServiceSeen
from rollouts.stopping import not_meant

LONGEST_WAIT_SECONDS = 3600
"""A hold looks again at least this often, should a wake-up get lost."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person decided."""

    decision: Literal["approve", "deny"]
    by: str
    """The verified identity, or the execution by which it came."""
    reason: str
    rollout: str = ""
    """The id of the rollout that the person meant; empty: whichever is on record."""


def gate(seen: ServiceSeen, rollout: Rollout, now: dt.datetime) -> Decision | None:
    """Decide about the first shift; None means that the gate is open."""
    if rollout.shifts or rollout.policy.approval.by == "none":
        return None
    approval = rollout.approval
    if approval is None:
        return _ask(seen, rollout, now)
    if approval.decision == "approved":
        return None
    if approval.decision == "denied":
        reason = f": {approval.reason}" if approval.reason else ""
        return Decision(RollBack(f"denied by {approval.by}{reason}", refuse=False))
    if now >= approval.expires_at:
        return Decision(RollBack(_expired(rollout, approval), refuse=False))
    return Decision(_waiting(approval, now))


def answer(seen: ServiceSeen, given: Answer, now: dt.datetime) -> Decision:
    """Take an answer. Any but the first is told what the first was; a late one that it is late."""
    rollout = seen.record.rollout
    if rollout is None or rollout.ended:
        state = f": the last one is {rollout.state}" if rollout else ""
        return _unchanged(f"no rollout of {seen.ref} waits for an approval{state}")
    other = not_meant(rollout, given.rollout)
    if other:
        return Decision(other)
    approval = rollout.approval
    if approval is None:
        return _unchanged(f"rollout {rollout.id} waits for no approval ({rollout.state})")
    if approval.decision:
        return _unchanged(f"rollout {rollout.id} was already {approval.decision} by {approval.by}")
    if now >= approval.expires_at:
        return _unchanged(_expired(rollout, approval))
    approved = given.decision == "approve"
    decided = replace(
        approval,
        decision="approved" if approved else "denied",
        by=given.by,
        at=now,
        reason=given.reason,
    )
    after = replace(rollout, approval=decided)
    because = f"{decided.decision} by {given.by}" + (f": {given.reason}" if given.reason else "")
    notice = Notice(
        "approval.given" if approved else "approval.denied", now, after, because, 0, 0, given.by
    )
    action: Action = first_shift(after) if approved else RollBack(because, refuse=False)
    return Decision(action, Change(with_rollout(seen.record, after)), (notice,))


def _ask(seen: ServiceSeen, rollout: Rollout, now: dt.datetime) -> Decision:
    asked = ApprovalGiven(asked_at=now, expires_at=now + rollout.policy.approval.expires)
    after = replace(rollout, approval=asked)
    allowed = show_duration(rollout.policy.approval.expires)
    because = f"{rollout.canary} waits for an approval, at most {allowed}"
    notice = Notice("approval.requested", now, after, because, 0, 0)
    return Decision(_waiting(asked, now), Change(with_rollout(seen.record, after)), (notice,))


def _waiting(approval: ApprovalGiven, now: dt.datetime) -> Hold:
    left = (approval.expires_at - now).total_seconds()
    wait = max(1, min(LONGEST_WAIT_SECONDS, int(left) + 1))
    return Hold(wait, "waiting for an approval", "approval", approval.expires_at)


def _expired(rollout: Rollout, approval: ApprovalGiven) -> str:
    allowed = show_duration(rollout.policy.approval.expires)
    return (
        f"the approval of {rollout.canary} expired at {show_instant(approval.expires_at)},"
        f" {allowed} after it was asked for"
    )


def _unchanged(because: str) -> Decision:
    return Decision(Stop("unchanged", f"{because}; nothing was changed"))
