"""Health checks by name: each with its own time limit, and one run shared by all who ask.

A check is asked by many at once (platform, proxy, dashboards, a delivery), and the thing that it
looks at may hang. So at most one run of a check exists at any time, whoever asks; it is given up
when its time is over; and its answer is kept for as long as the check allows. Not here: HTTP.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

_CLOSE_SECONDS = 0.5


class Unhealthy(Exception):
    """What a check raises. Its message is shown to callers: no secret, no host name in it."""


@dataclass(frozen=True, slots=True)
class Check:
    """A named look at one dependency.

    `probe` returns when all is well, raises Unhealthy with the reason, and must await, never
    block: a blocking call belongs in `asyncio.to_thread`. Only critical checks decide readiness.
    `cache_seconds` counts from the end of a run, for good and bad answers alike; with 0, only
    those who ask during a run share it.
    """

    name: str
    probe: Callable[[], Awaitable[None]]
    timeout_seconds: float = 2.0
    critical: bool = True
    cache_seconds: float = 1.0

    def __post_init__(self) -> None:
        assert self.name
        assert self.timeout_seconds > 0
        assert self.cache_seconds >= 0


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one run. `why` is empty for a healthy one; times are monotonic seconds."""

    name: str
    critical: bool
    why: str
    elapsed_seconds: float
    ended: float

    @property
    def healthy(self) -> bool:
        return not self.why


class Checks:
    """The registered checks, in the order of their registration."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._runners: dict[str, _Runner] = {}

    def add(self, check: Check) -> None:
        """Register a check. Raises ValueError for a name that is taken."""
        if check.name in self._runners:
            raise ValueError(f"check {check.name!r} is registered already; give one another name")
        self._runners[check.name] = _Runner(check, self._monotonic)

    async def results(self, *, critical_only: bool = False) -> list[Result]:
        """Ask all checks side by side: takes as long as the slowest, at most its time limit."""
        runners = [r for r in self._runners.values() if r.check.critical or not critical_only]
        return list(await asyncio.gather(*(runner.result() for runner in runners)))

    async def close(self) -> None:
        """Give up the runs under way, and wait for them only briefly."""
        pending = {task for runner in self._runners.values() for task in runner.cancel()}
        if pending:
            await asyncio.wait(pending, timeout=_CLOSE_SECONDS)


class _Runner:
    """Runs one check, one run at a time."""

    def __init__(self, check: Check, monotonic: Callable[[], float]) -> None:
        self.check = check
        self._monotonic = monotonic
        self._last: Result | None = None
        self._run: asyncio.Task[Result] | None = None
        self._probe: asyncio.Task[None] | None = None

    async def result(self) -> Result:
        last = self._last
        if last is not None and self._monotonic() - last.ended < self.check.cache_seconds:
            return last
        if self._run is None:
            self._run = asyncio.create_task(self._supervise())
        # One caller that goes away must not end the run that others wait for.
        return await asyncio.shield(self._run)

    def cancel(self) -> list[asyncio.Task[Result] | asyncio.Task[None]]:
        """Cancel what runs and return it."""
        tasks = [task for task in (self._run, self._probe) if task is not None and not task.done()]
        for task in tasks:
            task.cancel()
        return tasks

    async def _supervise(self) -> Result:
        began = self._monotonic()
        try:
            why = await self._judge()
        finally:
            self._run = None
        ended = self._monotonic()
        self._last = Result(self.check.name, self.check.critical, why, ended - began, ended)
        return self._last

    async def _judge(self) -> str:
        """Run the probe within its time limit and return what is wrong. Never hangs."""
        if self._probe is not None and not self._probe.done():
            # It did not even obey its cancellation. A second one beside it would be a leak.
            return "an earlier run still hangs"
        self._probe = asyncio.create_task(_awaited(self.check.probe))
        self._probe.add_done_callback(_why)
        done, _ = await asyncio.wait({self._probe}, timeout=self.check.timeout_seconds)
        if not done:
            self._probe.cancel()
            return f"no answer within {self.check.timeout_seconds:g} s"
        return _why(self._probe)


async def _awaited(probe: Callable[[], Awaitable[None]]) -> None:
    await probe()


def _why(probe: asyncio.Task[None]) -> str:
    """Return what a finished probe found wrong, and mark its exception as seen.

    An exception that is not the check's own word is told by its type alone: a driver's message
    may hold an address or a password.
    """
    if probe.cancelled():
        return "cancelled"
    error = probe.exception()
    if error is None:
        return ""
    if isinstance(error, Unhealthy):
        return str(error) or "unhealthy"
    return f"failed with {type(error).__name__}"
