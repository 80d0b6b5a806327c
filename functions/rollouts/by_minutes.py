"""The history by whole sample periods: what check_metrics and status used before `assembling`.

To be removed with `gcp/looking_by_minutes.py` once both ask `gcp/looking.py`.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from rollouts.intervals import BEFORE, Arm, BadRequest, Interval, Point, Role, Signals
from rollouts.record import ShiftDone


def assemble(
    signals: Signals, shifts: Sequence[ShiftDone], now: dt.datetime
) -> tuple[Interval, ...]:
    """Cut the time since `signals.since` into intervals on the sample grid, up to `now`.

    Errors of a role are the larger of the log's count and the totals': neither counts twice,
    and either may be late. A shift inside a period cuts its duration, not its counts; only the
    period of the first shift stays without totals for ever, because the canary's requests in
    it may be smoke tests of before.
    """
    period = signals.period.total_seconds()
    began = shifts[0].at if shifts else None
    logged = {one.id: one for one in signals.bad if began is None or one.ended >= began}
    bad = _by_slot(logged.values(), period)
    points = {(point.role, _slot(point.start, period)): point for point in signals.points}
    first = min([_slot(signals.since, period), *(slot for _, slot in (*points, *bad))])
    built = []
    for slot in range(first, _slot(now, period) + 1):
        start = dt.datetime.fromtimestamp(slot * period, dt.UTC)
        end = min(start + signals.period, now)
        mixed = began is not None and start < began < start + signals.period
        visible = start + signals.period <= signals.visible_until and not mixed
        arms = [
            _arm(None if mixed else points.get((role, slot)), bad.get((role, slot), 0), visible)
            for role in ("canary", "stable")
        ]
        step, percent, begins = _in_force(shifts, start, start + signals.period)
        if end > begins:
            built.append(Interval(begins, end, step, percent, arms[0], arms[1]))
    return tuple(built)


def _slot(instant: dt.datetime, period: float) -> int:
    return int(instant.timestamp() // period)


def _by_slot(bad: Iterable[BadRequest], period: float) -> dict[tuple[Role, int], int]:
    counted: dict[tuple[Role, int], int] = {}
    for one in bad:
        key = (one.role, _slot(one.ended, period))
        counted[key] = counted.get(key, 0) + 1
    return counted


def _arm(point: Point | None, logged: int, visible: bool) -> Arm:  # noqa: FBT001
    if point is not None:
        return Arm(point.requests, max(point.errors, logged), point.latency)
    return Arm(0 if visible and not logged else None, logged)


def _in_force(
    shifts: Sequence[ShiftDone], start: dt.datetime, end: dt.datetime
) -> tuple[int, int, dt.datetime]:
    """Return step and percent of the last shift before `end`, and where they began in here."""
    step, percent, begins = BEFORE, 0, start
    for shift in shifts:
        if shift.at < end:
            step, percent, begins = shift.step, shift.percent, max(start, shift.at)
    return step, percent, begins
