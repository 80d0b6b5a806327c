"""What a comparison of bad requests cannot see, watched beside it.

These rules are outside the promise about false rollbacks: theirs are measured, not proven.
Source: docs/concepts/verdict.md, "What it cannot see".
"""

from dataclasses import dataclass
from typing import Final

from rollouts.comparison import alone
from rollouts.intervals import Interval

APART_SECONDS: Final = 60.0
"""How long after a shift requests that never reached a container are set apart."""
APART_INTERVALS: Final = 3
BUSY: Final = 10.0
"""Requests that the canary expects in an interval, from which on single ones tell little."""
SETTLE_SECONDS: Final = 20.0
"""A canary's first requests need so long, and stable's p99, to come back at all."""
COMPLETED_MIN: Final = 0.25
"""A canary that completes a smaller part of its share than this hangs."""
EXPECTED_DOUBT: Final = 10.0
"""Requests expected from which on so few completed ones hold the canary."""
EXPECTED_HANG: Final = 50.0
"""Requests expected from which on they take it back, if some are open."""
OPEN_MIN: Final = 10.0
"""Fewer requests open at once are no hang."""
OPEN_TIMES: Final = 10.0
"""Nor are fewer than so many times stable's, by the odds of the traffic."""
OPEN_SECONDS: Final = 300.0
"""So long they may stay open."""
OUTAGE_SECONDS: Final = 60.0
"""Stable is bad by what it did in so long."""
OUTAGE_BAD: Final = 5
"""Fewer bad requests than this are no outage."""
OUTAGE_RATIO: Final = 0.01
"""Nor is an error ratio of at most this, however good the past was."""
OUTAGE_TIMES: Final = 3.0
"""Nor one of at most so many times what the past allows."""
OUT_OF_ORDER: Final = 0.5
"""Who fails more than this is out of order, whatever the past was."""


@dataclass(slots=True)
class Unreached:
    """Requests that the platform answered: they depend on the role, so they are no comparison.

    All are set apart in a step's first minute, then in a few intervals where the canary is
    busy. A canary that does not come up at all is another thing: from then on all count.
    """

    step: int | None = None
    began: float = 0.0
    used: int = 0
    count_all: bool = False

    def counted(self, interval: Interval, expected: float) -> bool:
        """Whether those of this interval count as errors. `expected` is the canary's requests."""
        start = interval.start.timestamp()
        if interval.step != self.step:
            self.step, self.began, self.used = interval.step, start, 0
        found = interval.canary.unreached
        counted = self._counted(start, found, expected)
        if found >= max(BUSY, expected / 2):
            self.count_all = True
        return counted

    def _counted(self, start: float, found: int, expected: float) -> bool:
        if self.count_all:
            return True
        if start < self.began + APART_SECONDS:
            return False
        if expected >= BUSY and self.used < APART_INTERVALS:
            self.used += bool(found)
            return False
        return True


