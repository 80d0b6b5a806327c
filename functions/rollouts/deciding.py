"""From a rollout and a verdict to the one next action."""

import datetime as dt
import math
from typing import Final

from rollouts import deadline
from rollouts.actions import Action, Hold, Promote, RollBack, Shift, Stop
from rollouts.record import Rollout
from rollouts.verdict import Verdict

FIRST_GLANCE: Final = dt.timedelta(seconds=10)
"""How long the first image after the placeholder is looked at: one interval of the log."""
FIRST_GLANCE_MAX: Final = dt.timedelta(seconds=60)
"""After this it is promoted unseen: no signal can be read, and there is nothing to go back to."""


def decide(rollout: Rollout, verdict: Verdict, now: dt.datetime) -> Action:
    """Choose the next action. Pure: the same arguments always give the same answer.

    A fail is acted on at once. What speaks for an earlier step says nothing of the present one,
    and short of a pass only a person moves on what nobody could judge by the deadline.
    """
    if rollout.ended:
        return stop_for(rollout)
    if not rollout.shifts:
        return first_shift(rollout)
    lenient = spared(rollout, verdict)
    if verdict.kind == "fail" and not lenient:
        # A precaution says nothing of the image itself: stable was as bad.
        return RollBack(verdict.because, refuse=verdict.cause != "shared")
    if rollout.placeholder:
        return _first_image(rollout, verdict, now)
    no = deadline.denied(rollout)
    if no:
        return no
    why = _why_onward(rollout, verdict, lenient)
    if why:
        return onward(rollout, why)
    if _silent(rollout, verdict) and rollout.policy.no_data == "roll_back":
        return RollBack(f"{verdict.because}; no_data: roll_back", refuse=False)
    return deadline.wait(rollout, verdict, now, lenient or verdict.because)


def _first_image(rollout: Rollout, verdict: Verdict, now: dt.datetime) -> Promote | Hold:
    """Promote what took the placeholder's place, after a glance at how it serves."""
    glance = min(FIRST_GLANCE, rollout.policy.window_of(0))
    late = rollout.shifts[-1].at + FIRST_GLANCE_MAX
    if verdict.numbers.watched_seconds >= glance.total_seconds() or now >= late:
        return Promote("the first image after the placeholder: nothing to compare with")
    wait = math.ceil(min(rollout.policy.check_every, late - now).total_seconds())
    return Hold(max(1, wait), verdict.because, "data", late)


def spared(rollout: Rollout, verdict: Verdict) -> str:
    """Say why a fail, or in a dry run a doubt, is not acted on; empty if it is."""
    if rollout.policy.analysis.dry_run and verdict.cause not in {"", "limit"}:
        would = "rolled back" if verdict.kind == "fail" else "held"
        return f"dry run: would have been {would}: {verdict.because}"
    return f"watch_action: alert: {verdict.because}" if alerts(rollout, verdict) else ""


def alerts(rollout: Rollout, verdict: Verdict) -> bool:
    """Whether a person alone is told of a fail."""
    told = rollout.policy.analysis.only_tells(verdict.cause, rollout.percent)
    return told and verdict.kind == "fail"


def stop_for(rollout: Rollout) -> Stop:
    """Say how an ended rollout ended."""
    outcome = rollout.state
    assert outcome in {"promoted", "rolled_back", "stopped", "superseded"}
    return Stop(outcome, rollout.because or f"the rollout is {outcome}")


def first_shift(rollout: Rollout) -> Shift:
    """Return the first step: at 0 % there is nothing to judge yet."""
    why = "the stable revision is the installer's placeholder" if rollout.placeholder else ""
    return Shift(0, rollout.steps[0], why or rollout.verified or "nothing to judge at 0 %")


def onward(rollout: Rollout, because: str) -> Shift | Promote:
    """Return the next step, or promotion after the last."""
    if rollout.next_step == len(rollout.steps):
        return Promote(because)
    return Shift(rollout.next_step, rollout.steps[rollout.next_step], because)


def _of_present_step(rollout: Rollout, verdict: Verdict) -> bool:
    return verdict.numbers.step == rollout.shifts[-1].step


def _silent(rollout: Rollout, verdict: Verdict) -> bool:
    """Whether nothing was seen of the present step, and waiting would show no more."""
    return verdict.kind == "no_data" and verdict.settled and _of_present_step(rollout, verdict)


def _why_onward(rollout: Rollout, verdict: Verdict, lenient: str) -> str:
    """Say what lets the rollout leave its step; empty if nothing does."""
    numbers = verdict.numbers
    if verdict.kind == "pass" and _of_present_step(rollout, verdict):
        return verdict.because
    if _silent(rollout, verdict) and rollout.policy.no_data == "pass":
        return f"{verdict.because}; no_data: pass"
    watched = numbers.watched_seconds >= numbers.window_seconds
    if lenient and watched and _of_present_step(rollout, verdict):
        return lenient
    yes = deadline.approved(rollout)
    return (
        f"{yes}; {lenient or verdict.because}"
        if yes and not deadline.in_doubt(rollout, verdict)
        else ""
    )
