"""What the sweeper finds on a target, and what becomes of it: stable back, or a person is told.

The dead man's switch: whoever drives a rollout may die at any moment, and users must not stay on a
canary that nobody watches. Every finding is done away with, or remembered, by its own write, so
that a second sweep finds nothing. Traffic that the record does not explain is a person's.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final, Literal

from rollouts.actions import Stop
from rollouts.decisions import Decision, with_rollout
from rollouts.durations import show_duration
from rollouts.instants import show_instant
from rollouts.notices import Notice
from rollouts.overdue import limit_of
from rollouts.record import Rollout
from rollouts.rolling_back import SERVED_WITHIN, Ask, arrived, roll_back
from rollouts.second_push import with_past
from rollouts.seen import Change, ServiceSeen, left_with_a_share
from rollouts.traffic import show_shares

YOUNG: Final = dt.timedelta(seconds=30)
"""A claim, a stop or a place in the queue that is younger is left alone: its writer may not be
done, and an execution that has just begun may not be found yet."""
WOKEN_AFTER: Final = dt.timedelta(minutes=2)
"""So long after its limit a driver is woken: it may have slept through its wake-up."""
GIVEN: Final = dt.timedelta(minutes=3)
"""So long it then has to move."""

FindingKind = Literal[
    "execution_gone", "execution_unknown", "past_its_limits", "left_with_a_share", "not_served",
    "waiting_gone",
]  # fmt: skip
Done = Literal["stable_back", "stopped", "driver_woken", "told", "left_queue", "left_alone"]


@dataclass(frozen=True, slots=True)
class SweepFacts:
    """What was read beside the service, for one sweep."""

    alive: bool | None = None
    """Whether the execution that drives still runs; None: nobody can tell, or nobody asked."""
    unknown: str = ""
    """Why nobody can tell."""
    lasting: bool = False
    """Whether asking again will not help, such as a right that is missing."""
    waiting_alive: bool | None = None
    """The same of the execution that waits for its turn."""
    closed: bool = False
    """Whether the line is closed at present: a freeze window, or `stop_the_line`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was wrong, and what is done about it."""

    kind: FindingKind
    done: Done
    because: str
    page: bool = False
    """Whether a person must act."""


@dataclass(frozen=True, slots=True)
class Swept:
    """`finding` is None where all is well, or nothing may be touched yet."""

    decision: Decision
    finding: Finding | None = None


def sweep(seen: ServiceSeen, facts: SweepFacts, now: dt.datetime) -> Swept:
    """Decide about one target. At most one finding a time: the next sweep has the next."""
    rollout = seen.record.rollout
    if rollout is None:
        return _well("no rollout was ever here")
    found = _ended(seen, rollout, now) if rollout.ended else _driven(seen, rollout, facts, now)
    return (
        found
        or _waiting_gone(seen, facts, now)
        or _not_served(seen, rollout, now)
        or _unknown(rollout, facts, now)
        or _well("all is as the record says")
    )


def _driven(
    seen: ServiceSeen, rollout: Rollout, facts: SweepFacts, now: dt.datetime
) -> Swept | None:
    """Look whether a rollout under way still has a driver, and one that moves."""
    if now - rollout.claimed_at < YOUNG:
        return None
    if facts.alive is False:
        because = f"its execution is gone ({rollout.execution.rpartition('/')[2]})"
        return _back(seen, "execution_gone", because, now)
    return _overdue(seen, rollout, facts, now)


def _unknown(rollout: Rollout, facts: SweepFacts, now: dt.datetime) -> Swept | None:
    """Say that nobody can tell whether a driver lives, where that is all there is to say."""
    if rollout.ended or not facts.unknown or now - rollout.claimed_at < YOUNG:
        return None
    finding = Finding("execution_unknown", "left_alone", facts.unknown, page=facts.lasting)
    return Swept(Decision(Stop("unchanged", facts.unknown)), finding)


def _overdue(
    seen: ServiceSeen, rollout: Rollout, facts: SweepFacts, now: dt.datetime
) -> Swept | None:
    """Wake a driver that should have moved by now; if it does not, stable gets everything.

    That its execution lives is no excuse, and need not be known: it may be at work on another
    target. Woken first, because what held it before its first shift may have ended a moment ago:
    a line that was stopped for days.
    """
    limit = limit_of(rollout, now if facts.closed else None)
    foreign = seen.unexplained()
    if now >= limit + WOKEN_AFTER:
        late, since = f"it should have gone on by {show_instant(limit)} and did not", limit
    elif foreign:
        late, since = f"{foreign}, and it did not stop", now - GIVEN * 2
    else:
        return None
    woken = rollout.overdue_at
    if woken is None or woken < since:
        after = replace(rollout, overdue_at=now)
        because = f"{late}; its driver is woken"
        decision = Decision(
            Stop("unchanged", because), Change(with_rollout(seen.record, after)), ()
        )
        return Swept(decision, Finding("past_its_limits", "driver_woken", because))
    if now - woken < GIVEN:
        return None
    late = f"{late}, nor within {show_duration(GIVEN)} of being woken"
    return _back(seen, "past_its_limits", late, now)


def _ended(seen: ServiceSeen, rollout: Rollout, now: dt.datetime) -> Swept | None:
    """Give back what a rollout kept that Barq itself stopped. A person's stop stands as it is."""
    assert rollout.ended_at is not None
    percent = left_with_a_share(seen)
    if not percent or now - rollout.ended_at < YOUNG:
        return None
    because = f"it was left with {percent} % when it stopped: {rollout.because}"
    return _back(seen, "left_with_a_share", because, now)


