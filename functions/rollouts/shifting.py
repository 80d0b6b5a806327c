"""How a canary gets its share: verified, through the gate, step by step, and at last promoted."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from rollouts import retelling
from rollouts.actions import Action, Hold, RollBack
from rollouts.approving import gate
from rollouts.deadline import deadline_of, denied
from rollouts.deciding import first_shift, stop_for
from rollouts.decisions import Decision, with_rollout
from rollouts.freezing import Closed, frozen, passed
from rollouts.instants import parse_instant
from rollouts.notices import Notice
from rollouts.record import Probed, Rollout, ShiftDone
from rollouts.requests import StepRequest, decision_of
from rollouts.seen import Change, RevisionSeen, ServiceSeen
from rollouts.stopping import foreign_stop, undisturbed
from rollouts.traffic import split_of
from rollouts.usual import carried

VERDICT_AGE: Final = dt.timedelta(seconds=30)
"""Beside two looks, how old a verdict may be that still gives the canary more."""


def verified(
    seen: ServiceSeen,
    request: StepRequest,
    line: str,
    now: dt.datetime,
    probed: Probed | None = None,
) -> Decision:
    """Note a passed smoke test, and the probes that followed it, once."""
    rollout = undisturbed(seen, request.driver, now)
    if isinstance(rollout, Decision):
        return rollout
    if rollout.state != "deployed":
        return Decision(first_shift(rollout))
    after = replace(rollout, state="verified", verified=line, probed=probed)
    notice = Notice("rollout.verified", now, after, line, 0, 0)
    return Decision(first_shift(after), Change(with_rollout(seen.record, after)), (notice,))


def shift(
    seen: ServiceSeen,
    request: StepRequest,
    canary: RevisionSeen | None,
    now: dt.datetime,
    line: Closed | None = None,
) -> Decision:
    """Give the canary the share of the step that `request.action` names, if it is the next one.

    The action was decided a moment ago; what stands in the record now decides again.
    """
    rollout = undisturbed(seen, request.driver, now)
    if isinstance(rollout, Decision):
        return rollout
    asked = request.action.get("step")
    if isinstance(asked, int) and 0 <= asked < rollout.next_step:
        again = retelling.last_shift(rollout) if asked == rollout.shifts[-1].step else ()
        return Decision(_watch(rollout, now), None, again)
    if asked != rollout.next_step or asked >= len(rollout.steps):
        return Decision(Hold(1, f"step {asked} is not the next one", "data"))
    if rollout.state not in ("verified", "shifting"):
        # Its driver comes here only after the smoke test was noted, and would ask for ever.
        back = f"the record went back to {rollout.state}, as an older object written back does"
        return foreign_stop(seen, rollout, back, now)
    closed = gate(seen, rollout, now) or _overtaken(rollout, request.action, now)
    closed = closed or frozen(seen, rollout, line, now)
    if closed:
        return closed
    if canary is None or canary.readiness != "ready":
        return Decision(_not_ready(rollout, canary, now))
    because = "; ".join(filter(None, (_because(request.action), passed(rollout, line))))
    return _shifted(seen, rollout, request.action, because, now)


def promote(seen: ServiceSeen, request: StepRequest, now: dt.datetime) -> Decision:
    """Make the canary stable. It has all of the traffic already; its tag goes."""
    rollout = undisturbed(seen, request.driver, now)
    if isinstance(rollout, Decision):
        last = seen.record.rollout
        mine = last is not None and last.execution == request.driver.execution
        if last is not None and mine and last.state == "promoted":
            return replace(rollout, notices=retelling.end(last))
        return rollout
    if rollout.next_step < len(rollout.steps):
        return Decision(Hold(1, f"at {rollout.percent} % there is nothing to promote", "data"))
    overtaken = _overtaken(rollout, request.action, now)
    if overtaken:
        return overtaken
    because = _because(request.action)
    after = replace(
        rollout,
        state="promoted",
        verdict=because,
        because=because,
        ended_at=now,
        ended_by="barq",
        usual=carried(request.action) or rollout.usual,
    )
    split = split_of({rollout.canary: 100}, seen.split)
    decision = decision_of(request.action)
    notice = Notice("rollout.promoted", now, after, because, 100, 100, decision=decision)
    change = Change(with_rollout(seen.record, after), split)
    return Decision(stop_for(after), change, (notice,))


def _overtaken(rollout: Rollout, action: Mapping[str, Any], now: dt.datetime) -> Decision | None:
    """Take back what a person said no to since the action was decided, or look again."""
    no = denied(rollout)
    return Decision(no) if no else _stale(rollout, action, now)


def _stale(rollout: Rollout, action: Mapping[str, Any], now: dt.datetime) -> Decision | None:
    """Ask for another look if the verdict is old: what it spoke of may have gone bad since.

    The first shift stands on the smoke test and the gate, not on a verdict. Functions of before
    told no time: theirs counts as fresh.
    """
    try:
        decided_at = parse_instant(action.get("decided_at"))
    except ValueError:
        return None
    if not rollout.shifts or now - decided_at <= VERDICT_AGE + rollout.policy.check_every * 2:
        return None
    return Decision(Hold(1, "the verdict is old: look again", "data"))


def _not_ready(rollout: Rollout, canary: RevisionSeen | None, now: dt.datetime) -> Action:
    """Wait for a revision that is only changing; give up on one that failed or is gone."""
    reason = canary.reason if canary else "it does not exist any more"
    because = f"{rollout.canary} is not Ready: {reason}"
    approved = rollout.approval.at if rollout.approval else None
    since = rollout.shifts[-1].at if rollout.shifts else approved or rollout.claimed_at
    window = rollout.policy.window_of(rollout.next_step - 1)
    until = since + rollout.policy.ready_within + window
    if canary is None or canary.readiness == "failed" or now >= until:
        return RollBack(because, refuse=False)
    return Hold(_look_seconds(rollout, until - now), because, "revision")


def _shifted(
    seen: ServiceSeen,
    rollout: Rollout,
    action: Mapping[str, Any],
    because: str,
    now: dt.datetime,
) -> Decision:
    step = rollout.next_step
    percent = rollout.steps[step]
    after = replace(
        rollout,
        state="shifting",
        verdict=because if rollout.shifts else rollout.verdict,
        because=because,
        shifts=(*rollout.shifts, ShiftDone(now, step, percent)),
        usual=carried(action) or rollout.usual,
    )
    split = split_of(
        {rollout.stable: 100 - percent, rollout.canary: percent},
        seen.split,
        canary_tag=rollout.canary,
    )
    decision = decision_of(action)
    notice = Notice(
        "traffic.shifted", now, after, because, rollout.percent, percent, decision=decision
    )
    return Decision(_watch(after, now), Change(with_rollout(seen.record, after), split), (notice,))


def _watch(rollout: Rollout, now: dt.datetime) -> Hold:
    because, until = f"{rollout.canary} has {rollout.percent} %", deadline_of(rollout)
    return Hold(_look_seconds(rollout, until - now), because, "data", until)


def _look_seconds(rollout: Rollout, left: dt.timedelta) -> int:
    """Return whole seconds until the next look: not past the end, and at least 1."""
    return max(1, math.ceil(min(rollout.policy.check_every, left).total_seconds()))


def _because(action: Mapping[str, Any]) -> str:
    return str(action.get("because", ""))[:500]
