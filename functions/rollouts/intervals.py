"""What is known of each stretch of a rollout: counts per role, and what is not visible yet.

Intervals are half-open [start, end), UTC, in order and without overlap. The share in force is
the canary's; an interval that straddles a shift belongs to the higher share.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from rollouts import layouts

Role = Literal["canary", "stable"]
BEFORE: Final = -1
"""The step of intervals before the first shift: stable alone."""
PROBED: Final = -2
"""The step of what Barq's own probes found before the first shift, half of them on each role."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Latencies in buckets. `counts` has one entry more than `bounds_ms`.

    Bucket i holds latencies in [bounds_ms[i-1], bounds_ms[i]); the first is open below, the
    last above.
    """

    bounds_ms: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.counts)

    def state(self) -> list[Any]:
        """Return all of it in JSON's own types, for `restored`: layout, first bucket, counts."""
        filled = [index for index, count in enumerate(self.counts) if count] or [0]
        first, last = filled[0], filled[-1]
        return [layouts.shown(self.bounds_ms), first, self.counts[first : last + 1]]

    @classmethod
    def restored(cls, state: Sequence[Any]) -> "Histogram":
        """Return the histogram of `state`, or of [bounds, counts], which was once written."""
        bounds_ms = layouts.read(state[0])
        first, counts = (0, state[1]) if len(state) == 2 else state[1:]  # noqa: PLR2004
        after = len(bounds_ms) + 1 - first - len(counts)
        if min(first, after) < 0:
            raise ValueError("buckets that the layout does not have")
        return cls(bounds_ms, (0,) * first + tuple(counts) + (0,) * after)

    def quantile_ms(self, quantile: float) -> float | None:
        """Return a quantile, straight between its bucket's bounds; None without requests or bounds.

        The first bucket begins at 0. The last has no upper bound: its lower one is the answer.
        """
        assert 0.0 < quantile <= 1.0
        if not self.bounds_ms:
            return None
        wanted, seen = quantile * self.total, 0
        for index, count in enumerate(self.counts):
            if count and seen + count >= wanted:
                low = self.bounds_ms[index - 1] if index else 0.0
                high = self.bounds_ms[min(index, len(self.bounds_ms) - 1)]
                return low + (high - low) * (wanted - seen) / count
            seen += count
        return None


@dataclass(frozen=True, slots=True)
class Arm:
    """One role's requests in an interval."""

    requests: int | None
    """None: the totals of this stretch are not visible yet. Never read as 0."""
    errors: int
    """5xx known so far: the request log tells at once, the totals later."""
    latency: Histogram | None = None
    """None as long as the totals are not visible. Without the 5xx: those are judged as errors."""
    unreached: int = 0
    """Bad requests (429, 5xx) that the platform answered: they never reached a container."""
    in_flight: float | None = None
    """The most requests that were open at once in the sample period; None if unknown."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Bad requests that are told of in an interval and began under another share.

    They ended there or, told late, became known there; they are judged at this share. The
    interval's own arms do not count them.
    """

    step: int
    percent: int
    canary: int
    stable: int


@dataclass(frozen=True, slots=True)
class Interval:
    """One stretch of a rollout. Bad requests belong to the interval in which they ended."""

    start: dt.datetime
    end: dt.datetime
    step: int
    percent: int
    canary: Arm
    stable: Arm
    carried: tuple[Carried, ...] = ()
    known_at: dt.datetime | None = None
    """When its errors were known; from then on they are final. None: as soon as it ended."""
    seen_at: dt.datetime | None = None
    """When its totals became visible, or when it was clear that they never will."""
    latency_since: dt.datetime | None = None
    """The arms' latencies and requests in flight cover [latency_since, end): a whole sample
    period stands on the interval that ends it. None: they cover the interval itself."""
    seconds: float = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", (self.end - self.start).total_seconds())


@dataclass(frozen=True, slots=True)
class Point:
    """A role's totals in one sample period, as Cloud Monitoring tells them."""

    start: dt.datetime
    end: dt.datetime
    role: Role
    requests: int
    errors: int
    latency: Histogram | None = None
    in_flight: float | None = None
    """At least so many requests were open at once in one instance; None if unknown."""


@dataclass(frozen=True, slots=True)
class BadRequest:
    """One failed request, as the request log tells it."""

    id: str
    """The log's insertId: the same request may be told twice."""
    role: Role
    began: dt.datetime
    ended: dt.datetime
    reached: bool = True
    """Whether it reached a container; the metrics count no other."""


@dataclass(frozen=True, slots=True)
class Signals:
    """All that was read at one look."""

    points: tuple[Point, ...]
    since: dt.datetime
    """From when on points were asked for: what has none from here on is without requests."""
    visible_until: dt.datetime
    """Every point that ends at or before this instant is visible, a missing one is zero."""
    period: dt.timedelta
    """The sample period: the grid on which points stand."""
    bad: tuple[BadRequest, ...] = ()
    log_until: dt.datetime | None = None
    """The log was read up to here; None: it was not read, see `notes`."""
    notes: tuple[str, ...] = ()
    """What could not be read and why, for people."""
    delay: dt.timedelta | None = None
    """How long after its end a period becomes visible, at most; None if that is not known."""
    capped: bool = False
    """The log held more than was read."""