def _back(seen: ServiceSeen, kind: FindingKind, because: str, now: dt.datetime) -> Swept:
    """Give stable everything, or stop where traffic is not as the record says."""
    # `by_hand` only for what Barq stopped: whoever comes here has seen that nobody wrote since.
    ask = Ask(because, refuse=False, by_hand=kind == "left_with_a_share")
    decision = roll_back(seen, ask, now)
    assert decision.change is not None
    after = decision.change.record.rollout
    assert after is not None
    if after.state == "stopped":
        because = f"{because}; {after.because}"
        return Swept(decision, Finding(kind, "stopped", because, page=True))
    return Swept(decision, Finding(kind, "stable_back", because))


def _waiting_gone(seen: ServiceSeen, facts: SweepFacts, now: dt.datetime) -> Swept | None:
    """Drop a delivery that waits for its turn and cannot take it any more."""
    waiting = seen.record.waiting
    if waiting is None or facts.waiting_alive is not False or now - waiting.since < YOUNG:
        return None
    because = f"delivery {waiting.id} waited, and its execution is gone"
    record = replace(with_past(seen.record, waiting.id), waiting=None)
    finding = Finding("waiting_gone", "left_queue", because)
    return Swept(Decision(Stop("unchanged", because), Change(record)), finding)


def _not_served(seen: ServiceSeen, rollout: Rollout, now: dt.datetime) -> Swept | None:
    """Tell a person, once, of a split that was written and is not the served one."""
    written_at = _traffic_written_at(rollout)
    if written_at is None or now - written_at < SERVED_WITHIN:
        return None
    if seen.served_shares == seen.shares or seen.unexplained():
        return None
    if rollout.stuck_at is not None and rollout.stuck_at >= written_at:
        return None
    after = replace(rollout, stuck_at=now)
    notice = _stuck(seen, after, written_at, now)
    decision = Decision(
        Stop("unchanged", notice.because), Change(with_rollout(seen.record, after)), (notice,)
    )
    return Swept(decision, Finding("not_served", "told", notice.because, page=True))


def _stuck(seen: ServiceSeen, after: Rollout, written_at: dt.datetime, now: dt.datetime) -> Notice:
    """Return the page; in the driver's own words if it pages too, so that the two are one."""
    if after.state == "rolled_back":
        (notice,) = arrived(seen, after, now).notices
        return notice
    because = (
        f"traffic was written to be {show_shares(seen.shares)} at {show_instant(written_at)} and"
        f" is still served as {show_shares(seen.served_shares)}; look at the service now"
    )
    percent = seen.served_shares.get(after.canary, 0)
    return Notice("traffic.stuck", now, after, because, percent, percent)


def _traffic_written_at(rollout: Rollout) -> dt.datetime | None:
    """Return when Barq last wrote traffic; None while a new revision may hold it up."""
    claimed = None if rollout.state == "deploying" else rollout.claimed_at
    written = rollout.shifts[-1].at if rollout.shifts else claimed
    return written if rollout.state == "stopped" else rollout.ended_at or written


def _well(because: str) -> Swept:
    return Swept(Decision(Stop("unchanged", because)))
