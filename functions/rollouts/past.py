"""Stable before the rollout: how busy it was, how often it failed, whether it was ever bad."""

from dataclasses import dataclass
from typing import Final

from rollouts.bernoulli import upper_ratio
from rollouts.blind_spots import OUT_OF_ORDER, OUTAGE_BAD, OUTAGE_RATIO, outage_limit
from rollouts.intervals import Interval
from rollouts.policy import Analysis

UNKNOWN_RATIO: Final = 0.10
"""The error ratio allowed at 100 % to a service that nothing is known of."""


def allowed_alone(known: float, ratio: float, analysis: Analysis) -> float:
    """Return the error ratio that a canary may have at 100 %: what was normal, or is tolerated.

    `known` is what is taken for normal, `ratio` what stable's was.
    """
    tolerated = (1.0 + analysis.error_increase_tolerated) * ratio
    return min(max(known, tolerated, analysis.error_ratio_ignored), OUT_OF_ORDER)


@dataclass(slots=True)
class Past:
    """Sums over the intervals before the first shift."""

    seconds: float = 0.0
    """From the first interval with a request on: before it, stable was not there or not used."""
    quiet_seconds: float = 0.0
    """What is known of before it."""
    requests: int = 0
    """Of intervals in which the service was in order; so are the errors."""
    errors: int = 0
    outage_requests: int = 0
    """Of those in which more than half failed: an outage that is over tells not what is normal."""
    worst: float = 0.0
    """The highest error ratio of an interval with at least 5 errors."""
    limit: float = OUTAGE_RATIO
    """The error ratio above which the service is worse than it ever was: at least 1 %."""
    until: float = 0.0
    """The end of the last interval, in seconds since the epoch: none is taken twice."""

    def take(self, interval: Interval) -> bool:
        """Take an interval with visible totals; False if it is not new."""
        if interval.start.timestamp() < self.until:
            return False
        self.until = interval.end.timestamp()
        requests, errors = interval.stable.requests or 0, interval.stable.errors
        if self.served or requests:
            self.seconds += interval.seconds
        else:
            self.quiet_seconds += interval.seconds
        if errors >= OUTAGE_BAD and errors > OUT_OF_ORDER * requests:
            self.outage_requests += requests
        else:
            self.requests += requests
            self.errors += errors
        self.limit = outage_limit(upper_ratio(self.errors, self.requests))
        if errors >= OUTAGE_BAD:
            self.worst = max(self.worst, errors / max(requests, errors))
        return True

    @property
    def served(self) -> int:
        """All requests, whatever became of them."""
        return self.requests + self.outage_requests

    @property
    def ratio(self) -> float:
        """The error ratio; 0 without requests."""
        return min(self.errors / self.requests, 1.0) if self.requests else 0.0

    @property
    def exists(self) -> bool:
        return self.requests > 0

    @property
    def rate(self) -> float | None:
        """Requests a second since stable was first used; None if nothing is visible."""
        if not self.seconds:
            return 0.0 if self.quiet_seconds else None
        return self.served / self.seconds

    @property
    def rate_of_all(self) -> float | None:
        """Requests a second of all that is visible: a single one, a moment ago, is no traffic."""
        known = self.seconds + self.quiet_seconds
        return self.served / known if known else None

    @property
    def was_bad(self) -> bool:
        return self.worst > self.limit
