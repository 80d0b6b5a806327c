"""One look at a rollout's signals. A signal that cannot be read is no data, never a pass.

Sparingly: the quotas belong to all rollouts of a project. One read of the log a look, and the
metrics only when a new sample period may be visible. Not: what is found means (`judging`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gcp.ports import LogRead, Totals, World
from gcp.request_log import PAGES_MAX
from rollouts.assembling import gather
from rollouts.blame import roles
from rollouts.errors import BarqError, Denied, OverQuota
from rollouts.grid import PERIOD
from rollouts.instants import show_instant
from rollouts.intervals import Interval, Signals
from rollouts.kept import Kept, Pace
from rollouts.pacing import answered, log_due, metrics_due, next_look, refused
from rollouts.policy import ServiceRef
from rollouts.reading import LogSpan, log_before, log_since, metrics_since
from rollouts.record import Rollout


@dataclass(frozen=True, slots=True)
class Look:
    """What one look came to."""

    signals: Signals
    asked: LogSpan
    """What the log was asked for, if it was."""
    intervals: tuple[Interval, ...]
    """New ones, and those whose totals have become visible, in the order of time."""
    kept: Kept
    """For the next look."""
    notes: tuple[str, ...]
    """What could not be read or is odd about it, for people."""
    slow_until: dt.datetime | None
    """Until then another look can show nothing new; None if any look may."""


def look(
    world: World,
    ref: ServiceRef,
    rollout: Rollout,
    now: dt.datetime,
    known: Kept | Pace | None = None,
    unseen: Sequence[Interval] = (),
    *,
    in_flight: bool = False,
    probed: Interval | None = None,
) -> Look:
    """Read what is new since what is `known`, or everything. Needs a first shift.

    `unseen` are the intervals given before whose totals were not visible. `in_flight` asks for
    requests open at once, too: one more call.
    """
    kept = known if isinstance(known, Kept) else None
    pace = kept.pace if kept else known if isinstance(known, Pace) else Pace()
    metrics = _metrics(world, ref, rollout, now, kept, in_flight=in_flight)
    asked = log_since(kept, unseen, rollout.shifts)
    log = _log(world, ref, rollout, now, kept, pace, asked, metrics.totals.period)
    totals, read = metrics.totals, log.read
    # A search that broke off without a find says nothing: not that there is nothing.
    searched = read and (read.bad or not read.unsearched)
    signals = Signals(
        points=totals.points,
        since=metrics_since(kept, rollout.shifts),
        visible_until=totals.visible_until,
        period=totals.period,
        bad=read.bad if read else (),
        log_until=now if searched else None,
        notes=(*metrics.notes, *log.notes),
        delay=metrics.delay,
        capped=bool(read and (read.capped or read.unsearched)),
    )
    gathered = gather(kept, unseen, signals, rollout.shifts, now, probed=probed)
    pace = replace(log.pace, silent=gathered.kept.pace.silent)
    new = replace(gathered.kept, pace=answered(pace, now) if read else pace)
    notes = (*signals.notes, *gathered.notes)
    return Look(signals, asked, gathered.intervals, new, notes, next_look(new, now))


@dataclass(frozen=True, slots=True)
class _Metrics:
    totals: Totals
    delay: dt.timedelta | None
    notes: tuple[str, ...] = ()


def _metrics(
    world: World,
    ref: ServiceRef,
    rollout: Rollout,
    now: dt.datetime,
    kept: Kept | None,
    *,
    in_flight: bool,
) -> _Metrics:
    """Read the totals, if there can be new ones; nothing new is visible if they cannot be read."""
    since = metrics_since(kept, rollout.shifts)
    delay = kept.delay if kept else None
    nothing = Totals((), since, kept.period if kept else PERIOD)
    if not metrics_due(kept, now):
        return _Metrics(nothing, delay)
    try:
        found = world.metrics.totals(ref, roles(rollout), since, now, in_flight=in_flight)
    except BarqError as error:
        return _Metrics(nothing, delay, (f"Cloud Monitoring could not be read: {error.message}",))
    return _Metrics(found, found.delay, found.notes)


@dataclass(frozen=True, slots=True)
class _Log:
    read: LogRead | None
    pace: Pace
    notes: tuple[str, ...] = ()


def _log(
    world: World,
    ref: ServiceRef,
    rollout: Rollout,
    now: dt.datetime,
    kept: Kept | None,
    pace: Pace,
    asked: LogSpan,
    period: dt.timedelta,
) -> _Log:
    """Read the log, unless it refused a moment ago. A refusal is not asked about at once again.

    Only of what closes now: a page holds the newest, and those of the last seconds, of which
    nothing can be said yet, would fill it where a busy canary fails every request.
    """
    if not log_due(kept, pace, now):
        return _Log(None, pace, _waits(pace, now))
    try:
        read = world.request_log.bad_requests(
            ref,
            roles(rollout),
            asked.began_since,
            log_before(period, now),
            arrived_since=asked.arrived_since,
            pages=1 if kept else PAGES_MAX,
        )
    except BarqError as error:
        note = f"the request log could not be read: {error.message}"
        if isinstance(error, OverQuota | Denied):
            heard_until = kept.closed_until if kept else rollout.shifts[0].at
            pace = refused(pace, now, rollout.id, heard_until)
        return _Log(None, pace, (note, *_waits(pace, now)))
    return _Log(read, pace, _limits(read))


def _waits(pace: Pace, now: dt.datetime) -> tuple[str, ...]:
    """Say when a log that refused is asked again. A silent one has a note of its own."""
    if pace.silent or pace.wait_until is None or pace.wait_until <= now:
        return ()
    until = show_instant(pace.wait_until.replace(microsecond=0))
    return (f"the request log is asked again at {until}, not before: it refused a moment ago",)


def _limits(read: LogRead) -> tuple[str, ...]:
    if read.unsearched:
        return ("the request log was not searched to the end: it may hold more",)
    if not read.capped:
        return ()
    whole = f", whole from {show_instant(read.whole_since)} on" if read.whole_since else ""
    return (f"the request log holds more bad requests than one look reads{whole}",)
