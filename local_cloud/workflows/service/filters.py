"""Filters, order and pages of lists. Source: reference/workflows.md 6.2 and section 11."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from local_cloud.kit.errors import Refused

T = TypeVar("T")

_TERM: Final = re.compile(
    r"""\s*(?P<field>[A-Za-z][A-Za-z0-9_.-]*)\s*(?P<operator>!=|<=|>=|=|<|>|:)\s*
    (?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"()]+))\s*(?:(?P<more>AND\b)|\Z)""",
    re.VERBOSE,
)
_FIELDS: Final = (
    *("createTime", "duration", "endTime", "executionId", "name", "revisionId", "startTime"),
    *("state", "updateTime", "workflowRevisionId"),
)
Test = Callable[[dict[str, Any]], bool]


def parse_filter(text: str) -> Test:
    """Return the test that a filter stands for. Raises Refused(INVALID_ARGUMENT)."""
    tests: list[Test] = []
    at = 0
    while text[at:].strip():
        found = _TERM.match(text, at)
        if found is None or (found["more"] and not text[found.end() :].strip()):
            raise Refused("INVALID_ARGUMENT", f"invalid filter: {text}")
        value = found["quoted"] if found["quoted"] is not None else found["bare"]
        tests.append(_test(found["field"], found["operator"], value))
        at = found.end()
    return lambda document: all(test(document) for test in tests)


def _test(field: str, operator: str, value: str) -> Test:
    read = _reader(field)
    if operator == ":":
        return lambda document: read(document) is not None and value in ("*", read(document))
    if operator == "=":
        return lambda document: read(document) == value
    if operator == "!=":
        return lambda document: read(document) != value
    as_key = _seconds if field == "duration" else str
    wanted = as_key(value)

    def compare(document: dict[str, Any]) -> bool:
        text = read(document)
        if text is None:
            return False
        found: Any = as_key(text)
        smaller, same = found < wanted, found == wanted
        return (smaller if operator[0] == "<" else not smaller and not same) or (
            same and operator.endswith("=")
        )

    return compare


def _seconds(text: str) -> float:
    try:
        return float(text.removesuffix("s"))
    except ValueError:
        raise Refused("INVALID_ARGUMENT", f"invalid duration in filter: {text}") from None


def _reader(field: str) -> Callable[[dict[str, Any]], str | None]:
    head, _, label = field.partition(".")
    if head in ("label", "labels") and label:
        return lambda document: (document.get("labels") or {}).get(label)
    if field not in _FIELDS:
        raise Refused("INVALID_ARGUMENT", f"invalid filter: unknown field {field}")
    if field == "executionId":
        return lambda document: str(document["name"]).rpartition("/")[2]
    return lambda document: document.get(field)


def ordered(documents: list[dict[str, Any]], order_by: str) -> list[dict[str, Any]]:
    """Sort by `field [asc|desc], ...`; "" leaves the order as it is."""
    for part in reversed([part for part in order_by.split(",") if part.strip()]):
        field, _, direction = part.strip().partition(" ")
        if field not in _FIELDS or direction.strip() not in ("", "asc", "desc"):
            raise Refused("INVALID_ARGUMENT", f"invalid order_by: {order_by}")
        read = _reader(field)
        documents = sorted(
            documents,
            key=lambda document: str(read(document) or ""),
            reverse=direction.strip() == "desc",
        )
    return documents


def page(
    items: Sequence[T], size: int, token: str, *, default: int, most: int
) -> tuple[Sequence[T], str]:
    """Return one page, and the token of the next ("" at the end)."""
    if size < 0:
        raise Refused("INVALID_ARGUMENT", "page_size must not be negative")
    begin = _offset(token)
    end = begin + min(size or default, most)
    return items[begin:end], _token(end) if end < len(items) else ""


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"at:{offset}".encode()).decode()


def _offset(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("at:"))
    except (binascii.Error, ValueError):
        raise Refused("INVALID_ARGUMENT", "invalid page token") from None
