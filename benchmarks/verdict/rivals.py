"""Rules of others, each as its source has it (analysis.md, section 2): all but Kayenta's."""

import math
from typing import Final

from benchmarks.verdict.latencies import quantile_ms
from benchmarks.verdict.minutes import Minutes
from benchmarks.verdict.rules import Answer, Rule
from benchmarks.verdict.runs import Run
from benchmarks.verdict.ticks import Tick


class FixedCounts:
    """More than 5 errors at the first step, more than 10 at a later one."""

    ALLOWED: Final = (5, 10)

    def __init__(self) -> None:
        self.cause = "count"
        self._step = -1
        self._errors = 0

    def look(self, tick: Tick) -> Answer:
        if tick.step != self._step:
            self._step, self._errors = tick.step, 0
        self._errors += tick.canary.failed
        return "back" if self._errors > self.ALLOWED[min(tick.step, 1)] else "go"


class Flagger:
    """Success rate of a minute under 99 %, or p99 above 500 ms, or no value: a failed check.

    A failed check halts the advance; they add up over the whole rollout, and the tick after
    the fifth rolls back. Stable is never read, and nothing is checked at 100 %.
    """

    SUCCESS_MIN: Final = 0.99
    P99_MS_MAX: Final = 500.0
    THRESHOLD: Final = 5

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.cause = "checks"
        self._bounds = bounds
        self._minutes = Minutes(stable=False)
        self._failed = 0
        self._halted = False

    def look(self, tick: Tick) -> Answer:
        if tick.percent >= 100:
            return "go"
        minute = self._minutes.add(tick)
        if minute is None:
            return "hold" if self._halted else "go"
        if self._failed >= self.THRESHOLD:
            return "back"
        canary, _ = minute
        self._halted = (
            not canary.requests
            or 1 - canary.failed / canary.requests < self.SUCCESS_MIN
            or quantile_ms(self._bounds, canary.latency, 0.99) > self.P99_MS_MAX
        )
        self._failed += self._halted
        return "hold" if self._halted else "go"


class Argo:
    """The fourth minute with a success rate under 0.95 aborts; without requests it is NaN."""

    SUCCESS_MIN: Final = 0.95
    FAILURE_LIMIT: Final = 3

    def __init__(self) -> None:
        self.cause = "checks"
        self._minutes = Minutes(stable=False)
        self._failed = 0

    def look(self, tick: Tick) -> Answer:
        minute = self._minutes.add(tick)
        if minute is None:
            return "go"
        canary, _ = minute
        rate = 1 - canary.failed / canary.requests if canary.requests else math.nan
        if not rate >= self.SUCCESS_MIN:  # NaN is under every limit.
            self._failed += 1
        return "back" if self._failed > self.FAILURE_LIMIT else "go"


class ReleaseManager:
    """Each minute: more than 1.0 % of the candidate's requests of the last 30 minutes failed.

    Without requests it is healthy. `min-requests` is 0 by default, and unhealthy wins anyway.
    """

    PERCENT_MAX: Final = 1.0
    MINUTES: Final = 30

    def __init__(self) -> None:
        self.cause = "ratio"
        self._minutes = Minutes(stable=False)
        self._seen: list[tuple[int, int]] = []

    def look(self, tick: Tick) -> Answer:
        minute = self._minutes.add(tick)
        if minute is None:
            return "go"
        canary, _ = minute
        self._seen.append((canary.requests, canary.failed))
        requests = sum(one for one, _ in self._seen[-self.MINUTES :])
        failed = sum(one for _, one in self._seen[-self.MINUTES :])
        return "back" if requests and 100 * failed / requests > self.PERCENT_MAX else "go"


def _flagger(run: Run) -> Flagger:
    return Flagger(run.bounds_ms)


FIXED: Final = Rule("fixed counts", lambda _run: FixedCounts())
FLAGGER: Final = Rule("Flagger", _flagger)
ARGO: Final = Rule("Argo", lambda _run: Argo())
RELEASE_MANAGER: Final = Rule("Release Manager", lambda _run: ReleaseManager())