@dataclass(slots=True)
class Hang:
    """Requests that never end are in no signal but by their absence."""

    step: int | None = None
    began: float = 0.0
    completed: int = 0
    expected: float = 0.0
    open_now: float = 0.0
    stuck_seconds: float = 0.0

    def take(self, interval: Interval, stable_p99_ms: float | None) -> None:
        """Take an interval with visible totals."""
        start = interval.start.timestamp()
        if interval.step != self.step:
            self.step, self.began = interval.step, start
            self.completed, self.expected = 0, 0.0
            self.open_now = self.stuck_seconds = 0.0
        share = interval.percent / 100
        canary, stable = interval.canary.requests or 0, interval.stable.requests or 0
        settled = self.began + SETTLE_SECONDS + (stable_p99_ms or 0.0) / 1000
        if stable_p99_ms is not None and start >= settled:
            self.completed += canary
            self.expected += share * (canary + stable)
        self._note_open(interval, share)

    def _note_open(self, interval: Interval, share: float) -> None:
        canary, stable = interval.canary.in_flight, interval.stable.in_flight
        since = (interval.latency_since or interval.start).timestamp()
        if canary is None or stable is None or alone(interval.percent) or since < self.began:
            return
        self.open_now = canary
        odds = share / (1.0 - share)
        stuck = canary >= OPEN_MIN and canary >= OPEN_TIMES * stable * odds
        seconds = interval.end.timestamp() - since
        self.stuck_seconds = self.stuck_seconds + seconds if stuck else 0.0

    @property
    def fails(self) -> str:
        """What takes the canary back, in words; empty if nothing does."""
        if self._short and self.expected >= EXPECTED_HANG and self.open_now:
            return self._told
        if self.stuck_seconds >= OPEN_SECONDS:
            minutes = OPEN_SECONDS / 60
            return (
                f"{self.open_now:.0f} of its requests were open at once for {minutes:.0f} minutes"
            )
        return ""

    @property
    def doubts(self) -> str:
        """What holds it, in words; empty if nothing does."""
        if self._short and self.expected >= EXPECTED_DOUBT:
            return self._told
        return f"{self.open_now:.0f} of its requests are open at once" * bool(self.stuck_seconds)

    @property
    def _short(self) -> bool:
        return self.completed < COMPLETED_MIN * self.expected

    @property
    def _told(self) -> str:
        return f"the canary completed {self.completed:,} of about {self.expected:,.0f} requests"


@dataclass(slots=True)
class Outage:
    """Both roles bad at once: a common cause, or a canary that harms what both stand on."""

    recent: list[list[float]]
    """[end, stable's bad requests, its requests] of the last minute's intervals."""
    since: float | None = None
    until: float = 0.0
    canary_bad: int = 0
    canary_expected: float = 0.0

    def take(
        self, interval: Interval, bad: tuple[int, int], stable_requests: float, limit: float
    ) -> None:
        """Take an interval as soon as its errors are known; `bad` is of canary and stable.

        `limit` is the error ratio that stable had at most before the rollout.
        """
        end, share = interval.end.timestamp(), interval.percent / 100
        if alone(interval.percent):
            self.recent, self.since = [], None
            return
        while self.recent and self.recent[0][0] <= end - OUTAGE_SECONDS:
            del self.recent[0]
        self.recent.append([end, bad[1], max(stable_requests, bad[1])])
        failed, requests = self.last_minute
        if failed < OUTAGE_BAD or failed <= limit * requests:
            self.since = None
            return
        if self.since is None:
            self.since = self.until = end
            self.canary_bad, self.canary_expected = 0, 0.0
        if bad[1]:  # The minute after the last failure is doubt, not outage.
            self.until = end
        self.canary_bad += bad[0]
        self.canary_expected += share * sum(bad)

    @property
    def last_minute(self) -> tuple[float, float]:
        """Stable's bad requests of the last minute that is known, and all of its requests."""
        failed = requests = 0.0
        for _, some, of_all in self.recent:
            failed, requests = failed + some, requests + of_all
        return failed, requests

    @property
    def seconds(self) -> float:
        """How long it lasted up to stable's last failure; 0 if there is none."""
        return self.until - self.since if self.since is not None else 0.0

    @property
    def takes_part(self) -> bool:
        """Whether the canary has at least half of its share of the bad requests."""
        return self.canary_bad >= self.canary_expected / 2

    @property
    def spares_canary(self) -> bool:
        """Whether it is clearly stable's own trouble: going on takes users away from it."""
        return self.canary_expected >= OUTAGE_BAD and not self.takes_part


def outage_limit(upper: float | None) -> float:
    """Return the error ratio above which stable is out of order.

    `upper` is the highest that its past allows (`bernoulli.upper_ratio`); None: no past.
    """
    if upper is None:
        return OUTAGE_RATIO
    return min(max(OUTAGE_RATIO, OUTAGE_TIMES * upper), OUT_OF_ORDER)
