"""Instants as RFC 3339 text, always UTC: the form that stands in records, events and answers."""

import datetime as dt
import functools
import re
from typing import Final

_FRACTION: Final = re.compile(r"\.(\d+)")


def show_instant(instant: dt.datetime) -> str:
    """Write an aware instant in UTC with microseconds only where there are any."""
    assert instant.tzinfo is not None
    return _shown(instant if instant.tzinfo is dt.UTC else instant.astimezone(dt.UTC))


@functools.lru_cache(maxsize=1024)
def _shown(instant: dt.datetime) -> str:
    """Write an instant of UTC: elsewhere two that are equal may be an hour apart."""
    return f"{instant.isoformat()[:-6]}Z"


def parse_instant(text: object) -> dt.datetime:
    """Read an RFC 3339 instant. Google writes up to 9 digits; we keep 6. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(text)
    cut = _FRACTION.sub(lambda found: "." + found.group(1)[:6].ljust(6, "0"), text, count=1)
    instant = dt.datetime.fromisoformat(cut)
    if instant.tzinfo is None:
        raise ValueError(text)
    try:
        return instant.astimezone(dt.UTC)
    except OverflowError:  # The calendar's first or last day, in another zone.
        raise ValueError(text) from None
