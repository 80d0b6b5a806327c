"""time.*: RFC 3339 in both directions.

Source: the functions' own pages: microseconds are always written; an offset of zero is `Z` in
whatever zone (time.format of "GMT"); what is read is RFC 3339 section 5.6 and nothing else.
"""

import datetime as dt
import re
import zoneinfo
from typing import Any, Final

from local_cloud.workflows.language.faults import Fault, fault
from local_cloud.workflows.stdlib.registry import Function, function, number, text

_SECONDS_MAX: Final = 253402300799  # The last second of year 9999.
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SHOWN_MAX: Final = 40
_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,9}))?(?:[Zz]|([-+])([0-9]{2}):([0-9]{2}))"
)
_HOURS_MAX: Final = 23
_MINUTES_MAX: Final = 59


def time_format(seconds: Any, timezone: Any) -> str:
    zone = _zone(text(timezone))
    if not abs(number(seconds)) <= _SECONDS_MAX:
        raise fault("ValueError", "time is out of range")
    try:
        # Rounded from microseconds as integers: floats lose the last digit.
        instant = _EPOCH + dt.timedelta(microseconds=round(seconds * 1_000_000))
        local = instant.astimezone(zone)
    except OverflowError:
        raise fault("ValueError", "time is out of range") from None
    written = local.replace(tzinfo=None).isoformat(timespec="microseconds")
    return written + _offset(local)


def _zone(name: str) -> dt.tzinfo:
    if name == "":
        return dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise fault("ValueError", f"unknown time zone: {name[:_SHOWN_MAX]}") from None


def _offset(local: dt.datetime) -> str:
    offset = local.utcoffset() or dt.timedelta()
    minutes = abs(offset) // dt.timedelta(minutes=1)
    if minutes == 0:
        return "Z"
    return f"{'-' if offset < dt.timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"


def parse_time(value: Any) -> float:
    """Return the seconds since 1970."""
    found = _TIME.fullmatch(text(value))
    if found is None:
        raise _not_a_time(value)
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        instant = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
    except ValueError:
        raise _not_a_time(value) from None
    hours, minutes = int(found.group(9) or 0), int(found.group(10) or 0)
    if hours > _HOURS_MAX or minutes > _MINUTES_MAX:
        raise _not_a_time(value)
    ahead = (hours * 60 + minutes) * 60 * (-1 if found.group(8) == "-" else 1)
    fraction = int((found.group(7) or "0").ljust(9, "0")) / 1e9
    return (instant - _EPOCH) // dt.timedelta(seconds=1) - ahead + fraction


def _not_a_time(value: str) -> Fault:
    return fault("ValueError", f"cannot parse time: {value[:_SHOWN_MAX]}")


FUNCTIONS: Final[dict[str, Function]] = {
    "time.format": function(time_format, "seconds", timezone="UTC"),
    "time.parse": function(parse_time, "value"),
}
