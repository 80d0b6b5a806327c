"""What assembling keeps between two looks, and its JSON. Not: the judge's own state.

Well under 1 KiB: counts of the bad requests in at most 24 intervals, and a few instants. Lost or
odd, it is rebuilt from the signals.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from rollouts.grid import EPOCH

SCHEMA: Final = 1
TOLD_MAX: Final = 24
"""Intervals for which late entries of the log are told from those that are known."""
UNREADABLE: Final = (KeyError, TypeError, ValueError, OverflowError, AssertionError)
KINDS: Final = 4
CANARY, STABLE, CANARY_UNREACHED, STABLE_UNREACHED = range(KINDS)
REACHED: Final = (CANARY, STABLE)
LATEST: Final = dt.timedelta(days=1)
"""No sample period and no delay of a metric is longer."""
COUNT_MAX: Final = 10**12
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class Row(NamedTuple):
    """What bad requests are counted by."""

    start: dt.datetime
    """Of the interval in which they ended."""
    step: int
    """In force when they began."""
    kind: int


class Late(NamedTuple):
    """What bad requests are counted by that another interval than their own tells of."""

    step: int
    """In force when they began."""
    kind: int


@dataclass(frozen=True, slots=True)
class Pace:
    """When the request log is asked again."""

    wait_until: dt.datetime | None = None
    failures: int = 0
    """Refusals in a row, less one for each success since."""
    silent: bool = False
    """The metrics showed errors of which the log told nothing at all."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Instants are UTC."""

    looked_at: dt.datetime
    closed_until: dt.datetime
    """Intervals are given up to here."""
    seen_until: dt.datetime
    """Totals are given up to here."""
    period: dt.timedelta
    delay: dt.timedelta | None
    """How late totals are; None as long as Monitoring was never read."""
    told_since: dt.datetime
    told: Mapping[Row, int] = field(default_factory=dict)
    """Bad requests of the intervals from `told_since` on."""
    debt: tuple[int, int] = (0, 0)
    """Errors of canary and stable in seen totals, less those given that ended before
    `told_since`: above what `told` holds, only the totals show them."""
    pending: Mapping[Late, int] = field(default_factory=dict)
    """Still to be carried: no interval has closed since they were known."""
    pace: Pace = Pace()


def dump(kept: Kept) -> dict[str, Any]:
    """Return a small document of JSON's own types."""
    return {
        "v": SCHEMA,
        "looked_at": _number(kept.looked_at),
        "closed_until": _number(kept.closed_until),
        "seen_until": _number(kept.seen_until),
        "period": kept.period // _MICROSECOND,
        "delay": None if kept.delay is None else kept.delay // _MICROSECOND,
        "told_since": _number(kept.told_since),
        "told": _packed(
            ((row.start - kept.told_since) // _MICROSECOND, row.step, row.kind, count)
            for row, count in kept.told.items()
        ),
        "debt": list(kept.debt),
        "pending": _packed(
            (0, late.step, late.kind, count) for late, count in kept.pending.items()
        ),
        "pace": dump_pace(kept.pace),
    }


def dump_pace(pace: Pace) -> list[int | None]:
    waits = None if pace.wait_until is None else _number(pace.wait_until)
    return [waits, pace.failures, int(pace.silent)]


def load_pace(document: object) -> Pace:
    """Return the pace of `dump_pace`; that of a first look for anything else."""
    try:
        return _read_pace(document)
    except UNREADABLE:
        return Pace()


def load(document: object) -> Kept | None:
    """Return what was kept; None for anything that `dump` did not write."""
    try:
        kept = _read(document)
    except UNREADABLE:
        return None
    if kept is None or kept.told_since > kept.closed_until:
        return None
    return kept if max(kept.period, kept.delay or kept.period) <= LATEST else None


def _read(document: Any) -> Kept | None:
    if document["v"] != SCHEMA:
        return None
    told_since = _instant(document["told_since"])
    period = _whole(document["period"]) * _MICROSECOND
    delay = document["delay"]
    canary, stable = document["debt"]
    if period <= dt.timedelta(0):
        return None
    return Kept(
        looked_at=_instant(document["looked_at"]),
        closed_until=_instant(document["closed_until"]),
        seen_until=_instant(document["seen_until"]),
        period=period,
        delay=None if delay is None else _count(delay) * _MICROSECOND,
        told_since=told_since,
        told={
            Row(told_since + offset * _MICROSECOND, step, kind): count
            for offset, step, kind, count in _unpacked(document["told"])
        },
        debt=(_at_most(_whole(canary)), _at_most(_whole(stable))),
        pending={
            Late(step, kind): count for _, step, kind, count in _unpacked(document["pending"])
        },
        pace=_read_pace(document["pace"]),
    )


def _read_pace(document: Any) -> Pace:
    wait_until, failures, silent = document
    waits = None if wait_until is None else _instant(wait_until)
    return Pace(waits, _count(failures), bool(silent))


def _packed(rows: Iterable[tuple[int, int, int, int]]) -> list[list[int]]:
    """Join the kinds of one interval and step: [microseconds, step, four counts]."""
    joined: dict[tuple[int, int], list[int]] = {}
    for offset, step, kind, count in rows:
        joined.setdefault((offset, step), [0] * KINDS)[kind] = count
    return [[*key, *joined[key]] for key in sorted(joined)]


def _unpacked(rows: Any) -> Iterable[tuple[int, int, int, int]]:
    for offset, step, *counts in rows:
        assert len(counts) == KINDS
        for kind, count in enumerate(counts):
            if _count(count):
                yield _count(offset), _whole(step), kind, _at_most(count)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


def _count(value: Any) -> int:
    if _whole(value) < 0:
        raise ValueError(value)
    return int(value)


def _at_most(count: int) -> int:
    if abs(count) > COUNT_MAX:
        raise ValueError(count)
    return count


def _number(instant: dt.datetime) -> int:
    return (instant - EPOCH) // _MICROSECOND


def _instant(value: Any) -> dt.datetime:
    return EPOCH + _whole(value) * _MICROSECOND
