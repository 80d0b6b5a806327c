"""Requests to values: bodies, queries and ids. All that is wrong is told at once.

Pure. A value that comes out of here can be stored; what cannot is told as a Problem.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from health_service.fleet.models import (
    LIMIT_DEFAULT,
    LIMIT_MAX,
    NAME_RULE,
    ODOMETER_RULE,
    VIN_RULE,
    NewVehicle,
    Problem,
)

_VALUE_CHARACTERS_MAX: Final = 80
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LIMIT: Final = re.compile(r"[0-9]{1,3}")
_BODY_RULE: Final = "must be an object with vin, name and, if known, odometer_km"
_RULES: Final = {"vin": VIN_RULE, "name": NAME_RULE, "odometer_km": ODOMETER_RULE}
_LIMIT_RULE: Final = f"must be a whole number from 1 to {LIMIT_MAX}, such as {LIMIT_DEFAULT}"
_AFTER_RULE: Final = (
    "must be the `after` of the page before, such as 5f0c0a52-6d0b-4b5e-9a3c-0d8f3f1b7c11"
)


class NotJson(Exception):
    """The body cannot be read; the message says where it breaks."""


class Refused(Exception):
    """The request was understood and is not accepted."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.name} {p.rule}" for p in problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page: the `limit` oldest vehicles behind the vehicle `after` (None: from the first)."""

    limit: int = LIMIT_DEFAULT
    after: UUID | None = None


def parse_new_vehicle(body: bytes) -> NewVehicle:
    """Read a JSON body. Raises NotJson and Refused."""
    try:
        return NewVehicle.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
    if details[0]["type"] == "json_invalid":
        raise NotJson(details[0]["msg"].removeprefix("Invalid JSON: "))
    raise Refused([_problem(detail) for detail in details])


def _problem(detail: ErrorDetails) -> Problem:
    name = str(detail["loc"][0]) if detail["loc"] else "body"
    if detail["type"] == "extra_forbidden":
        rule = f"is unknown: must be one of {', '.join(_RULES)}"
        return Problem(name=_cut(name), value=_told(detail["input"]), rule=rule)
    value = None if detail["type"] == "missing" else _told(detail["input"])
    return Problem(name=name, value=value, rule=_RULES.get(name, _BODY_RULE))


def parse_page_query(items: Sequence[tuple[str, str]]) -> PageQuery:
    """Read the query's names and values in their order. Raises Refused.

    An unknown name is refused: with a misspelt `after` a client would read the first page for ever.
    """
    problems = [_unknown(name, value) for name, value in items if name not in ("limit", "after")]
    often = [name for name, count in Counter(name for name, _ in items).items() if count > 1]
    problems += [
        Problem(name=name, value=_told([v for n, v in items if n == name]), rule="must stand once")
        for name in often
        if name in ("limit", "after")
    ]
    given = dict(items)
    limit, after = given.get("limit", str(LIMIT_DEFAULT)), given.get("after")
    if not (_LIMIT.fullmatch(limit) and 1 <= int(limit) <= LIMIT_MAX):
        problems.append(Problem(name="limit", value=_told(limit), rule=_LIMIT_RULE))
    if after is not None and parse_id(after) is None:
        problems.append(Problem(name="after", value=_told(after), rule=_AFTER_RULE))
    if problems:
        raise Refused(problems)
    return PageQuery(int(limit), None if after is None else parse_id(after))


def parse_id(text: str) -> UUID | None:
    """Read a UUID in its usual form; None for any other: Python's own parser takes many."""
    return UUID(text) if _UUID.fullmatch(text) else None


def _unknown(name: str, value: str) -> Problem:
    rule = "is unknown: must be one of limit, after"
    return Problem(name=_cut(name), value=_told(value), rule=rule)


def _told(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    if len(text) <= _VALUE_CHARACTERS_MAX:
        return text
    return text[: _VALUE_CHARACTERS_MAX - 1] + "…"
