"""The sum behind a verdict on errors, interval by interval: a tally adds up and forgets.

Folds the same intervals by the same streams, and keeps what each of them did.
"""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from rollouts.comparison import EFFECTS
from rollouts.error_streams import ErrorStreams, Judged
from rollouts.intervals import Interval
from rollouts.policy import Analysis, Policy
from rollouts.tally import Tally, totals_of
from rollouts.verdict import SHOWN_MAX
from rollouts.weighing import LOG_MAX, WEIGHT_ERRORS

RATIO_MAX: Final = 1e6
"""Beyond this nobody asks how many times stable's the canary's error odds are."""
HALVINGS: Final = 40
"""After so many the ratio is known to far more digits than are shown."""


class Taken(NamedTuple):
    """What the error streams were told of an interval."""

    judged: Judged
    totals: tuple[int, int] | None
    estimated: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One interval, or several in a row without a bad request."""

    start: dt.datetime
    end: dt.datetime
    percent: int
    canary_bad: int
    stable_bad: int
    canary: float | None
    """Requests; where `estimated`, at most so many; None where nobody can tell."""
    stable: int | None
    """None: no total was visible at the decision."""
    earlier: int
    """Of the bad requests, those that began under another share."""
    discount: float
    factor: float
    """What it made of the evidence: below 1 it spoke for the canary."""
    evidence: float
    """After it: of the comparison, at 100 % of the measure there."""
    intervals: int = 1

    @property
    def estimated(self) -> bool:
        return self.stable is None

    @property
    def quiet(self) -> bool:
        return not self.canary_bad and not self.stable_bad


class _Noting(ErrorStreams):
    """Streams that note what they are told. A copy, which only looks ahead, notes nothing."""

    def __init__(self, analysis: Analysis) -> None:
        super().__init__(analysis)
        self.taken: list[Taken] = []

    def take(self, judged: Judged, totals: tuple[int, int] | None, estimated: float | None) -> None:
        self.taken.append(Taken(judged, totals, estimated))
        super().take(judged, totals, estimated)


@dataclass(frozen=True, slots=True)
class Trace:
    """A tally, and what led to it."""

    tally: Tally
    taken: tuple[Taken, ...]

    @property
    def streams(self) -> ErrorStreams:
        """The error streams after everything, what no total covers yet included."""
        return self.tally.ahead()


def trace(intervals: Iterable[Interval], policy: Policy, *, affinity: bool = False) -> Trace:
    """Take a whole history and keep what each interval did."""
    tally = Tally(policy, affinity=affinity)
    noting = tally.errors = _Noting(policy.analysis)
    tally.take(intervals)
    unseen = [Taken(one, totals_of(one.interval), tally.estimated(one)) for one in tally.unseen]
    return Trace(tally, (*noting.taken, *unseen))


def rows(traced: Trace) -> list[Row]:
    """Return the sum in the order of time; stretches without a bad request as one row."""
    streams = _streams(traced, traced.tally.policy.analysis)
    found: list[Row] = []
    for taken in traced.taken:
        at_full = taken.judged.alone
        stream = streams.full if at_full else streams.errors
        before = stream.log_value
        streams.take(*taken)
        row = _row(taken, before, stream.log_value)
        if found and _joins(found[-1], row):
            row = _joined(found.pop(), row)
        found.append(row)
    return found


def _streams(traced: Trace, analysis: Analysis) -> ErrorStreams:
    streams = ErrorStreams(analysis)
    streams.limit_full(traced.tally.full_limit)
    return streams


def _row(taken: Taken, before: float, after: float) -> Row:
    judged, totals = taken.judged, taken.totals
    one = judged.interval
    groups = judged.groups
    other = [group for step, group in groups if step != one.step]
    return Row(
        start=one.start,
        end=one.end,
        percent=one.percent,
        canary_bad=sum(group.canary for _, group in groups),
        stable_bad=sum(group.stable for _, group in groups),
        canary=totals[0] if totals else taken.estimated,
        stable=totals[1] if totals else None,
        earlier=sum(group.canary + group.stable for group in other),
        discount=judged.discount,
        factor=_plain(after - before),
        evidence=_plain(after),
    )


def _plain(log_value: float) -> float:
    return min(math.exp(min(log_value, LOG_MAX)), SHOWN_MAX)


def _joins(before: Row, row: Row) -> bool:
    same = before.percent == row.percent and before.estimated == row.estimated
    same = same and (before.canary is None) == (row.canary is None)
    return before.quiet and row.quiet and same and before.end == row.start


def _joined(before: Row, row: Row) -> Row:
    return replace(
        row,
        start=before.start,
        canary=None if row.canary is None else (before.canary or 0.0) + row.canary,
        stable=None if row.stable is None else (before.stable or 0) + row.stable,
        factor=min(before.factor * row.factor, SHOWN_MAX),
        intervals=before.intervals + 1,
    )


def effects(streams: ErrorStreams) -> list[tuple[float, float]]:
    """Return where the evidence lies: each effect with its part of the whole.

    The rest, up to 1, waits for a canary that turns bad later.
    """
    whole = streams.errors.log_value
    return [
        (effect, math.exp(mass - whole))
        for effect, mass in zip(EFFECTS, streams.errors.masses, strict=True)
    ]


def surest_ratio(traced: Trace) -> float | None:
    """Return how many times stable's the canary's error odds are at least; None if not more.

    Wrong with a chance of at most `alpha`, however often one looked: the errors, weighed as in
    the decision, would still roll back if so much were tolerated.
    """
    analysis = traced.tally.policy.analysis
    enough = -math.log(analysis.alpha) - math.log(WEIGHT_ERRORS)

    def rolls_back(ratio: float) -> bool:
        tolerant = replace(analysis, error_increase_tolerated=ratio - 1.0)
        streams = _streams(traced, tolerant)
        for one in traced.taken:
            streams.take(*one)
        return streams.errors.log_value >= enough

    if not rolls_back(1.0):
        return None
    low, high = 1.0, RATIO_MAX
    for _ in range(HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if rolls_back(middle) else (low, middle)
    return low
