"""The kinds of value that delivery.yaml knows: one rule, one example, one reader, one schema each.

A reader takes what a YAML or JSON parser gave and raises ValueError if it is not of the kind.
Nothing falls back silently, and a schema never accepts what its reader refuses by pattern.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rollouts.durations import PATTERN, parse_duration
from rollouts.freezes import WEEKDAYS, zone_of

NAME: Final = r"^[a-z][a-z0-9-]{0,47}[a-z0-9]$|^[a-z]$"
PROJECT: Final = r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$"
REGION: Final = r"^[a-z]+-[a-z]+[0-9]+$"
REPOSITORY: Final = r"^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)+$"
BRANCH: Final = r"^[^\s~^:?*\[\\]+$"
URL_PATH: Final = r"^/[^\s#]*$"
WORDS: Final = r"^[^\s]([^\n]{0,198}[^\s])?$"
# `endpoint` would name the variable that says where PagerDuty is.
SERVICE_OF_PAGERDUTY: Final = rf"^(?!endpoint$)({NAME})"
_MAILBOX: Final = r"[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*"
_LABEL: Final = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN: Final = rf"{_LABEL}(\.{_LABEL})+"
ADDRESS: Final = f"^(?=.{{3,254}}$){_MAILBOX}@{_DOMAIN}$"
ZONE: Final = r"^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"
_CLOCK: Final = "(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"
_DATE: Final = "2[0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
MOMENT: Final = f"^(({'|'.join(WEEKDAYS)}) )?{_CLOCK}$|^{_DATE}T{_CLOCK}(:00)?$"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value."""

    rule: str
    """Fits after "must be"."""
    example: str
    read: Callable[[Any], Any]
    schema: Mapping[str, Any]
    each_step: bool = False
    """One value for all steps, or a list: a list of one is written as its only value."""


def text(rule: str, pattern: str, example: str) -> Kind:
    """Return the kind of a string that a pattern describes."""
    compiled = re.compile(pattern)

    def read(value: Any) -> str:
        # Whole: a `$` alone would let a line break at the end through.
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(value)
        return value

    return Kind(rule, example, read, {"type": "string", "pattern": pattern})


def one_of(*choices: str) -> Kind:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(value)
        return value

    return Kind("one of " + ", ".join(choices), choices[0], read, {"enum": list(choices)})


def whole(low: int, high: int, example: int) -> Kind:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(value)
        return value

    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Kind(f"a whole number {low} to {high}", str(example), read, schema)


def switch() -> Kind:
    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(value)
        return value

    return Kind("true or false", "true", read, {"type": "boolean"})


def duration(example: str, *, shortest: str = "1s") -> Kind:
    low = parse_duration(shortest)

    def read(value: Any) -> Any:
        found = parse_duration(value)
        if found < low:
            raise ValueError(value)
        return found

    rule = f"a duration of at least {shortest} and at most 365d"
    return Kind(rule, example, read, {"type": "string", "pattern": PATTERN})


def number(low: float, high: float, example: float) -> Kind:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(value)
        if not low <= value <= high:
            raise ValueError(value)
        return float(value)

    schema = {"type": "number", "minimum": low, "maximum": high}
    return Kind(f"a number {_plainly(low)} to {_plainly(high)}", _plainly(example), read, schema)


def _plainly(value: float) -> str:
    """Write a number without an exponent, which YAML readers take for text."""
    return f"{value:.8f}".rstrip("0").rstrip(".")


def ratio(example: float) -> Kind:
    kind = number(0, 1, example)
    return Kind("a ratio 0.0 to 1.0", kind.example, kind.read, kind.schema)


def optional(kind: Kind) -> Kind:
    """Return the kind that may also be `off`, read as None."""

    def read(value: Any) -> Any:
        return None if value == "off" or value is False else kind.read(value)

    # YAML 1.1 readers take a bare off for false: both spellings mean the same here.
    schema = {"anyOf": [{"enum": ["off", False]}, dict(kind.schema)]}
    return Kind(f"off or {kind.rule}", kind.example, read, schema, kind.each_step)


def several(kind: Kind, *, least: int = 0, most: int = 20) -> Kind:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise ValueError(value)
        return tuple(kind.read(item) for item in value)

    schema = {"type": "array", "items": dict(kind.schema), "minItems": least, "maxItems": most}
    return Kind(f"a list of {least} to {most}, each {kind.rule}", f"[{kind.example}]", read, schema)


def zone() -> Kind:
    named = text("a time zone of the IANA database", ZONE, "Europe/Berlin")

    def read(value: Any) -> str:
        zone_of(named.read(value))
        return str(value)

    return Kind(named.rule, named.example, read, named.schema)


Moment = dt.datetime | tuple[int, int] | int
"""A date and time; a weekday and the minutes after its midnight; or such minutes alone."""


def moment() -> Kind:
    """Return the kind of a time on a clock, whose zone stands beside it."""
    kind = text(
        "a date and time, a weekday and time, or in quotes a time of the day", MOMENT, "fri 15:00"
    )

    def read(value: Any) -> Moment:
        if isinstance(value, dt.datetime):
            value = value.isoformat()  # YAML made it of one with seconds.
        day, _, clock = str(kind.read(value)).replace("T", " ").rpartition(" ")
        hours, minutes = int(clock[:2]), int(clock[3:5])
        after_midnight = hours * 60 + minutes
        if not day:
            return after_midnight
        if day in WEEKDAYS:
            return (WEEKDAYS.index(day), after_midnight)
        return dt.datetime.fromisoformat(day) + dt.timedelta(minutes=after_midnight)

    return Kind(kind.rule, kind.example, read, kind.schema)


def steps() -> Kind:
    def read(value: Any) -> tuple[int, ...]:
        found = several(whole(1, 100, 10), least=1).read(value)
        if list(found) != sorted(set(found)) or found[-1] != 100:  # noqa: PLR2004
            raise ValueError(value)
        return tuple(found)

    items = {"type": "integer", "minimum": 1, "maximum": 100}
    schema = {
        "type": "array",
        "items": items,
        "minItems": 1,
        "maxItems": 20,
        "uniqueItems": True,
        "contains": {"const": 100},
    }
    rule = "rising whole percents, each once, that end in 100"
    return Kind(rule, "[10, 50, 100]", read, schema)


def per_step(kind: Kind, example: str) -> Kind:
    """Return the kind of one value for all steps, or a list with one for each."""

    def read(value: Any) -> tuple[Any, ...]:
        if isinstance(value, list):
            return tuple(several(kind, least=1).read(value))
        return (kind.read(value),)

    schema = {"anyOf": [dict(kind.schema), dict(several(kind, least=1).schema)]}
    return Kind(f"{kind.rule}, or a list with one for each step", example, read, schema, True)
