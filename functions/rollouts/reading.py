"""Which part of the two signals a look reads. Not: when they are asked again (`pacing`)."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from rollouts.grid import floor, length_of
from rollouts.intervals import Interval
from rollouts.kept import Kept
from rollouts.record import ShiftDone

PAST: Final = dt.timedelta(minutes=30)
"""How much of stable's own past is read: it tells whether the service has traffic at all."""
OVERLAP: Final = dt.timedelta(seconds=60)
"""How far behind the last closed interval entries of the log are asked for: clocks differ."""
LONGEST: Final = dt.timedelta(hours=1)
"""The longest that a request may take, and so be in the log later than it began.

Source: https://cloud.google.com/run/docs/configuring/request-timeout
"""


class LogSpan(NamedTuple):
    """Which entries of the request log a look asks for: those of which both holds."""

    began_since: dt.datetime
    arrived_since: dt.datetime
    """Cloud Run writes an entry when the request has ended."""


def metrics_since(kept: Kept | None, shifts: Sequence[ShiftDone]) -> dt.datetime:
    """Return from when on totals are to be read."""
    return kept.seen_until if kept else shifts[0].at - PAST


def log_since(
    kept: Kept | None, unseen: Sequence[Interval], shifts: Sequence[ShiftDone]
) -> LogSpan:
    """Return from when on bad requests are to be read.

    Requests under way at the first shift are no interval's, but the totals have them.
    """
    earliest = shifts[0].at - OVERLAP
    if kept is None:
        return LogSpan(earliest, earliest)
    waiting = [one.start for one in unseen if one.start >= kept.told_since]
    arrived = max(earliest, min([kept.closed_until - OVERLAP, *waiting]))
    return LogSpan(max(earliest, arrived - LONGEST), arrived)


def log_before(period: dt.timedelta, now: dt.datetime) -> dt.datetime:
    """Return before when bad requests began that can have ended in an interval that closes."""
    return floor(now - length_of(period) / 2, length_of(period))
