"""What a step came to so far, in counts: for people, for absolute limits, for what is missing."""

from dataclasses import dataclass, field

from rollouts.intervals import Histogram, Interval
from rollouts.slowness import merged


@dataclass(slots=True)
class Side:
    """One role's requests in the step."""

    errors: int = 0
    """All that are known."""
    counted: int = 0
    """Of these, those in intervals whose totals are visible."""
    requests: int = 0
    """Visible ones."""
    apart: int = 0
    """Requests that never reached a container and are no errors yet."""

    def without(self, other: "Side") -> "Side":
        """Return what is left without some of these requests."""
        errors, counted = self.errors - other.errors, self.counted - other.counted
        return Side(errors, counted, self.requests - other.requests, self.apart)


@dataclass(slots=True)
class StepCounts:
    """One step. Seconds since the epoch."""

    step: int
    percent: int
    known_until: float
    """Errors are known up to here."""
    watched_seconds: float = 0.0
    """So much of the step is known. What is missing in between is not."""
    visible_seconds: float = 0.0
    """Of so much totals are visible, or will never be."""
    told_seconds: float = 0.0
    """Of so much totals are visible."""
    canary: Side = field(default_factory=Side)
    stable: Side = field(default_factory=Side)
    canary_common: Side = field(default_factory=Side)
    """Of the canary's, those of intervals in an outage of both roles."""
    stable_common: Side = field(default_factory=Side)
    latency: Histogram | None = None
    """The canary's, of visible periods in which it had started up."""
    stable_latency: Histogram | None = None
    """Stable's of the same periods; None where no limit asks for it."""
    stable_p95_ms: float | None = None
    """Stable's in the last of them; None where no limit asks for it."""

    def know(
        self, interval: Interval, bad: tuple[int, int], *, apart: bool, common: bool = False
    ) -> None:
        """Take an interval's errors: `bad` of canary and stable. `common`: in an outage of both."""
        self.known_until = interval.end.timestamp()
        self.watched_seconds += interval.seconds
        self.percent = interval.percent
        for canary, stable in self._pairs(common=common):
            canary.errors += bad[0]
            stable.errors += bad[1]
        if apart:
            self.canary.apart += interval.canary.unreached
            self.stable.apart += interval.stable.unreached

    def see(self, interval: Interval, bad: tuple[int, int], *, common: bool = False) -> None:
        """Take an interval's totals, or that there will be none."""
        if interval.seen_at:
            self.visible_seconds += interval.seconds
        if interval.canary.requests is None or interval.stable.requests is None:
            return
        self.told_seconds += interval.seconds
        for canary, stable in self._pairs(common=common):
            canary.requests += interval.canary.requests
            canary.counted += bad[0]
            stable.requests += interval.stable.requests
            stable.counted += bad[1]

    def time(self, canary: Histogram | None, stable: Histogram | None) -> None:
        """Take the latencies of a period in which the canary had started up."""
        if canary:
            self.latency = merged((self.latency, canary))
        if stable:
            self.stable_latency = merged((self.stable_latency, stable))
            self.stable_p95_ms = stable.quantile_ms(0.95)

    def _pairs(self, *, common: bool) -> tuple[tuple[Side, Side], ...]:
        """Return the sides that an interval counts in."""
        whole = (self.canary, self.stable)
        return (whole, (self.canary_common, self.stable_common)) if common else (whole,)
