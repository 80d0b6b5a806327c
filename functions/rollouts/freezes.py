"""Windows of time in which a line is frozen, as they stand in delivery.yaml. Not: what they stop.

People write a clock's time and its zone; a span of time is half-open, in UTC. In the night in
which the clock changes, a time that comes twice or never counts so that the freeze is longer.
"""

import datetime as dt
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

DAY: Final = 24 * 60
"""Minutes of a day on the clock, whatever the sun does."""
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON: Final = dt.timedelta(days=366)
"""Nobody looks further ahead: what is frozen longer has no end that anybody waits for."""
Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True, slots=True)
class Once:
    """One window, from one date to another."""

    name: str
    """As people read it, without zone and reason."""
    zone: str
    reason: str
    begins: dt.datetime
    """By the clock of `zone`, and so without a zone of its own."""
    ends: dt.datetime

    def near(self, _now: dt.datetime) -> Iterator[Span]:
        """Yield every span that may hold `now`."""
        yield _span(self.begins, self.ends, self.zone)


@dataclass(frozen=True, slots=True)
class Weekly:
    """A window that comes again every week, on one day or on several."""

    name: str
    zone: str
    reason: str
    days: tuple[int, ...]
    """On which it begins, counted from Monday, 0."""
    begins: int
    """Minutes on the clock after the midnight with which such a day begins."""
    ends: int
    """Minutes after the same midnight: more than a day's if it ends on a later day."""

    def near(self, now: dt.datetime) -> Iterator[Span]:
        """Yield every span that may hold `now`."""
        today = now.astimezone(zone_of(self.zone)).replace(tzinfo=None)
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        # A day more on either side: a clock that changes moves a time across midnight.
        for back in range(self.ends // DAY + 1, -2, -1):
            day = midnight - dt.timedelta(days=back)
            if day.weekday() in self.days:
                begins = day + dt.timedelta(minutes=self.begins)
                yield _span(begins, day + dt.timedelta(minutes=self.ends), self.zone)


Freeze = Once | Weekly


def frozen_by(freezes: Sequence[Freeze], now: dt.datetime) -> Freeze | None:
    """Return the first window that holds `now`."""
    return next((one for one in freezes if _end(one, now)), None)


def open_again(freezes: Sequence[Freeze], now: dt.datetime) -> dt.datetime | None:
    """Return the end of all the windows that follow on each other without a gap.

    `now` itself if none holds it; None if the end is further away than `HORIZON`.
    """
    at = now
    while at - now <= HORIZON:
        ends = [end for one in freezes if (end := _end(one, at))]
        if not ends:
            return at
        at = max(ends)
    return None


@functools.cache
def zone_of(name: str) -> dt.tzinfo:
    """Return a time zone of the IANA database. Raises ValueError if there is none of that name."""
    if name == "UTC":
        return dt.UTC
    import zoneinfo  # noqa: PLC0415 - only who names a zone pays for the database.

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(name) from error


def _end(freeze: Freeze, now: dt.datetime) -> dt.datetime | None:
    """Return when the window that holds `now` ends."""
    return max((end for begin, end in freeze.near(now) if begin <= now < end), default=None)


def _span(begins: dt.datetime, ends: dt.datetime, zone: str) -> Span:
    return min(_instants(begins, zone)), max(_instants(ends, zone))


def _instants(clock: dt.datetime, zone: str) -> list[dt.datetime]:
    """Return the instants that a clock's time may mean: two if the clock is set back or forward."""
    known = zone_of(zone)
    return [clock.replace(tzinfo=known, fold=fold).astimezone(dt.UTC) for fold in (0, 1)]
