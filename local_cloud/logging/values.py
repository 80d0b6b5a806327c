"""Values of a LogEntry as Google writes them: instants, durations, severities.

The readers raise ValueError or OverflowError for anything else; their callers say what that
means to the one who asked.
"""

import datetime as dt
from typing import Any, Final

# Source: google.logging.type.LogSeverity.
SEVERITIES: Final = {
    "DEFAULT": 0,
    "DEBUG": 100,
    "INFO": 200,
    "NOTICE": 300,
    "WARNING": 400,
    "ERROR": 500,
    "CRITICAL": 600,
    "ALERT": 700,
    "EMERGENCY": 800,
}


def instant_of(value: Any) -> dt.datetime:
    """Read an RFC 3339 or ISO 8601 instant; without a zone it is UTC, past microseconds cut."""
    if not isinstance(value, str):
        raise ValueError(value)
    instant = dt.datetime.fromisoformat(value)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=dt.UTC)
    return instant.astimezone(dt.UTC)


def instant_text(instant: dt.datetime) -> str:
    """Write an instant as Google does: UTC, `Z`, microseconds unless they are 0."""
    return instant.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def duration_of(value: Any) -> float:
    """Read seconds with their unit, such as `0.355516564s`."""
    text = str(value)
    for unit, seconds in (("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("s", 1.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * seconds
    return float(text)


def severity_of(value: Any) -> int:
    """Read a severity's name in any case, or its number."""
    text = str(value).upper()
    return SEVERITIES[text] if text in SEVERITIES else int(text)
