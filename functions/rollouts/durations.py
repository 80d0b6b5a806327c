"""Durations as people write them: `30s`, `5m`, `1h30m`, `24h`, `7d`."""

import datetime as dt
import re
from typing import Final

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
PATTERN: Final = r"^([0-9]+(ms|s|m|h|d))+$"
_PART: Final = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
_WHOLE: Final = re.compile(PATTERN)
LONGEST: Final = dt.timedelta(days=365)
"""The longest that a workflow execution may last. Source: reference/workflows.md 1.7."""


def parse_duration(text: object) -> dt.timedelta:
    """Read a duration of at most a year. Raises ValueError for anything else.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    if not isinstance(text, str) or not _WHOLE.match(text):
        raise ValueError(text)
    parts = _PART.findall(text)
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if (
        "".join(number + unit for number, unit in parts) != text
        or seconds > LONGEST.total_seconds()
    ):
        raise ValueError(text)
    return dt.timedelta(seconds=seconds)


def show_duration(duration: dt.timedelta) -> str:
    """Write a duration so that `parse_duration` reads the same one again.

    >>> show_duration(dt.timedelta(seconds=5400))
    '1h30m'
    """
    left = round(duration.total_seconds() * 1000)
    shown = ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        number, left = divmod(left, size)
        shown += f"{number}{unit}" if number else ""
    return shown or "0s"
