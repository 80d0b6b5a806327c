"""Health checks by name: each with its own time limit, and one run shared by all who ask.

A check is asked by many at once (platform, proxy, dashboards, a delivery), and the thing that it
looks at may hang. So at most one run of a check exists at any time, whoever asks; it is given up
when its time is over; and its answer is kept for as long as the check allows. Not here: HTTP.
"""

import asyncio
from collections.abc import Callable

from health_service.health.runner import Runner
from health_service.health.values import JSON, Check, Details, Probe, Result, Unhealthy

__all__ = ["JSON", "Check", "Checks", "Details", "Probe", "Result", "Unhealthy"]

_CLOSE_SECONDS = 0.5


class Checks:
    """The registered checks, in the order of their registration."""

    runner = Runner  # A class of its own in tests that plant bugs.

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._runners: dict[str, Runner] = {}

    def add(self, check: Check) -> None:
        """Register a check, at any time. Raises ValueError for a name that is taken."""
        if check.name in self._runners:
            raise ValueError(f"check {check.name!r} is registered already; give one another name")
        self._runners[check.name] = self.runner(check, self._monotonic)

    async def results(self, *, critical_only: bool = False) -> list[Result]:
        """Ask all checks side by side: takes as long as the slowest, at most its time limit.

        Never raises for a check. Once closed, every check says so, and none is run.
        """
        asked = [
            runner.ask()
            for runner in self._runners.values()
            if runner.check.critical or not critical_only
        ]
        # Shielded: one caller that goes away must not end the run that others wait for.
        return [one if isinstance(one, Result) else await asyncio.shield(one) for one in asked]

    async def close(self) -> None:
        """Answer those who wait, end the runs under way, and wait for these only briefly."""
        closing = [runner.close() for runner in self._runners.values()]
        if probes := [probe for probe in closing if probe is not None]:
            await asyncio.wait(probes, timeout=_CLOSE_SECONDS)
