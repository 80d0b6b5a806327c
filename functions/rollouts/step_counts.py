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
    latency: Histogram | None = None
    """The canary's, of visible periods."""

    def know(self, interval: Interval, bad: tuple[int, int], *, apart: bool) -> None:
        """Take an interval's errors: `bad` of canary and stable."""
        self.known_until = interval.end.timestamp()
        self.watched_seconds += interval.seconds
        self.percent = interval.percent
        canary, stable = self.canary, self.stable
        canary.errors += bad[0]
        stable.errors += bad[1]
        if apart:
            canary.apart += interval.canary.unreached
            stable.apart += interval.stable.unreached

    def see(self, interval: Interval, bad: tuple[int, int]) -> None:
        """Take an interval's totals, or that there will be none."""
        if interval.seen_at:
            self.visible_seconds += interval.seconds
        if interval.canary.requests is None or interval.stable.requests is None:
            return
        self.told_seconds += interval.seconds
        self.canary.requests += interval.canary.requests
        self.canary.counted += bad[0]
        self.stable.requests += interval.stable.requests
        self.stable.counted += bad[1]
        if interval.canary.latency:
            latency = interval.canary.latency
            self.latency = merged((self.latency, latency)) if self.latency else latency
