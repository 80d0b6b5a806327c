"""The most requests that each revision had open at once, by sample period.

One instance a revision, so a period is a distribution of one value. A period in which nothing was
open has no point: Google has a series of the state "idle", whose values nobody has written down.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from local_cloud.kit.traffic import OpenRequests
from local_cloud.monitoring.distribution import Distribution
from local_cloud.monitoring.store import Series, drop_before, resource_labels


@dataclass(slots=True)
class _Now:
    series: Series
    open: int = 0
    written: int = 0
    """The newest period that what is open now has been written to."""


class Concurrency:
    """All series. Memory is bounded by `kept_periods` a series; idle series are forgotten."""

    def __init__(self, period_seconds: int, kept_periods: int) -> None:
        self._seconds = period_seconds
        self._kept = kept_periods
        self._all: dict[tuple[str, str, str, str], _Now] = {}

    def note(self, told: OpenRequests) -> None:
        """Take what is open from now on. What was open until now counts in its periods first."""
        period, on_the_edge = self._period(told.at)
        key = (told.project, told.region, told.service, told.revision)
        now = self._all.get(key)
        if now is None:
            self._forget_idle(period)
            labels = {"state": "active"}
            now = self._all[key] = _Now(Series(told.project, resource_labels(told), labels))
        self._carry(now, period - 1 if on_the_edge else period)
        now.open, now.written = told.open, period
        _raise(now.series, period, told.open)
        drop_before(now.series, period - self._kept)

    def of(self, project: str, last: int) -> Iterator[Series]:
        """Yield a project's series, written up to the period `last`, which is over."""
        for now in self._all.values():
            if now.series.project == project:
                self._carry(now, last)
                yield now.series

    def __len__(self) -> int:
        """Return how many periods of how many series are kept."""
        return sum(len(now.series.cells) for now in self._all.values())

    def _period(self, instant: dt.datetime) -> tuple[int, bool]:
        period, past = divmod(instant.timestamp(), self._seconds)
        return int(period), past == 0

    def _carry(self, now: _Now, last: int) -> None:
        if now.open:
            for period in range(max(now.written + 1, last - self._kept), last + 1):
                _raise(now.series, period, now.open)
            drop_before(now.series, last - self._kept)
        now.written = max(now.written, last)

    def _forget_idle(self, period: int) -> None:
        for key, now in list(self._all.items()):
            drop_before(now.series, period - self._kept)
            if not now.series.cells and not now.open:
                del self._all[key]


def _raise(series: Series, period: int, value: int) -> None:
    cell = series.cells.get(period)
    if value and (cell is None or cell.total < value):
        series.cells[period] = Distribution()
        series.cells[period].add(value)
