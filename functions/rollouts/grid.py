"""Where intervals are cut, and which share is in force in them. UTC, half-open."""

import bisect
import datetime as dt
from collections.abc import Sequence
from typing import Final

from rollouts.intervals import BEFORE
from rollouts.record import ShiftDone

LENGTH_MAX_SECONDS: Final = 10
"""How long an interval may be: a fail is not known before the end of one."""
EPOCH: Final = dt.datetime.fromtimestamp(0, dt.UTC)
PERIOD: Final = dt.timedelta(seconds=60)
"""Cloud Run's sample period, as long as Monitoring has not told it."""


def floor(instant: dt.datetime, period: dt.timedelta) -> dt.datetime:
    """Return the last instant at or before this one that is whole periods from the epoch."""
    return instant - (instant - EPOCH) % period


def length_of(period: dt.timedelta) -> dt.timedelta:
    """Return an interval's length: whole seconds, at most 10, that divide the sample period.

    A period of a fraction of a second is one interval.
    """
    seconds, rest = divmod(period, dt.timedelta(seconds=1))
    if rest:
        return period
    return dt.timedelta(
        seconds=next(one for one in range(LENGTH_MAX_SECONDS, 0, -1) if seconds % one == 0)
    )


class Grid:
    """The cuts of a rollout's time. Needs a first shift; shifts are in the order of time."""

    def __init__(self, period: dt.timedelta, shifts: Sequence[ShiftDone]) -> None:
        self.period = period
        self.length = length_of(period)
        self.settle = self.length / 2
        """How long after its end an interval's errors are known: entries need a moment."""
        self.began = shifts[0].at
        self.past_until = floor(self.began, period)
        """Periods up to here are of before the rollout."""
        straddled = self.past_until < self.began
        self.whole_since = self.past_until + period if straddled else self.began
        """From here on totals are the users' alone: before, smoke tests may stand in them."""
        self._shifts = tuple(shifts)
        self._instants = [one.at for one in shifts]
        self._percents = {one.step: one.percent for one in shifts}

    def next_cut(self, instant: dt.datetime) -> dt.datetime:
        """Return the first end of an interval after this instant."""
        return floor(instant, self.length) + self.length

    def step_at(self, instant: dt.datetime) -> int:
        """Return the step of a request that began then."""
        index = bisect.bisect_right(self._instants, instant) - 1
        return self._shifts[index].step if index >= 0 else BEFORE

    def share(self, start: dt.datetime, end: dt.datetime) -> ShiftDone:
        """Return the highest share in force in [start, end): to it a straddling interval belongs.

        Accusing a canary by a share that is too high is too late at worst, never wrong.
        """
        first = max(0, bisect.bisect_right(self._instants, start) - 1)
        last = max(first + 1, bisect.bisect_left(self._instants, end))
        if last == first + 1:
            return self._shifts[first]
        return max(self._shifts[first:last], key=lambda one: (one.percent, one.step))

    def knows(self, step: int) -> bool:
        return step in self._percents

    def percent_of(self, step: int) -> int:
        return self._percents[step]

    def one_step(self, start: dt.datetime, end: dt.datetime) -> bool:
        """Whether no shift lies inside of (start, end)."""
        inside = bisect.bisect_right(self._instants, start)
        return inside == bisect.bisect_left(self._instants, end)
