"""From what two signals tell to intervals: seconds fresh from the log, whole from the metrics.

An interval is given when its errors are known, from then on final, and again when its totals are
visible. What becomes known later is `carried` by an interval that closes then. Nothing missing is
read as zero. Not: what any of it means (`judging`), nor when a signal is asked (`pacing`).
"""

import bisect
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rollouts.grid import EPOCH, Grid, floor, length_of
from rollouts.intervals import BEFORE, Interval, Signals
from rollouts.kept import REACHED, TOLD_MAX, Kept, Late, Row
from rollouts.logged import carrying, closed, rows_of
from rollouts.record import ShiftDone
from rollouts.totals import Points, counted, past

PAST: Final = dt.timedelta(minutes=30)
"""How much of stable's own past is read: it tells whether the service has traffic at all."""
OVERLAP: Final = dt.timedelta(seconds=60)
"""How far behind the last closed interval the log is read: requests end later than they begin."""
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
    work = _Gathering(kept, unseen if kept else (), signals, shifts, now)
    work.close_by_log()
    work.see_totals()
    work.attach_late()
    first = (probed,) if probed and kept is None else ()
    return Gathered(work.keep(), (*first, *work.given()), work.notes())


def metrics_since(kept: Kept | None, shifts: Sequence[ShiftDone]) -> dt.datetime:
    """Return from when on totals are to be read."""
    return kept.seen_until if kept else shifts[0].at - PAST


def log_since(
    kept: Kept | None, unseen: Sequence[Interval], shifts: Sequence[ShiftDone]
) -> dt.datetime:
    """Return from when on bad requests are to be read, by when they began.

    Requests under way at the first shift are no interval's, but the totals have them.
    """
    earliest = shifts[0].at - OVERLAP
    if kept is None:
        return earliest
    waiting = [one.start for one in unseen if one.start >= kept.told_since]
    return max(earliest, min([kept.closed_until - OVERLAP, *waiting]))


def log_before(period: dt.timedelta, now: dt.datetime) -> dt.datetime:
    """Return before when bad requests began that can have ended in an interval that closes."""
    return floor(now - length_of(period) / 2, length_of(period))


