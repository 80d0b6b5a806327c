"""Schedules in the unix-cron format, in a time zone. Not: App Engine's English-like format.

Wall-clock time: a time that a clock change leaves out does not come, one that it repeats comes
twice. Source: https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules
"""

import datetime as dt
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from local_cloud.kit.errors import Refused

_MINUTE: Final = dt.timedelta(minutes=1)
_AHEAD: Final = dt.timedelta(days=366 * 8 + 1)
"""No date is rarer than 29 February around a year such as 2100."""
_MONTHS: Final = [
    "JAN",
    "FEB",
    "MAR",
    "APR",
    "MAY",
    "JUN",
    "JUL",
    "AUG",
    "SEP",
    "OCT",
    "NOV",
    "DEC",
]
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_PART: Final = re.compile(r"(\*|[0-9A-Z]+(?:-[0-9A-Z]+)?)(?:/([0-9]+))?")


@dataclass(frozen=True, slots=True)
class _Field:
    low: int
    high: int
    names: Mapping[str, int]


_FIELDS: Final = (
    _Field(0, 59, {}),
    _Field(0, 23, {}),
    _Field(1, 31, {}),
    _Field(1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Field(0, 7, {name: number for number, name in enumerate(_DAYS)}),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """When a job is due."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    """Of the month."""
    months: frozenset[int]
    weekdays: frozenset[int]
    """Sunday is 0."""
    either_day: bool
    """Day of the month and weekday are both limited: then one of them is enough."""
    zone: ZoneInfo

    def after(self, instant: dt.datetime) -> dt.datetime | None:
        """Return the first due instant later than this, in UTC; None if there never is one."""
        found = instant.astimezone(dt.UTC).replace(second=0, microsecond=0) + _MINUTE
        last = found + _AHEAD
        while found <= last:
            wall = found.astimezone(self.zone)
            if not self._day(wall):
                found = max(found + _MINUTE, _midnight_after(wall))
            elif wall.hour in self.hours and wall.minute in self.minutes:
                return found
            else:
                found += _MINUTE
        return None

    def _day(self, wall: dt.datetime) -> bool:
        by_date, by_name = wall.day in self.days, wall.isoweekday() % 7 in self.weekdays
        fits = by_date or by_name if self.either_day else by_date and by_name
        return fits and wall.month in self.months


@functools.lru_cache
def parse_cron(schedule: str, time_zone: str) -> Cron:
    """Read a schedule. Raises Refused, in the service's words, also for one that never comes."""
    try:
        fields = schedule.upper().split()
        found = [_values(*pair) for pair in zip(fields, _FIELDS, strict=True)]
        zone = ZoneInfo("Etc/UTC" if time_zone.upper() in ("", "UTC") else time_zone)
    except (ValueError, KeyError, OSError):
        raise _invalid() from None
    minutes, hours, days, months, weekdays = found
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    weekdays = frozenset(day % 7 for day in weekdays)
    cron = Cron(minutes, hours, days, months, weekdays, either, zone)
    if cron.after(dt.datetime(2024, 1, 1, tzinfo=dt.UTC)) is None:
        raise _invalid()
    return cron


def _values(text: str, field: _Field) -> frozenset[int]:
    """Read a list of numbers, ranges and ranges with steps. Raises ValueError or KeyError."""
    values: set[int] = set()
    for part in text.split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(part)
        span, step = found.group(1), int(found.group(2) or 1)
        first, _, last = span.partition("-")
        if span == "*":
            # 7 is only another name of Sunday.
            low, high = field.low, min(field.high, 6) if field.names.get("SUN") == 0 else field.high
        else:
            low, high = _number(first, field), _number(last or first, field)
            if found.group(2) and not last:
                raise ValueError(part)
        if step < 1 or not field.low <= low <= high <= field.high:
            raise ValueError(part)
        values.update(range(low, high + 1, step))
    return frozenset(values)


def _number(text: str, field: _Field) -> int:
    return int(text) if text.isdigit() else field.names[text]


def _midnight_after(wall: dt.datetime) -> dt.datetime:
    day = wall.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(), wall.tzinfo).astimezone(dt.UTC)


def _invalid() -> Refused:
    # Source: github.com/googleapis/google-cloud-go/issues/1352.
    return Refused("INVALID_ARGUMENT", "Schedule or time zone is invalid.")
