"""One look's work: what the log's half and the totals' half of it share. Not: either of them.

`closing` gives intervals whose errors are known, `periods` gives them again with their totals,
`lateness` adds what became known late, and `assembling` keeps what the next look needs.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

from rollouts.grid import Grid, floor
from rollouts.intervals import BEFORE, Interval, Signals
from rollouts.kept import Kept, Late, Row
from rollouts.ledger import Ledger
from rollouts.logged import Span, closed
from rollouts.reading import PAST
from rollouts.record import ShiftDone


class Gathering:
    """Mutable, and gone when the look is over."""

    def __init__(
        self,
        kept: Kept | None,
        unseen: Sequence[Interval],
        signals: Signals,
        shifts: Sequence[ShiftDone],
        now: dt.datetime,
    ) -> None:
        self.signals, self.now, self.first = signals, now, kept is None
        self.grid = grid = Grid(signals.period, shifts)
        self.kept = kept = kept or _nothing(grid, now)
        self.closed_until = kept.closed_until
        self.seen_until = floor(kept.seen_until, grid.period)
        self.ledger = Ledger(kept, grid)
        self.late: list[tuple[dt.datetime | None, Counter[Late]]] = [
            (None, Counter(dict(kept.pending)))
        ]
        """What is to be carried, and when it became known; None: at this look."""
        self.past: list[Interval] = []
        self.open = {one.start: one for one in unseen if one.step > BEFORE and not one.seen_at}
        self.starts = sorted(self.open)
        """Of `open`, in the order of time."""
        self.new: list[dt.datetime] = []
        self.seen: set[dt.datetime] = set()

    def became_known(self, nominal: dt.datetime, before: dt.datetime) -> dt.datetime:
        """Return when something became known: now, if the last look should have seen it.

        Never sooner than what is earlier: `before` says when that became known.
        """
        missed = not self.first and nominal <= self.kept.looked_at
        return max(self.now if missed else nominal, before)

    def give(self, span: Span, rows: Mapping[Row, int], known_at: dt.datetime) -> None:
        """Give the next interval, with its own bad requests."""
        start, self.closed_until = span
        self.open[start] = closed(span, rows, self.grid, known_at)
        self.starts.append(start)
        self.new.append(start)

    @property
    def told_any(self) -> bool:
        """Whether the log tells of an error at all."""
        return any(one.reached for one in self.signals.bad)


def _nothing(grid: Grid, now: dt.datetime) -> Kept:
    return Kept(
        looked_at=now,
        closed_until=grid.began,
        seen_until=floor(grid.began - PAST, grid.period),
        period=grid.period,
        delay=None,
        told_since=grid.began,
    )
