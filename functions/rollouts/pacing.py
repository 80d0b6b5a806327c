"""When each signal is worth asking: quotas are small and shared by all rollouts of a project."""

import datetime as dt
import hashlib
import math
from dataclasses import replace
from typing import Final

from rollouts.actions import Hold
from rollouts.grid import floor
from rollouts.kept import Kept, Pace

BACKOFF: Final = dt.timedelta(seconds=20)
"""How long a log that refused is left alone; twice as long after each further refusal."""
BACKOFF_MAX: Final = dt.timedelta(seconds=120)
DEAF: Final = dt.timedelta(seconds=40)
"""Who has heard nothing of the log for so long does not step back any further for the others: a bad
canary must not go unseen because good ones are looked at often."""
SPREAD: Final = 0.25
"""The part of a wait by which rollouts that were refused together are kept apart."""
SILENT_APART: Final = dt.timedelta(seconds=45)
"""A silent log is asked when a new period is visible, and not again so soon."""
SLOW_MAX: Final = dt.timedelta(seconds=120)
"""The longest that a look is put off because it can show nothing new."""
_DOUBLINGS_MAX: Final = 10


def metrics_due(kept: Kept | None, now: dt.datetime) -> bool:
    """Whether a sample period may have become visible that was not seen yet."""
    if kept is None or kept.delay is None:
        return True
    return floor(now - kept.delay, kept.period) > kept.seen_until


def log_due(kept: Kept | None, pace: Pace, now: dt.datetime) -> bool:
    """Whether the request log is worth one of a project's 60 reads a minute."""
    if _waits(pace, now):
        return False
    return not pace.silent or metrics_due(kept, now)


def _waits(pace: Pace, now: dt.datetime) -> bool:
    """Whether a log that refused is left alone. A wait that nobody can have set is none."""
    until = pace.wait_until
    return until is not None and now < until <= now + 2 * BACKOFF_MAX


def refused(pace: Pace, now: dt.datetime, key: str, heard_until: dt.datetime) -> Pace:
    """Wait 20, 40, 80, then 120 seconds, shorter by up to a quarter that `key` decides.

    20 for who knows nothing of the last `DEAF` before `now`: the log told until `heard_until`.
    """
    doublings: int = 2 ** min(pace.failures, _DOUBLINGS_MAX)
    longest = min(BACKOFF * doublings, BACKOFF_MAX)
    if now - heard_until >= DEAF:
        longest = BACKOFF
    digest = hashlib.sha256(f"{key} {pace.failures}".encode()).digest()
    wait = longest * (1.0 - SPREAD * digest[0] / 255)
    return replace(pace, wait_until=now + wait, failures=pace.failures + 1)


def answered(pace: Pace, now: dt.datetime) -> Pace:
    """Forget one refusal: a quota that was short a moment ago is likely short again."""
    wait_until = now + SILENT_APART if pace.silent else None
    return replace(pace, wait_until=wait_until, failures=max(0, pace.failures - 1))


def next_look(kept: Kept, now: dt.datetime) -> dt.datetime | None:
    """Return until when another look can show nothing new; None if any look may."""
    if not _waits(kept.pace, now) and not kept.pace.silent:
        return None
    if kept.delay is None:
        return None  # Monitoring could not be read yet: it may be at any moment.
    due = kept.seen_until + kept.period + kept.delay
    if due <= now:
        return None
    if kept.pace.silent or kept.pace.wait_until is None:
        return due
    return min(kept.pace.wait_until, due)


def slowed(action: Hold, until: dt.datetime | None, now: dt.datetime) -> Hold:
    """Hold until there can be something new to see, at most two minutes, never past its end."""
    if until is None or action.waits_for != "data":
        return action
    ends = min(until, action.until) if action.until else until
    wait = math.ceil(min(ends - now, SLOW_MAX).total_seconds())
    return replace(action, wait_seconds=max(action.wait_seconds, wait))
