"""The totals' half of a look: visible sample periods, one after another.

Each gives the intervals that it covers again, with totals. Not: how these are spread (`totals`).
"""

import bisect
import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from rollouts.gathering import Gathering
from rollouts.grid import EPOCH, floor
from rollouts.intervals import Interval, Point, Role
from rollouts.kept import REACHED, Row
from rollouts.logged import Span
from rollouts.totals import Points, counted, past


def see_totals(work: Gathering) -> None:
    """Take the periods that are visible, up to one whose errors must be known first."""
    points, seen_at = _points_of(work), EPOCH
    while (end := work.seen_until + work.grid.period) <= work.signals.visible_until:
        if _waits_for_log(work, end):
            return
        span = (work.seen_until, end)
        seen_at = work.became_known(_nominal(work, end), seen_at)
        of_period = (points.get(("canary", span[0])), points.get(("stable", span[0])))
        if end <= work.grid.past_until:
            work.past.append(past(span, of_period[1], seen_at))
        else:
            _see(work, span, of_period, seen_at)
        work.seen_until = end


def _points_of(work: Gathering) -> Mapping[tuple[Role, dt.datetime], Point]:
    """Return the points by role and period; of two for one period the larger."""
    return {
        (one.role, floor(one.start, work.grid.period)): one
        for one in sorted(work.signals.points, key=lambda one: (one.requests, one.errors))
    }


def _waits_for_log(work: Gathering, end: dt.datetime) -> bool:
    if end <= work.grid.past_until or work.signals.log_until is None:
        return False
    return work.closed_until < end + work.grid.length


def _nominal(work: Gathering, end: dt.datetime) -> dt.datetime:
    """Return when a period that ends then is seen, if a look is there to see it.

    One more interval must be closed: log and metrics may put a request on different sides of
    a cut.
    """
    visible = end + (work.signals.delay or dt.timedelta(0))
    if end <= work.grid.past_until or work.signals.log_until is None:
        return visible
    return max(visible, end + work.grid.length + work.grid.settle)


def _see(work: Gathering, span: Span, points: Points, seen_at: dt.datetime) -> None:
    start, end = span
    # In the first shift's own period smoke tests stand in the totals: it gets none.
    whole = start >= work.grid.whole_since
    if work.closed_until < end:
        _close_by_totals(work, span, points if whole else None, seen_at)
    inside = _inside(work, span)
    if whole:
        found = counted(inside, span, points, work.grid, seen_at)
        work.late.append((seen_at, +work.ledger.settle_up(start, end, points)))
    else:
        found = [replace(one, seen_at=seen_at) for one in inside]
    work.open |= {one.start: one for one in found}
    work.seen |= {one.start for one in found}


def _inside(work: Gathering, span: Span) -> list[Interval]:
    first, last = (bisect.bisect_left(work.starts, one) for one in span)
    return [work.open[one] for one in work.starts[first:last]]


def _close_by_totals(
    work: Gathering, span: Span, points: Points | None, seen_at: dt.datetime
) -> None:
    """Give the rest of a period as one interval, with the totals' errors: no log tells them.

    Of the first shift's own period nothing can be said, and no interval is given.
    """
    start, end = span
    begin = max(start, work.closed_until)
    if points is None:
        work.closed_until = end
        return
    step = work.grid.share(begin, end).step
    rows: Counter[Row] = Counter()
    for kind in REACHED:
        point = points[kind]
        told = work.ledger.told_between(kind, start, begin)
        rows[Row(begin, step, kind)] = max(0, (point.errors if point else 0) - told)
    work.give((begin, end), +rows, seen_at)
    work.ledger.take(+rows)
