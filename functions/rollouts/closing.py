"""The log's half of a look: it closes intervals, with errors that are final from then on.

Not: their totals (`periods`), nor what carries what was told too late for its own interval
(`lateness`).
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Container

from rollouts.gathering import Gathering
from rollouts.grid import EPOCH
from rollouts.kept import Late, Row
from rollouts.logged import Span, rows_of


def close_by_log(work: Gathering) -> None:
    """Give the intervals whose errors are known, and find what was told late of others."""
    until = _closes_until(work)
    if until is None:
        return
    waiting = [one for one in work.starts if one >= work.kept.told_since]
    closing = _closing(work, until)
    spans = [*((start, work.open[start].end) for start in waiting), *closing]
    fresh = rows_of(work.signals.bad, spans, work.grid)
    own: defaultdict[dt.datetime, dict[Row, int]] = defaultdict(dict)
    for row, count in fresh.items():
        own[row.start][row] = count
    known = EPOCH
    for span in closing:
        known = work.became_known(span[1] + work.grid.settle, known)
        work.give(span, own[span[0]], known)
    work.late.append((None, _told_late(work, fresh, frozenset(waiting))))
    work.ledger.take(fresh)


def _closes_until(work: Gathering) -> dt.datetime | None:
    """Return until when the log's word is taken; None if it was not read.

    That a silent one tells nothing of the last minutes is no knowledge: it waits for totals.
    """
    until = work.signals.log_until
    if until is None or not work.kept.pace.silent or work.told_any:
        return until
    return min(until, work.signals.visible_until + work.grid.length + work.grid.settle)


def _closing(work: Gathering, until: dt.datetime) -> list[Span]:
    spans: list[Span] = []
    start = work.closed_until
    while (end := work.grid.next_cut(start)) + work.grid.settle <= until:
        spans.append((start, end))
        start = end
    return spans


def _told_late(
    work: Gathering, fresh: Counter[Row], given_before: Container[dt.datetime]
) -> Counter[Late]:
    """Count what is new of intervals given before. A log that tells less takes nothing back."""
    late: Counter[Late] = Counter()
    for row, count in fresh.items():
        if row.start in given_before:
            late[Late(row.step, row.kind)] += max(0, count - work.ledger.told[row])
    return +late
