"""Time for the local cloud: one tiny interface, one virtual and one real implementation.

Every model takes a `Scheduler` and never looks at a clock, so the same model runs in a
simulation (virtual time, thousands of hours a minute) and behind real sockets.
"""

import asyncio
import datetime as dt
import heapq
import itertools
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A callback that has not run yet."""

    def cancel(self) -> None:
        """Forget the callback. Safe to repeat, and after it has run."""


class Scheduler(Protocol):
    """The time that a model lives in."""

    def now(self) -> dt.datetime:
        """Return the present instant, aware, in UTC."""

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Run `action` once, `seconds` (>= 0) from now, never before this call returns."""


class _Entry:
    __slots__ = ("action", "cancelled")

    def __init__(self, action: Callable[[], None]) -> None:
        self.action = action
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class VirtualScheduler:
    """Time that moves only when told to. Equal instants run in the order they were asked for."""

    def __init__(self, start: dt.datetime) -> None:
        assert start.tzinfo is not None
        self._now = start
        self._order = itertools.count()
        self._heap: list[tuple[dt.datetime, int, _Entry]] = []

    def now(self) -> dt.datetime:
        return self._now

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        assert seconds >= 0
        entry = _Entry(action)
        due = self._now + dt.timedelta(seconds=seconds)
        heapq.heappush(self._heap, (due, next(self._order), entry))
        return entry

    def step(self) -> bool:
        """Move to the next due callback and run it; False if nothing is due ever."""
        if not self._next_due():
            return False
        due, _, entry = heapq.heappop(self._heap)
        self._now = max(self._now, due)
        entry.action()
        return True

    def run_for(self, seconds: float) -> None:
        """Run all that falls due in the next `seconds`, then stand exactly there."""
        self.run_until(self._now + dt.timedelta(seconds=seconds))

    def run_until(self, instant: dt.datetime) -> None:
        """Run all that falls due up to and including `instant`, then stand there."""
        heap = self._heap
        while heap and (heap[0][0] <= instant or heap[0][2].cancelled):
            due, _, entry = heapq.heappop(heap)
            if not entry.cancelled:
                self._now = max(self._now, due)
                entry.action()
        self._now = max(self._now, instant)

    def _next_due(self) -> dt.datetime | None:
        """Return when the next callback that still stands falls due, None if there is none."""
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None


class LoopScheduler:
    """Real time on an asyncio loop. All models live on that one loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        assert seconds >= 0
        return self._loop.call_later(seconds, action)
