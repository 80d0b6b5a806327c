"""What became known late, on intervals that close now: what was given before is final."""

import datetime as dt
from collections import Counter

from rollouts.gathering import Gathering
from rollouts.kept import Late
from rollouts.logged import carrying


def attach_late(work: Gathering) -> Counter[Late]:
    """Add what became known late to intervals that close now; return it if none does."""
    if not work.new and any(counts for _, counts in work.late):
        _close_next(work)
    pending: Counter[Late] = Counter()
    for known, counts in work.late:
        if not work.new:
            pending += counts
        elif counts:
            start = _carrier(work, known)
            work.open[start] = carrying(work.open[start], counts, work.grid)
    return pending


def _close_next(work: Gathering) -> None:
    """Give an interval sooner than a silent log would: what the totals show is urgent."""
    end, until = work.grid.next_cut(work.closed_until), work.signals.log_until
    if until is not None and end + work.grid.settle <= until:
        work.give((work.closed_until, end), {}, work.now)


def _carrier(work: Gathering, known: dt.datetime | None) -> dt.datetime:
    """Return the interval that closes when something is known, or the newest of all.

    Of several that close at one instant the newest: no more of the present is known.
    """
    closing = [(work.open[start].known_at, start) for start in work.new]
    since = [one for one in closing if known and one[0] and one[0] >= known]
    return max(start for at, start in since if at == since[0][0]) if since else work.new[-1]