class _Gathering:
    """One look's work."""

    def __init__(
        self,
        kept: Kept | None,
        unseen: Sequence[Interval],
        signals: Signals,
        shifts: Sequence[ShiftDone],
        now: dt.datetime,
    ) -> None:
        self.signals, self.now, self.first = signals, now, kept is None
        self.grid = grid = Grid(signals.period, shifts)
        self.kept = kept = kept or _nothing(grid, now)
        self.closed_until = kept.closed_until
        self.seen_until = floor(kept.seen_until, grid.period)
        self.told = Counter(dict(kept.told))
        self.debt = list(kept.debt)
        self.late: list[tuple[dt.datetime | None, Counter[Late]]] = [
            (None, Counter(dict(kept.pending)))
        ]
        self.pending: Counter[Late] = Counter()
        self.hidden = 0
        self.past: list[Interval] = []
        self.open = {one.start: one for one in unseen if one.step > BEFORE and not one.seen_at}
        self.starts = sorted(self.open)
        self.new: list[dt.datetime] = []
        self.seen: set[dt.datetime] = set()
        self.seen_at = EPOCH
        self.points = {
            (one.role, floor(one.start, grid.period)): one
            for one in sorted(signals.points, key=lambda one: (one.requests, one.errors))
        }

    def _as_of(self, nominal: dt.datetime, before: dt.datetime) -> dt.datetime:
        """Return when something became known: now, if the last look should have seen it.

        Never sooner than what is earlier: `before` says when that became known.
        """
        missed = not self.first and nominal <= self.kept.looked_at
        return max(self.now if missed else nominal, before)

    # The log: errors at once, and final.

    def close_by_log(self) -> None:
        """Give the intervals whose errors are known, and find what was told late of others."""
        until = self._closes_until()
        if until is None:
            return
        waiting = [one for one in self.starts if one >= self.kept.told_since]
        spans = [(start, self.open[start].end) for start in waiting]
        while (end := self.grid.next_cut(self.closed_until)) + self.grid.settle <= until:
            spans.append((self.closed_until, end))
            self.closed_until = end
        fresh = rows_of(self.signals.bad, spans, self.grid)
        known_before = frozenset(waiting)
        own: defaultdict[dt.datetime, dict[Row, int]] = defaultdict(dict)
        late: Counter[Late] = Counter()
        for row, count in fresh.items():
            own[row.start][row] = count
            if row.start in known_before:
                late[Late(row.step, row.kind)] += max(0, count - self.told[row])
        known = EPOCH
        for start, end in spans[len(waiting) :]:
            known = self._as_of(end + self.grid.settle, known)
            self._give(start, end, own[start], known)
        self.late.append((None, +late))
        self.told |= fresh

    def _closes_until(self) -> dt.datetime | None:
        """Return until when the log's word is taken; None if it was not read.

        That a silent one tells nothing of the last minutes is no knowledge: it waits for totals.
        """
        until = self.signals.log_until
        if until is None or not self.kept.pace.silent or self._told_any:
            return until
        return min(until, self.signals.visible_until + self.grid.length + self.grid.settle)

    @property
    def _told_any(self) -> bool:
        return any(one.reached for one in self.signals.bad)

    def _give(
        self, start: dt.datetime, end: dt.datetime, rows: Mapping[Row, int], known_at: dt.datetime
    ) -> None:
        self.open[start] = closed((start, end), rows, self.grid, known_at)
        self.starts.append(start)
        self.new.append(start)

    # The metrics: totals, a period at a time.

    def see_totals(self) -> None:
        start = self.seen_until
        while (end := start + self.grid.period) <= self.signals.visible_until:
            if not self._see(start, end):
                break
            start = self.seen_until = end

    def _see(self, start: dt.datetime, end: dt.datetime) -> bool:
        """Take a visible period; False if its errors must be known first."""
        points = (self.points.get(("canary", start)), self.points.get(("stable", start)))
        nominal = end + (self.signals.delay or dt.timedelta(0))
        if end <= self.grid.past_until:
            self.seen_at = self._as_of(nominal, self.seen_at)
            self.past.append(past((start, end), points[1], self.seen_at))
            return True
        if self.signals.log_until is not None:
            # One more interval: log and metrics may put a request on different sides of a cut.
            needed = end + self.grid.length
            if self.closed_until < needed:
                return False
            nominal = max(nominal, needed + self.grid.settle)
        seen_at = self.seen_at = self._as_of(nominal, self.seen_at)
        whole = start >= self.grid.whole_since
        if self.closed_until < end:
            self._close_by_totals(start, end, points if whole else None, seen_at)
        first, last = (bisect.bisect_left(self.starts, one) for one in (start, end))
        inside = [self.open[one] for one in self.starts[first:last]]
        if whole:
            found = counted(inside, (start, end), points, self.grid, seen_at)
            self._settle_up(start, end, points, seen_at)
        else:
            found = [replace(one, seen_at=seen_at) for one in inside]
        self.open |= {one.start: one for one in found}
        self.seen |= {one.start for one in found}
        return True

    def _close_by_totals(
        self, start: dt.datetime, end: dt.datetime, points: Points | None, at: dt.datetime
    ) -> None:
        """Give the rest of a period as one interval, with the totals' errors: no log tells them.

        Of the first shift's own period nothing can be said: smoke tests stand in its totals.
        """
        begin, self.closed_until = max(start, self.closed_until), end
        if points is None:
            return
        step = self.grid.share(begin, end).step
        rows: Counter[Row] = Counter()
        for kind in REACHED:
            point = points[kind]
            told = self._told(kind, start, begin)
            rows[Row(begin, step, kind)] = max(0, (point.errors if point else 0) - told)
        self._give(begin, end, +rows, at)
        self.told |= +rows

    def _told(self, kind: int, since: dt.datetime, until: dt.datetime) -> int:
        return sum(
            count
            for row, count in self.told.items()
            if row.kind == kind and since <= row.start < until
        )

    def _settle_up(
        self, start: dt.datetime, end: dt.datetime, points: Points, at: dt.datetime
    ) -> None:
        """Find errors that only the totals show, over the whole rollout so far."""
        excess: Counter[Late] = Counter()
        step = self.grid.share(start, end).step
        for kind in REACHED:
            point = points[kind]
            self.debt[kind] += point.errors if point else 0
            logged = self._told(kind, self._ledger_since, end + self.grid.length)
            hidden = max(0, self.debt[kind] - logged)
            self.debt[kind] -= hidden
            excess[Late(step, kind)] = hidden
        self.hidden += excess.total()
        self.late.append((at, +excess))

    @property
    def _ledger_since(self) -> dt.datetime:
        return self.grid.whole_since - self.grid.length

    # Out.

    def attach_late(self) -> None:
        """Add what became known late to intervals that close now; keep it if none does."""
        if not self.new and any(counts for _, counts in self.late):
            self._close_next()
        for known, counts in self.late:
            if not self.new:
                self.pending += counts
            elif counts:
                start = self._closing(known)
                self.open[start] = carrying(self.open[start], counts, self.grid)

    def _close_next(self) -> None:
        """Give an interval sooner than a silent log would: what the totals show is urgent."""
        end, until = self.grid.next_cut(self.closed_until), self.signals.log_until
        if until is not None and end + self.grid.settle <= until:
            self._give(self.closed_until, end, {}, self.now)
            self.closed_until = end

    def _closing(self, known: dt.datetime | None) -> dt.datetime:
        """Return the interval that closes when something is known, or the newest of all.

        Of several that close at one instant the newest: no more of the present is known.
        """
        closing = [(self.open[start].known_at, start) for start in self.new]
        since = [one for one in closing if known and one[0] and one[0] >= known]
        return max(start for at, start in since if at == since[0][0]) if since else self.new[-1]

    def given(self) -> tuple[Interval, ...]:
        starts = sorted(self.seen.union(self.new))
        return (*self.past, *(self.open[start] for start in starts))

    def keep(self) -> Kept:
        waiting = [one for one in self.starts if one not in self.seen][-TOLD_MAX:]
        told_since = max(self.kept.told_since, waiting[0] if waiting else self.closed_until)
        debt = [
            owed - self._told(kind, self._ledger_since, told_since)
            for kind, owed in zip(REACHED, self.debt, strict=True)
        ]
        return Kept(
            looked_at=self.now if self.first else max(self.now, self.kept.looked_at),
            closed_until=self.closed_until,
            seen_until=self.seen_until,
            period=self.grid.period,
            delay=self.signals.delay,
            told_since=told_since,
            told={row: n for row, n in self.told.items() if n and row.start >= told_since},
            debt=(debt[0], debt[1]),
            pending=dict(self.pending),
            pace=replace(self.kept.pace, silent=self.silent),
        )

    @property
    def silent(self) -> bool:
        if self.signals.log_until is None:
            return self.kept.pace.silent
        if self._told_any:
            return False
        return self.kept.pace.silent or self.hidden >= SILENT_MIN

    def notes(self) -> tuple[str, ...]:
        hidden = self.hidden and not self.signals.capped
        return (*[HIDDEN] * bool(hidden), *[SILENT] * self.silent)


def _nothing(grid: Grid, now: dt.datetime) -> Kept:
    return Kept(
        looked_at=now,
        closed_until=grid.began,
        seen_until=floor(grid.began - PAST, grid.period),
        period=grid.period,
        delay=None,
        told_since=grid.began,
    )
