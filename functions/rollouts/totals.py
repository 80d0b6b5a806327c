"""A sample period's totals on the intervals that it covers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
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
    found = [
        Interval(
            one.start,
            one.end,
            one.step,
            one.percent,
            _with_requests(one.canary, canary),
            _with_requests(one.stable, stable),
            one.carried,
            one.known_at,
            seen_at,
            one.latency_since,
        )
        for one, canary, stable in zip(inside, *arms, strict=True)
    ]
    if found and found[-1].end == span[1] and grid.one_step(*span):
        found[-1] = _with_latency(found[-1], span[0], points)
    return found


def _with_requests(arm: Arm, requests: int) -> Arm:
    return Arm(requests, arm.errors, arm.latency, arm.unreached, arm.in_flight)


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


def _with_latency(one: Interval, since: dt.datetime, points: Points) -> Interval:
    arms = [
        replace(arm, latency=point.latency, in_flight=point.in_flight) if point else arm
        for arm, point in zip((one.canary, one.stable), points, strict=True)
    ]
    return replace(one, canary=arms[0], stable=arms[1], latency_since=since)
