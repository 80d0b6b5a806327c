"""A person's word: the gate before the first shift, and the answer to whatever was asked."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final, Literal

from rollouts import retelling
from rollouts.actions import Action, Hold, RollBack, Stop
from rollouts.deadline import approved as deadline_approved
from rollouts.deadline import expired, refused, words_of
from rollouts.deciding import first_shift, onward
from rollouts.decisions import Decision, with_rollout
from rollouts.durations import show_duration
from rollouts.notices import Kind, Notice
from rollouts.record import ApprovalGiven, Rollout
from rollouts.seen import Change, ServiceSeen
from rollouts.stopping import not_meant

ASKED_AGAIN: Final = dt.timedelta(minutes=5)
"""A call that comes again so soon after the question tells it again: nobody looks else."""
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
        return Decision(refused(approval))
    if now >= approval.expires_at:
        return Decision(RollBack(expired(rollout, approval), refuse=False))
    fresh = now - approval.asked_at < ASKED_AGAIN
    again = retelling.question(rollout, approval, _asked_for(rollout)) if fresh else ()
    return Decision(_waiting(approval, now), None, again)


def answer(seen: ServiceSeen, given: Answer, now: dt.datetime) -> Decision:
    """Take an answer. Any but the first is told what the first was; a late one that it is late."""
    rollout = seen.record.rollout
    if rollout is None or rollout.ended:
        state = f": the last one is {rollout.state}" if rollout else ""
        return _unchanged(f"no rollout of {seen.ref} waits for an approval{state}")
    other = not_meant(rollout, given.rollout)
    if other:
        return Decision(other)
    approval = rollout.deadline_approval or rollout.approval
    if approval is None:
        return _unchanged(f"rollout {rollout.id} waits for no approval ({rollout.state})")
    if approval.decision:
        told = f"rollout {rollout.id} was already {approval.decision} by {approval.by}"
        again = retelling.answer(rollout, approval) if approval.by == given.by else ()
        return replace(_unchanged(told), notices=again)
    if now >= approval.expires_at:
        return _unchanged(expired(rollout, approval))
    approved = given.decision == "approve"
    decided = replace(
        approval,
        decision="approved" if approved else "denied",
        by=given.by,
        at=now,
        reason=given.reason,
    )
    if rollout.deadline_approval:
        after = replace(rollout, deadline_approval=decided)
    else:
        after = replace(rollout, approval=decided)
    because, percent = words_of(decided), rollout.percent
    kind: Kind = "approval.given" if approved else "approval.denied"
    notice = Notice(kind, now, after, because, percent, percent, given.by)
    action = _what_follows(after, because) if approved else refused(decided)
    return Decision(action, Change(with_rollout(seen.record, after)), (notice,))


def asleep(action: Action, rollout: Rollout | None) -> str:
    """Return the callback to call after an answer that came again; empty for any other.

    Whoever took the first one may have died between its write and its wake-up.
    """
    if rollout is None or rollout.ended or not isinstance(action, Stop):
        return ""
    approval = rollout.deadline_approval or rollout.approval
    return rollout.callback if approval and approval.decision else ""


def _what_follows(rollout: Rollout, because: str) -> Action:
    """Return what a yes leads to; its driver decides it again."""
    if not rollout.shifts:
        return first_shift(rollout)
    if not deadline_approved(rollout):  # It passed the step that was asked about meanwhile.
        return Stop("passed", f"{because}; it went on meanwhile, and its deadline begins anew")
    return onward(rollout, because)


def _ask(seen: ServiceSeen, rollout: Rollout, now: dt.datetime) -> Decision:
    asked = ApprovalGiven(asked_at=now, expires_at=now + rollout.policy.approval.expires)
    after = replace(rollout, approval=asked)
    told = retelling.question(after, asked, _asked_for(rollout))
    return Decision(_waiting(asked, now), Change(with_rollout(seen.record, after)), told)


def _asked_for(rollout: Rollout) -> str:
    allowed = show_duration(rollout.policy.approval.expires)
    return f"{rollout.canary} waits for an approval, at most {allowed}"


def _waiting(approval: ApprovalGiven, now: dt.datetime) -> Hold:
    left = (approval.expires_at - now).total_seconds()
    wait = max(1, min(LONGEST_WAIT_SECONDS, int(left) + 1))
    return Hold(wait, "waiting for an approval", "approval", approval.expires_at)


def _unchanged(because: str) -> Decision:
    return Decision(Stop("unchanged", f"{because}; nothing was changed"))
