"""Time that does not wait: it jumps to what is due next, unless something outside can happen.

While a request is under way or a callback is awaited, time is real: nobody knows when the
answer comes. So everything happens in the order that real time gives it.
"""

import asyncio
import datetime as dt
import heapq
import itertools
from collections.abc import Callable

from local_cloud.kit.scheduler import LoopScheduler, Timer


class _Waiting:
    __slots__ = ("action", "cancelled")

    def __init__(self, action: Callable[[], None]) -> None:
        self.action = action
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FastScheduler:
    """Implements `kit.scheduler.Scheduler` on a loop. `may_skip` is asked before each jump."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._real = LoopScheduler(loop)
        self._skipped = dt.timedelta()
        self._heap: list[tuple[dt.datetime, int, _Waiting]] = []
        self._order = itertools.count()
        self._turn: asyncio.Handle | None = None
        self.may_skip: Callable[[], bool] = lambda: True

    def now(self) -> dt.datetime:
        return self._real.now() + self._skipped

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        assert seconds >= 0
        waiting = _Waiting(action)
        due = self.now() + dt.timedelta(seconds=seconds)
        heapq.heappush(self._heap, (due, next(self._order), waiting))
        self.look()
        return waiting

    def look(self) -> None:
        """Look again, soon, at what is due: something outside has happened."""
        if self._turn is not None:
            self._turn.cancel()
        self._turn = self._loop.call_soon(self._run_next)

    def _run_next(self) -> None:
        self._turn = None
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
        if not self._heap:
            return
        left = self._heap[0][0] - self.now()
        if left > dt.timedelta():
            if not self._may_skip():
                self._turn = self._loop.call_later(left.total_seconds(), self._run_next)
                return
            self._skipped += left
        _, _, waiting = heapq.heappop(self._heap)
        try:
            waiting.action()
        finally:
            self.look()

    def _may_skip(self) -> bool:
        """Ask; whoever cannot answer gets real time, and the loop hears why."""
        try:
            return self.may_skip()
        except Exception as error:  # noqa: BLE001 - time must go on, whatever it is.
            told = {"message": "may_skip failed: time is real", "exception": error}
            self._loop.call_exception_handler(told)
            return False
