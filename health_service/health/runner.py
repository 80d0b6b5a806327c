"""Runs one check for all who ask. Not here: which checks there are (`checks.py`).

The rules: at most one run exists at any time, and one that ignores its cancellation gets no second
beside it; whoever asks has an answer within the check's time limit; an answer is kept for the
check's cache time, counted from its end, and tells what that very run found.
"""

import asyncio
import contextvars
import json
from collections.abc import Callable, Mapping

from health_service.health.values import Check, Details, Probe, Result, Unhealthy

NOTHING: Details = {}
CLOSED = "no longer checked: shutting down"


class Runner:
    """Its methods belong to one event loop; `monotonic` is that of the process."""

    def __init__(self, check: Check, monotonic: Callable[[], float]) -> None:
        self.check = check
        self._monotonic = monotonic
        # A run belongs to nobody who asks: it must not carry the first one's trace.
        self._context = contextvars.copy_context()
        self._last: Result | None = None
        self._answer: asyncio.Future[Result] | None = None  # Of the run under way.
        self._probe: asyncio.Task[Details | None] | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._began = 0.0
        self._closed = False

    def ask(self) -> Result | asyncio.Future[Result]:
        """Return the answer, or its future: await that shielded, it belongs to others too."""
        if self._closed:
            return self._result(CLOSED)
        if self._answer is not None:
            return self._answer
        last = self._last
        if last is not None and self._monotonic() - last.ended < self.check.cache_seconds:
            return last
        if self._hangs():
            # Not kept as an answer: the moment that it ends, the next one who asks gets a run.
            return self._result("an earlier run still hangs")
        return self._start()

    def close(self) -> asyncio.Task[Details | None] | None:
        """Answer those who wait, and return the probe if it has yet to obey its cancellation."""
        self._closed = True
        if self._answer is not None:
            self._end(CLOSED)
        if self._probe is None or self._probe.done():
            return None
        self._probe.cancel()
        return self._probe

    def _start(self) -> asyncio.Future[Result]:
        loop = asyncio.get_running_loop()
        self._began = self._monotonic()
        self._answer = loop.create_future()
        self._limit = loop.call_later(self.check.timeout_seconds, self._give_up)
        # A context is entered by one task at a time, and a probe may start tasks that outlive it.
        context = self._context.copy()
        self._probe = loop.create_task(_awaited(self.check.probe), context=context)
        self._probe.add_done_callback(self._probe_ended)
        return self._answer

    def _give_up(self) -> None:
        if self._probe is None or self._probe.done():
            return  # It ended in this very turn of the loop, and is about to be heard.
        self._probe.cancel()
        self._end(f"no answer within {self.check.timeout_seconds:g} s")

    def _probe_ended(self, probe: asyncio.Task[Details | None]) -> None:
        why, details = _outcome(probe)  # Also of one given up: its exception is to be seen.
        if probe is self._probe and self._answer is not None:
            self._end(why, details)

    def _end(self, why: str, details: Details = NOTHING) -> None:
        assert self._answer is not None
        assert self._limit is not None
        self._limit.cancel()
        self._last = self._result(why, details)
        self._answer.set_result(self._last)
        self._answer = None

    def _result(self, why: str, details: Details = NOTHING) -> Result:
        """Make a result that ends now; its time is that of the run that it speaks of, if any."""
        ended = self._monotonic()
        elapsed = ended - self._began if self._answer is not None or self._hangs() else 0.0
        return Result(self.check.name, self.check.critical, why, elapsed, ended, details)

    def _hangs(self) -> bool:
        return self._probe is not None and not self._probe.done()


async def _awaited(probe: Probe) -> Details | None:
    """Call a probe inside its task: what it raises before it returns an awaitable counts too."""
    return await probe()


def _outcome(probe: asyncio.Task[Details | None]) -> tuple[str, Details]:
    """Return what a finished probe found wrong, and its details.

    An exception that is not the check's own word is told by its type alone: a driver's message
    may hold an address or a password.
    """
    if probe.cancelled():
        return "cancelled", NOTHING
    error = probe.exception()
    if isinstance(error, Unhealthy):
        return str(error) or "unhealthy", _frozen(error.details)
    if error is not None:
        return f"failed with {type(error).__name__}", NOTHING
    found = probe.result()
    if found is not None and not isinstance(found, Mapping):
        # `return False` would else be a clean bill of health.
        return f"returned {type(found).__name__}, not details or nothing", NOTHING
    return "", _frozen(found)


def _frozen(details: Details | None) -> Details:
    """Copy details, so that a kept answer stays as it was and every answer can be written.

    Details are an ornament: wrong ones are told, and leave the verdict alone.
    """
    if not details:
        return NOTHING
    try:
        copy: Details = json.loads(json.dumps(details, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return {"error": "the details are no JSON"}
    return copy
