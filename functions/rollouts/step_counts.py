"""What a step came to so far, in counts: for people, for absolute limits, for what is missing."""

from dataclasses import dataclass, field

from rollouts.intervals import Arm, Histogram, Interval
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
    began: float
    known_until: float
    """Errors are known up to here."""
    visible_until: float
    """Totals are visible up to here, or will never be."""
    canary: Side = field(default_factory=Side)
    stable: Side = field(default_factory=Side)
    latency: Histogram | None = None
    """The canary's, of visible periods."""

    def know(self, interval: Interval, bad: tuple[int, int], *, apart: bool) -> None:
        """Take an interval's errors: `bad` of canary and stable."""
        self.known_until = interval.end.timestamp()
        self.percent = interval.percent
        for side, arm, count in self._sides(interval, bad):
            side.errors += count
            side.apart += arm.unreached if apart else 0

    def see(self, interval: Interval, bad: tuple[int, int]) -> None:
        """Take an interval's totals."""
        for side, arm, count in self._sides(interval, bad):
            if arm.requests is not None:
                side.requests += arm.requests
                side.counted += count
        if interval.canary.latency:
            latency = interval.canary.latency
            self.latency = merged((self.latency, latency)) if self.latency else latency

    def _sides(
        self, interval: Interval, bad: tuple[int, int]
    ) -> tuple[tuple[Side, Arm, int], tuple[Side, Arm, int]]:
        return (self.canary, interval.canary, bad[0]), (self.stable, interval.stable, bad[1])

    @property
    def watched_seconds(self) -> float:
        return self.known_until - self.began

    @property
    def visible_seconds(self) -> float:
        return max(0.0, self.visible_until - self.began)
