"""Errors that the log told, beside those that the totals show. Not: which interval gets them."""

import datetime as dt
from collections import Counter

from rollouts.grid import Grid
from rollouts.kept import REACHED, Kept, Late, Row
from rollouts.totals import Points


class Ledger:
    """Both accounts, of the whole rollout so far. Mutable."""

    def __init__(self, kept: Kept, grid: Grid) -> None:
        self.told = Counter(dict(kept.told))
        self.hidden = 0
        """Errors that this look found in the totals alone."""
        self._debt = list(kept.debt)
        self._grid = grid
        # One interval more: log and metrics may put a request on different sides of a cut.
        self._since = grid.whole_since - grid.length

    def take(self, rows: Counter[Row]) -> None:
        """Take what was told; rows that were told before count once, by the higher count."""
        self.told |= rows

    def told_between(self, kind: int, since: dt.datetime, until: dt.datetime) -> int:
        """Return the bad requests told of the intervals that begin in [since, until)."""
        return sum(
            count
            for row, count in self.told.items()
            if row.kind == kind and since <= row.start < until
        )

    def settle_up(self, start: dt.datetime, end: dt.datetime, points: Points) -> Counter[Late]:
        """Take a period's totals; return the errors that only the totals show, as found now."""
        excess: Counter[Late] = Counter()
        step = self._grid.share(start, end).step
        for kind in REACHED:
            point = points[kind]
            self._debt[kind] += point.errors if point else 0
            logged = self.told_between(kind, self._since, end + self._grid.length)
            hidden = max(0, self._debt[kind] - logged)
            self._debt[kind] -= hidden
            excess[Late(step, kind)] = hidden
        self.hidden += excess.total()
        return excess

    def told_since(self, since: dt.datetime) -> dict[Row, int]:
        return {row: n for row, n in self.told.items() if n and row.start >= since}

    def debt_before(self, since: dt.datetime) -> tuple[int, int]:
        """Return the totals' errors, less those told of intervals that begin before `since`."""
        owed = [
            debt - self.told_between(kind, self._since, since)
            for kind, debt in zip(REACHED, self._debt, strict=True)
        ]
        return owed[0], owed[1]
