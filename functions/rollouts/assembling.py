"""From what two signals tell to intervals: seconds fresh from the log, whole from the metrics.

An interval is given when its errors are known, from then on final, and again when its totals are
visible. What becomes known later is `carried` by an interval that closes then. Nothing missing is
read as zero. Not: what any of it means (`judging`), nor which part of a signal is read (`reading`)
and when (`pacing`).
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from rollouts.closing import close_by_log
from rollouts.gathering import Gathering
from rollouts.intervals import Interval, Signals
from rollouts.kept import TOLD_MAX, Kept, Late
from rollouts.lateness import attach_late
from rollouts.periods import see_totals
from rollouts.record import ShiftDone

SILENT_MIN: Final = 5
"""So many errors in the metrics, of which the log tells nothing, make it a silent one."""
HIDDEN: Final = "the request log tells fewer errors than the metrics (an exclusion filter?)"
SILENT: Final = "the request log tells nothing of the metrics' errors: it is asked once a minute"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a look adds."""

    kept: Kept
    intervals: tuple[Interval, ...]
    """New ones, and those whose totals have become visible, in the order of time."""
    notes: tuple[str, ...] = ()


def gather(
    kept: Kept | None,
    unseen: Sequence[Interval],
    signals: Signals,
    shifts: Sequence[ShiftDone],
    now: dt.datetime,
    *,
    probed: Interval | None = None,
) -> Gathered:
    """Return what is new since `kept`; without it everything, `probed` first.

    `unseen` are the intervals given before whose totals were not visible. Needs a first shift.
    Periods of before it are given once they are visible: some, at first, only after intervals
    of the rollout.
    """
    work = Gathering(kept, unseen if kept else (), signals, shifts, now)
    close_by_log(work)
    see_totals(work)
    pending = attach_late(work)
    silent = _silent(work)
    new = _keep(work, pending, silent=silent)
    first = (probed,) if probed and kept is None else ()
    return Gathered(new, (*first, *_given(work)), _notes(work, silent=silent))


def _silent(work: Gathering) -> bool:
    """Whether the log is one that tells nothing: so it stays until it tells something."""
    if work.signals.log_until is None:
        return work.kept.pace.silent
    if work.told_any:
        return False
    return work.kept.pace.silent or work.ledger.hidden >= SILENT_MIN


def _keep(work: Gathering, pending: Counter[Late], *, silent: bool) -> Kept:
    waiting = [one for one in work.starts if one not in work.seen][-TOLD_MAX:]
    told_since = max(work.kept.told_since, waiting[0] if waiting else work.closed_until)
    return Kept(
        looked_at=work.now if work.first else max(work.now, work.kept.looked_at),
        closed_until=work.closed_until,
        seen_until=work.seen_until,
        period=work.grid.period,
        delay=work.signals.delay,
        told_since=told_since,
        told=work.ledger.told_since(told_since),
        debt=work.ledger.debt_before(told_since),
        pending=dict(pending),
        pace=replace(work.kept.pace, silent=silent),
    )


def _given(work: Gathering) -> tuple[Interval, ...]:
    starts = sorted(work.seen.union(work.new))
    return (*work.past, *(work.open[start] for start in starts))


def _notes(work: Gathering, *, silent: bool) -> tuple[str, ...]:
    hidden = work.ledger.hidden and not work.signals.capped
    return (*[HIDDEN] * bool(hidden), *[SILENT] * silent)
