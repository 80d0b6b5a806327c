"""A sample period's totals on the intervals that it covers."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from rollouts.grid import Grid
from rollouts.intervals import BEFORE, Arm, Interval, Point
from rollouts.spreading import spread

_MICROSECOND: Final = dt.timedelta(microseconds=1)
Points = tuple[Point | None, Point | None]
"""Of canary and stable; None where a visible period has none: no request."""


def past(span: tuple[dt.datetime, dt.datetime], stable: Point | None, at: dt.datetime) -> Interval:
    """Return a period of before the first shift: stable alone, all of it known at once."""
    start, end = span
    arm = Arm(0, 0)
    if stable:
        arm = Arm(stable.requests, stable.errors, stable.latency, 0, stable.in_flight)
    return Interval(start, end, BEFORE, 0, Arm(0, 0), arm, known_at=at, seen_at=at)


def counted(
    inside: Sequence[Interval],
    span: tuple[dt.datetime, dt.datetime],
    points: Points,
    grid: Grid,
    seen_at: dt.datetime,
) -> list[Interval]:
    """Return the intervals of a period with its totals.

    Requests are spread by share and time, never below an interval's errors. Latencies are the
    whole period's, so they stand on the interval that ends it, if one step was all of it.
    """
    pieces = _pieces(inside, span, grid)
    arms = []
    for index, point in enumerate(points):
        weights = [_weight(start, end, percent, index) for start, end, percent, _ in pieces]
        floors = [(one.canary, one.stable)[index].errors if one else 0 for *_, one in pieces]
        given = spread(point.requests if point else 0, weights, floors)
        arms.append([n for n, (*_, one) in zip(given, pieces, strict=True) if one])
    found = []
    for one, canary, stable in zip(inside, *arms, strict=True):
        whole = one.end == span[1] and grid.one_step(*span)
        timed = points if whole else (None, None)
        found.append(
            Interval(
                one.start,
                one.end,
                one.step,
                one.percent,
                _seen(one.canary, canary, timed[0]),
                _seen(one.stable, stable, timed[1]),
                one.carried,
                one.known_at,
                seen_at,
                span[0] if whole else one.latency_since,
            )
        )
    return found


def _seen(arm: Arm, requests: int, timed: Point | None) -> Arm:
    """Return an arm with its requests; `timed` is the point whose latencies stand on it."""
    told = timed or arm
    return Arm(requests, arm.errors, told.latency, arm.unreached, told.in_flight)


def _pieces(
    inside: Sequence[Interval], span: tuple[dt.datetime, dt.datetime], grid: Grid
) -> list[tuple[dt.datetime, dt.datetime, int, Interval | None]]:
    """Return the period without gaps: what nobody waits for any more had requests, too."""
    pieces: list[tuple[dt.datetime, dt.datetime, int, Interval | None]] = []
    upto = max(span[0], grid.began)
    for one in inside:
        if one.start > upto:
            pieces.append((upto, one.start, grid.share(upto, one.start).percent, None))
        pieces.append((one.start, one.end, one.percent, one))
        upto = one.end
    if upto < span[1]:
        pieces.append((upto, span[1], grid.share(upto, span[1]).percent, None))
    return pieces


def _weight(start: dt.datetime, end: dt.datetime, percent: int, index: int) -> int:
    return (end - start) // _MICROSECOND * (100 - percent if index else percent)
