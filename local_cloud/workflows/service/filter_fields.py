"""The fields that lists may be filtered and ordered by, and how each kind compares."""

import datetime as dt
import math
import operator as op
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from local_cloud.kit.errors import Refused

Kind = Literal["text", "enum", "time", "duration", "number", "bool", "map", "names"]
_ORDER: Final = {"<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge}
_FRACTION: Final = re.compile(r"(\.\d{6})\d+")


@dataclass(frozen=True, slots=True)
class Field:
    """`read` gives an item's value, None if it has none; times are aware datetimes.

    A field of `names` has many: it equals each of them.
    """

    kind: Kind
    read: Callable[[Any], Any]
    values: tuple[str, ...] = ()
    """Of an enum."""
    prefix: str = ""
    """What may be left out in front of an enum's value."""
    sortable: bool = True


def find(name: str, fields: Mapping[str, Field]) -> Field | None:
    """Return a field; `labels.team` is a text inside of the map `labels`."""
    head, _, key = name.partition(".")
    field = fields.get(head)
    if field is None or (key != "") != (field.kind == "map" and "." in name):
        return None
    if not key:
        return field
    read = field.read
    return Field("text", lambda item: (read(item) or {}).get(key))


def restriction(name: str, field: Field, operator: str, text: str) -> Callable[[Any], bool]:
    """Return the test of `name operator text`. Raises Refused(INVALID_ARGUMENT)."""
    read = field.read
    if text == "*" and operator in (":", "="):
        return lambda item: read(item) not in (None, "", {})
    if field.kind == "map":
        if operator != ":":
            raise _refused(f"{name} takes only ':'")
        return lambda item: text in (read(item) or {})
    if operator in _ORDER:
        if field.kind in ("enum", "bool", "names"):
            raise _refused(f"{name} does not compare with '{operator}'")
        compare, wanted = _ORDER[operator], value_of(name, field, text)
        return lambda item: (found := read(item)) is not None and compare(found, wanted)
    same = _same(name, field, operator, text)
    if operator == "!=":
        return lambda item: (found := read(item)) is not None and not same(found)
    return lambda item: (found := read(item)) is not None and same(found)


def _same(name: str, field: Field, operator: str, text: str) -> Callable[[Any], bool]:
    if field.kind == "names":
        return lambda found: text in found
    if field.kind == "text" and "*" in text:
        return _wildcards(text)
    if field.kind == "text" and operator == ":":
        return lambda found: text in found
    wanted = value_of(name, field, text)
    return lambda found: bool(found == wanted)


def _wildcards(pattern: str) -> Callable[[str], bool]:
    """Return what tells texts in which `*` stands for anything.

    It looks at each character once: a regular expression would go back without end.
    """
    first, *parts, last = pattern.split("*")

    def matches(found: str) -> bool:
        at, end = len(first), len(found) - len(last)
        if at > end or not found.startswith(first) or not found.endswith(last):
            return False
        for part in parts:
            at = found.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True

    return matches


def _seconds(_field: Field, text: str) -> float:
    found = float(text.removesuffix("s"))
    if not text.isascii() or not math.isfinite(found):
        raise ValueError
    return found


def value_of(name: str, field: Field, text: str) -> Any:
    """Read a value of a filter as the field's kind. Raises Refused(INVALID_ARGUMENT)."""
    try:
        return _READ[field.kind](field, text)
    except ValueError:
        raise _refused(f"{text} is no value of {name}") from None


def _enum(field: Field, text: str) -> str:
    for value in (text, field.prefix + text):
        if value in field.values:
            return value
    raise ValueError


def _time(_field: Field, text: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(_FRACTION.sub(r"\1", text))
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _bool(_field: Field, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


_READ: Final[dict[str, Callable[[Field, str], Any]]] = {
    "text": lambda _field, text: text,
    "enum": _enum,
    "time": _time,
    "duration": _seconds,
    "number": lambda _field, text: int(text),
    "bool": _bool,
}


def instant(text: str | None) -> dt.datetime | None:
    """Read a timestamp as this service writes them."""
    return None if text is None else dt.datetime.fromisoformat(text[:26] + "+00:00")


def ordered(items: list[Any], order_by: str, fields: Mapping[str, Field]) -> list[Any]:
    """Sort by `field [asc|desc], ...`; what has no value comes first. Raises Refused."""
    for part in reversed(order_by.split(",")):
        name, *direction = part.split() if part.strip() else [""]
        field = fields.get(name)
        if field is None or not field.sortable or direction not in ([], ["asc"], ["desc"]):
            raise Refused("INVALID_ARGUMENT", f"invalid order_by: {order_by}")
        items = sorted(items, key=_key(field), reverse=direction == ["desc"])
    return items


def _key(field: Field) -> Callable[[Any], Any]:
    read = field.read

    def key(item: Any) -> tuple[bool, Any]:
        found = read(item)
        return (False, 0) if found is None else (True, found)

    return key


def _refused(why: str) -> Refused:
    return Refused("INVALID_ARGUMENT", f"invalid filter: {why}")
