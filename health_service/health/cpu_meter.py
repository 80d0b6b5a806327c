"""Turns counters of CPU into use: what went on between one look and the next."""

from dataclasses import dataclass
from typing import Final

SAMPLE_SECONDS_MIN: Final = 1.0
"""Counters move in steps; over less time than this a mean says nothing."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Counters at one moment. `source` says whose: those of another source are another row."""

    source: str
    seconds: float | None
    periods: int | None
    throttled_periods: int | None


@dataclass(frozen=True, slots=True)
class Use:
    """`cores` is a mean, `throttled_ratio` a share of the periods; None: not known (yet)."""

    cores: float | None
    throttled_ratio: float | None


class CpuMeter:
    """Not for two threads at once."""

    def __init__(self) -> None:
        self._at = 0.0
        self._before: Counters | None = None
        self._use = Use(None, None)

    def use(self, counters: Counters, now: float) -> Use:
        """Return the use since the look before; nothing at the first, which is where it begins.

        `now` is in monotonic seconds. Looks less than a second apart share one answer.
        """
        before, elapsed = self._before, now - self._at
        if before is not None and before.source == counters.source:
            if elapsed < SAMPLE_SECONDS_MIN:
                return self._use
            self._use = Use(_cores(before, counters, elapsed), _throttled(before, counters))
        else:
            self._use = Use(None, None)
        self._at, self._before = now, counters
        return self._use


def _cores(before: Counters, after: Counters, elapsed: float) -> float | None:
    if before.seconds is None or after.seconds is None or after.seconds < before.seconds:
        return None
    return (after.seconds - before.seconds) / elapsed


def _throttled(before: Counters, after: Counters) -> float | None:
    """Return the share of the scheduler's periods in which CPU was wished for and refused."""
    if before.periods is None or before.throttled_periods is None:
        return None
    if after.periods is None or after.throttled_periods is None:
        return None
    periods = after.periods - before.periods
    throttled = after.throttled_periods - before.throttled_periods
    if periods < 0 or not 0 <= throttled <= periods:
        return None
    return throttled / periods if periods else 0.0  # No period passes while there is no wish.
