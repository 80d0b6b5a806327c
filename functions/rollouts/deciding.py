"""From a rollout and a verdict to the one next action."""

import datetime as dt
import math

from rollouts.actions import Action, Hold, Promote, RollBack, Shift, Stop
from rollouts.durations import show_duration
from rollouts.judging import Verdict
from rollouts.record import Rollout


def decide(rollout: Rollout, verdict: Verdict, now: dt.datetime) -> Action:
    """Choose the next action. Pure: the same arguments always give the same answer.

    A fail is acted on at once. Anything short of a pass never moves forward, and past the
    deadline it goes back: a canary that nobody can judge must not serve users for ever. What
    speaks for an earlier step says nothing of the present one.
    """
    if rollout.ended:
        return stop_for(rollout)
    if not rollout.shifts:
        return first_shift(rollout)
    if verdict.kind == "fail":
        return RollBack(verdict.because)
    if rollout.placeholder:
        return Promote("the first image after the placeholder: nothing to compare with")
    ends = rollout.shifts[0].at + rollout.policy.deadline
    if verdict.numbers.step == rollout.shifts[-1].step:
        if verdict.kind == "pass" or _passes_unseen(rollout, verdict):
            action = _forward(rollout, verdict)
            if now < ends or isinstance(action, Promote):
                return action
        if verdict.kind == "no_data" and rollout.policy.no_data == "roll_back" and verdict.settled:
            return RollBack(f"{verdict.because}; no_data: roll_back", refuse=False)
    if now >= ends:
        allowed = show_duration(rollout.policy.deadline)
        because = f"not promoted within {allowed}: {verdict.because}"
        return RollBack(because, refuse=False)
    return Hold(_wait_seconds(rollout, ends - now), verdict.because, "data", ends)


def stop_for(rollout: Rollout) -> Stop:
    """Say how an ended rollout ended."""
    outcome = rollout.state
    assert outcome in {"promoted", "rolled_back", "stopped", "superseded"}
    return Stop(outcome, rollout.because or f"the rollout is {outcome}")


def first_shift(rollout: Rollout) -> Shift:
    """Return the first step: at 0 % there is nothing to judge yet."""
    why = "the stable revision is the installer's placeholder" if rollout.placeholder else ""
    return Shift(0, rollout.steps[0], why or rollout.verified or "nothing to judge at 0 %")


def _passes_unseen(rollout: Rollout, verdict: Verdict) -> bool:
    return verdict.kind == "no_data" and rollout.policy.no_data == "pass" and verdict.settled


def _forward(rollout: Rollout, verdict: Verdict) -> Action:
    because = verdict.because
    if verdict.kind == "no_data":
        because = f"{because}; no_data: pass"
    if rollout.next_step == len(rollout.steps):
        return Promote(because)
    return Shift(rollout.next_step, rollout.steps[rollout.next_step], because)


def _wait_seconds(rollout: Rollout, left: dt.timedelta) -> int:
    """Return whole seconds until the next look: never past the deadline.

    Not before `check_every` is over either: totals become visible a period at a time, and each
    look costs a read of the log, of which a project has 60 a minute.
    """
    wait = rollout.policy.check_every.total_seconds()
    return max(1, math.ceil(min(wait, left.total_seconds())))
