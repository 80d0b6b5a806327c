"""When a rollout has to be over, and the person who is asked if nobody could judge it by then."""

import datetime as dt
import math
from typing import Final

from rollouts.actions import Action, Hold, RollBack
from rollouts.agreement import LATENESS
from rollouts.durations import show_duration
from rollouts.instants import show_instant
from rollouts.record import ApprovalGiven, Rollout
from rollouts.verdict import DOUBT, Verdict

LOOKS_WAITING: Final = 1000
"""Looks while a person is asked: an execution has steps for so many beside those before."""
LOOKS_AGAIN: Final = 500
"""Looks within a deadline that a person started anew, for the same reason."""


def deadline_of(rollout: Rollout) -> dt.datetime:
    """Return when the rollout must be promoted. Needs a first shift.

    The yes of the person who was asked at the deadline starts it anew, and no step that was begun
    is cut short of its window.
    """
    began = _approved_at(rollout) or rollout.shifts[0].at
    last = rollout.shifts[-1]
    whole = last.at + rollout.policy.window_of(last.step) + LATENESS
    return max(began + rollout.policy.deadline, whole)


def ends_at(rollout: Rollout, verdict: Verdict) -> dt.datetime:
    """Return the deadline, later by `extend_max` where the policy waits for missing requests."""
    ends = deadline_of(rollout)
    missing = verdict.missing_requests or verdict.missing_seconds is not None
    extended = rollout.policy.no_data == "extend" and (missing or verdict.kind == "no_data")
    return ends + rollout.policy.extend_max if extended and not in_doubt(rollout, verdict) else ends


def in_doubt(rollout: Rollout, verdict: Verdict) -> bool:
    """Whether anything speaks against the canary. What is spared on purpose does not."""
    if rollout.policy.analysis.dry_run or verdict.kind == "fail":
        return False
    evidence = verdict.evidence
    most = max(evidence.errors, evidence.latency, evidence.total)
    return bool(verdict.page or verdict.cause) or most >= DOUBT


def asked(rollout: Rollout) -> ApprovalGiven | None:
    """Return what a person is asked about the present step and has not answered."""
    approval = rollout.deadline_approval
    if not approval or approval.decision or approval.asked_at < rollout.shifts[-1].at:
        return None
    return approval


def denied(rollout: Rollout) -> RollBack | None:
    """Return what follows from a person's no; None if nobody said it."""
    approval = rollout.deadline_approval
    return refused(approval) if approval and approval.decision == "denied" else None


def approved(rollout: Rollout) -> str:
    """Say who lets the rollout go on from its present step; empty if nobody does.

    A yes to what was asked about an earlier step is none to this one.
    """
    approval = rollout.deadline_approval
    if not approval or approval.decision != "approved":
        return ""
    if approval.asked_at < rollout.shifts[-1].at:
        return ""
    return words_of(approval)


def wait(rollout: Rollout, verdict: Verdict, now: dt.datetime, why: str) -> Action:
    """Hold, ask, or take back: what is left when nothing moves the rollout on.

    `why` says what is known. A fail that comes here is one that is not acted on. Once a person is
    asked, a doubt alone takes nothing back: in a day it comes up by chance.
    """
    allowed = show_duration(rollout.policy.deadline)
    ends = ends_at(rollout, verdict)
    approval = asked(rollout)
    if approval is None and now < ends:
        return Hold(_seconds(_every(rollout), ends - now), why, "data", ends)
    if approval is None and in_doubt(rollout, verdict):
        return RollBack(f"not promoted within {allowed}: {why}", refuse=False)
    told = f"a person is asked, because it was not promoted within {allowed}: {why}"
    if approval is None:
        expires = now + rollout.policy.approval.expires
    elif now >= approval.expires_at:
        return RollBack(expired(rollout, approval), refuse=False)
    else:
        expires = approval.expires_at
    every = rollout.policy.approval.expires / LOOKS_WAITING
    return Hold(_seconds(max(every, _every(rollout)), expires - now), told, "approval", expires)


def refused(approval: ApprovalGiven) -> RollBack:
    return RollBack(words_of(approval), refuse=False)


def expired(rollout: Rollout, approval: ApprovalGiven) -> str:
    allowed = show_duration(rollout.policy.approval.expires)
    return (
        f"the approval of {rollout.canary} expired at {show_instant(approval.expires_at)},"
        f" {allowed} after it was asked for"
    )


def words_of(approval: ApprovalGiven) -> str:
    """Say who decided what, and why."""
    reason = f": {approval.reason}" if approval.reason else ""
    return f"{approval.decision} by {approval.by}{reason}"


def _approved_at(rollout: Rollout) -> dt.datetime | None:
    approval = rollout.deadline_approval
    return approval.at if approval and approval.decision == "approved" else None


def _every(rollout: Rollout) -> dt.timedelta:
    """Return the wait between two looks: longer in a deadline that began anew."""
    every = rollout.policy.check_every
    return max(every, rollout.policy.deadline / LOOKS_AGAIN) if _approved_at(rollout) else every


def _seconds(every: dt.timedelta, left: dt.timedelta) -> int:
    """Return whole seconds until the next look: never past the end, and at least 1.

    Not before `every` is over either: totals become visible a period at a time, and each look
    costs a read of the log, of which a project has 60 a minute.
    """
    return max(1, math.ceil(min(every, left).total_seconds()))
