"""Bad requests of the log as counts, and counts as intervals. Not: when any of it is given."""

import bisect
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from rollouts.grid import Grid
from rollouts.intervals import BEFORE, Arm, BadRequest, Carried, Interval
from rollouts.kept import (
    CANARY,
    CANARY_UNREACHED,
    STABLE,
    STABLE_UNREACHED,
    Late,
    Row,
)

_SILENT: Final = Arm(None, 0)
Span = tuple[dt.datetime, dt.datetime]


def rows_of(bad: Iterable[BadRequest], spans: Sequence[Span], grid: Grid) -> Counter[Row]:
    """Count bad requests, each once, by the span that they ended in.

    `spans` are in the order of time. What ended in none of them is left out.
    """
    starts = [start for start, _ in spans]
    rows: Counter[Row] = Counter()
    for one in each_once(bad):
        index = bisect.bisect_right(starts, one.ended) - 1
        if index >= 0 and one.ended < spans[index][1]:
            rows[Row(starts[index], grid.step_at(one.began), kind_of(one))] += 1
    return rows


def each_once(bad: Iterable[BadRequest]) -> list[BadRequest]:
    """Return one entry for each id, whatever the order and however often it is told."""
    ordered = sorted(bad, key=lambda one: (one.ended, one.began, one.role, one.reached))
    return list({one.id: one for one in ordered}.values())


def kind_of(one: BadRequest) -> int:
    if one.role == "canary":
        return CANARY if one.reached else CANARY_UNREACHED
    return STABLE if one.reached else STABLE_UNREACHED


def closed(span: Span, rows: Mapping[Row, int], grid: Grid, known_at: dt.datetime) -> Interval:
    """Return an interval with the bad requests of its span, its totals not visible."""
    start, end = span
    share = grid.share(start, end)
    found = Interval(start, end, share.step, share.percent, _SILENT, _SILENT, known_at=known_at)
    if not rows:
        return found
    return carrying(found, {Late(row.step, row.kind): n for row, n in rows.items()}, grid, own=True)


def carrying(
    interval: Interval, found: Mapping[Late, int], grid: Grid, *, own: bool = False
) -> Interval:
    """Add bad requests to an interval, under the shares in force when they began.

    `own`: those of the interval's own step ended in it, and are its arms' errors. What began
    before the first shift is left out: stable had everything, or it was a smoke test.
    """
    arms, carried = [interval.canary, interval.stable], _counts_of(interval.carried)
    for (step, kind), count in found.items():
        if step == BEFORE or not grid.knows(step):
            continue
        if kind in (CANARY_UNREACHED, STABLE_UNREACHED):
            role = CANARY if kind == CANARY_UNREACHED else STABLE
            arms[role] = replace(arms[role], unreached=arms[role].unreached + count)
        elif own and step == interval.step:
            arms[kind] = replace(arms[kind], errors=arms[kind].errors + count)
        else:
            carried[Late(step, kind)] += count
    canary, stable = arms
    return replace(interval, canary=canary, stable=stable, carried=_carried_of(carried, grid))


def _counts_of(carried: Iterable[Carried]) -> Counter[Late]:
    counts = Counter[Late]()
    for one in carried:
        counts += Counter({Late(one.step, CANARY): one.canary, Late(one.step, STABLE): one.stable})
    return counts


def _carried_of(counts: Counter[Late], grid: Grid) -> tuple[Carried, ...]:
    return tuple(
        Carried(step, grid.percent_of(step), counts[Late(step, CANARY)], counts[Late(step, STABLE)])
        for step in sorted({late.step for late in counts})
    )
