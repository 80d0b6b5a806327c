"""What a look has a person know, once each: a question, that stable fails too, errors at 100 %.

A hold writes nothing, but for these: the record remembers what was told, so that a look that is
taken twice tells it once.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from rollouts import deadline
from rollouts.actions import Action, Hold, RollBack
from rollouts.deciding import alerts, decide
from rollouts.decisions import Decision, with_rollout
from rollouts.durations import show_duration
from rollouts.notices import Kind, Notice
from rollouts.record import ApprovalGiven, Rollout
from rollouts.requests import Driver
from rollouts.seen import Change, ServiceSeen
from rollouts.stopping import undisturbed
from rollouts.verdict import Verdict

ONSET_APART: Final = dt.timedelta(minutes=5)
"""Stable that fails again sooner than this after it began to is the same trouble."""


def due(rollout: Rollout, verdict: Verdict, action: Action, now: dt.datetime) -> bool:
    """Whether there is something to write and tell: `note` does both."""
    return _noted(rollout, verdict, action, now)[0] != rollout


def note(
    seen: ServiceSeen,
    driver: Driver,
    verdict: Verdict,
    now: dt.datetime,
    decision: Mapping[str, Any] | None = None,
) -> Decision:
    """Write down and tell what a person should know of a verdict; answer with the next action.

    Decided anew on this read: what was told meanwhile is not told again. `decision` is what the
    events tell of the look, in short.
    """
    rollout = undisturbed(seen, driver, now)
    if isinstance(rollout, Decision):
        return rollout
    action = decide(rollout, verdict, now)
    after, notices = _noted(rollout, verdict, action, now)
    if after == rollout:
        return Decision(action)
    told = tuple(replace(one, decision=decision) for one in notices)
    return Decision(action, Change(with_rollout(seen.record, after)), told)


def _noted(
    rollout: Rollout, verdict: Verdict, action: Action, now: dt.datetime
) -> tuple[Rollout, tuple[Notice, ...]]:
    """Return the rollout with what is told now, and the notices of it."""
    after, told = rollout, list[tuple[Kind, str]]()
    if rollout.ended or not rollout.shifts or isinstance(action, RollBack):
        return rollout, ()
    asks = isinstance(action, Hold) and action.waits_for == "approval"
    if asks and not deadline.asked(rollout):
        until = now + rollout.policy.approval.expires
        after = replace(after, deadline_approval=ApprovalGiven(now, until), verdict=verdict.because)
        told.append(("approval.requested", _question(rollout, verdict)))
    if verdict.page and after.paged_at is None:
        after = replace(after, paged_at=now)
        told.append(("verdict.page", verdict.page))
    elif not verdict.page and after.paged_at and now - after.paged_at >= ONSET_APART:
        after = replace(after, paged_at=None)
    if alerts(rollout, verdict) and after.alerted_at is None:
        after = replace(after, alerted_at=now)
        told.append(("verdict.alert", verdict.because))
    percent = rollout.percent
    notices = [Notice(kind, now, after, because, percent, percent) for kind, because in told]
    return after, tuple(notices)


def _question(rollout: Rollout, verdict: Verdict) -> str:
    """Say why a person is asked, what is missing, and what becomes of either answer."""
    policy = rollout.policy
    missing = f"; {verdict.missing_requests:,} more requests" if verdict.missing_requests else ""
    if missing and verdict.missing_seconds is not None:
        seconds = dt.timedelta(seconds=round(verdict.missing_seconds))
        missing += f", {show_duration(seconds)} at the present rate, are missing"
    elif missing:
        missing += " are missing"
    return (
        f"{rollout.canary} has {rollout.percent} % and was not promoted within"
        f" {show_duration(policy.deadline)}; nothing bad was seen, but too little to judge by:"
        f" {verdict.because}{missing}. approve goes on to {_next(rollout)}; deny, or no answer"
        f" for {show_duration(policy.approval.expires)}, rolls back"
    )


def _next(rollout: Rollout) -> str:
    last = rollout.next_step == len(rollout.steps)
    return "promotion" if last else f"{rollout.steps[rollout.next_step]} %"
