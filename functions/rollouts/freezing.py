"""The gate that a closed line is: a frozen canary keeps what it has, is watched, and may go back.

Read from the present delivery.yaml, for a rollout that began before it too. Promotion, which gives
nobody a new share, and rollback never ask here.
"""

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import Final

from rollouts.actions import Hold, RollBack
from rollouts.deadline import deadline_of
from rollouts.decisions import Decision, with_rollout
from rollouts.durations import show_duration
from rollouts.freezes import frozen_by, open_again, zone_of
from rollouts.notices import Notice
from rollouts.policy import Target
from rollouts.record import Rollout
from rollouts.seen import Change, ServiceSeen

FROZEN_MAX: Final = dt.timedelta(days=30)
"""How long a canary without traffic waits for a line to open: after that it is old news."""
WAIT_MAX: Final = dt.timedelta(hours=1)
"""A hold looks again at least this often, as one for an approval does."""
WAIT_MIN: Final = dt.timedelta(seconds=60)
"""Who opens a stopped line deploys the functions again, which wakes nobody: so soon is looked."""
PATIENCE: Final = 60
"""And later on after a part of the time waited, one in so many: steps of an execution are few."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Why no canary of a target gets a new share now."""

    why: str
    """What closes the line, without a time: the same words as long as it is the same."""
    because: str
    """The same for people, with its end."""
    until: dt.datetime | None
    """When it opens, all windows that follow on each other together; None: nobody knows."""


def closed(target: Target, now: dt.datetime) -> Closed | None:
    """Say what closes the line of a target; None: it is open."""
    if target.stop_the_line:
        why = f"the line is stopped: {target.stop_the_line}"
        return Closed(why, why, None)
    freeze = frozen_by(target.freezes, now)
    if freeze is None:
        return None
    why = f"{freeze.name} {freeze.zone}" + (f": {freeze.reason}" if freeze.reason else "")
    until = open_again(target.freezes, now)
    if until is None:
        return Closed(why, f"frozen for more than a year ({why})", None)
    ends = until.astimezone(zone_of(freeze.zone)).strftime("%Y-%m-%d %H:%M")
    return Closed(why, f"frozen until {ends} {freeze.zone} ({why})", until)


def frozen(
    seen: ServiceSeen, rollout: Rollout, line: Closed | None, now: dt.datetime
) -> Decision | None:
    """Decide about the next share while a line is closed; None: nothing stands in its way."""
    if line is None or rollout.override_freeze:
        return None
    ends = _ends(rollout)
    if ends and now >= ends[0]:
        return Decision(RollBack(f"{ends[1]}: {line.because}", refuse=False))
    after = replace(rollout, frozen_at=rollout.frozen_at or now, frozen=line.why)
    hold = Hold(_seconds(after, line, now), line.because, "freeze", line.until)
    if rollout.frozen == line.why:
        return Decision(hold)
    percent = rollout.percent
    notice = Notice("rollout.frozen", now, after, line.because, percent, percent)
    return Decision(hold, Change(with_rollout(seen.record, after)), (notice,))


def passed(rollout: Rollout, line: Closed | None) -> str:
    """Say on whose word a share is given while the line is closed; empty if it is open."""
    if line is None or not rollout.override_freeze:
        return ""
    return f"not held by {line.why}, by {rollout.override_freeze}"


def _ends(rollout: Rollout) -> tuple[dt.datetime, str] | None:
    """Return when a frozen rollout is taken back, and why then; None: it is frozen only now."""
    if rollout.shifts:
        allowed = show_duration(rollout.policy.deadline)
        return deadline_of(rollout), f"not promoted within {allowed}"
    if rollout.frozen_at:
        return rollout.frozen_at + FROZEN_MAX, f"not begun within {show_duration(FROZEN_MAX)}"
    return None


def _seconds(rollout: Rollout, line: Closed, now: dt.datetime) -> int:
    """Return whole seconds until the next look, at least 1: not past the end, nor the deadline.

    A canary that has traffic is looked at as often as ever.
    """
    assert rollout.frozen_at is not None
    if rollout.shifts:
        wait = min(rollout.policy.check_every, deadline_of(rollout) - now)
    elif line.until:
        wait = WAIT_MAX
    else:
        wait = min(WAIT_MAX, max(WAIT_MIN, (now - rollout.frozen_at) / PATIENCE))
    left = line.until - now if line.until else wait
    return max(1, math.ceil(min(wait, left).total_seconds()))
