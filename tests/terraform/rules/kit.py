"""The words that the tables of rules are written in: a rule, and checks of one value with their text."""

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.terraform.provider.values import UNKNOWN, wholly_known

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Check:
    """Whether a value that is known is right, and the rule in words. Null is never asked about."""

    right: Callable[[Any], bool]
    text: str


@dataclass(frozen=True)
class Breach:
    """A value that would be refused; `path` has names, and places in lists."""

    path: Path
    value: Any
    rule: str
    source: str


@dataclass(frozen=True)
class Rule:
    """One rule: for which types, where (names with dots; empty: the whole), what, who says so."""

    kind: re.Pattern[str]
    path: str
    check: Check
    source: str


def rules(kind: str, source: str, table: Mapping[str, Check | list[Check]]) -> tuple[Rule, ...]:
    """The rules for the types that `kind` matches, by path."""
    compiled = re.compile(kind)
    return tuple(
        Rule(compiled, path, check, source)
        for path, checks in table.items()
        for check in (checks if isinstance(checks, list) else [checks])
    )


def found_by(rule: Rule, config: Any) -> Iterator[Breach]:
    """Yield the breaches of one rule."""
    for path, value in _values(config, rule.path.split(".") if rule.path else [], ()):
        if value is not None and value is not UNKNOWN and not rule.check.right(value):
            yield Breach(path, value, rule.check.text, rule.source)


def _values(value: Any, names: list[str], path: Path) -> Iterator[tuple[Path, Any]]:
    """Every value at these names; a block that is there several times is gone through."""
    if isinstance(value, list) and names:
        for place, one in enumerate(value):
            yield from _values(one, names, (*path, place))
    elif isinstance(value, dict) and names:
        yield from _values(value.get(names[0]), names[1:], (*path, names[0]))
    elif not names:
        yield path, value


def pattern(expression: str, text: str) -> Check:
    """The whole of a text has this form."""
    compiled = re.compile(expression)
    return Check(lambda value: compiled.fullmatch(value) is not None, text)


def one_of(*values: str) -> Check:
    return Check(lambda value: value in values, f"one of {', '.join(values)}")


def between(low: float, high: float) -> Check:
    """A number, or the text of one, within both bounds."""
    return Check(lambda value: low <= float(value) <= high, f"{low} to {high}")


def longest(count: int) -> Check:
    """A text or a collection of this length at most."""
    return Check(lambda value: len(value) <= count, f"{count} at most")


def seconds(low: int, high: int, *, step: int = 0) -> Check:
    """A duration such as "60s" within both bounds and, if told, a multiple of `step` seconds."""

    def right(value: str) -> bool:
        match = re.fullmatch(r"(\d+(?:\.\d{1,9})?)s", value)
        length = float(match[1]) if match else -1
        return low <= length <= high and not (step and length % step)

    return Check(right, f"{low}s to {high}s" + (f", a multiple of {step}s" if step else ""))


def each(check: Check) -> Check:
    """Every known element of a list."""
    return Check(
        lambda values: all(check.right(one) for one in values if one is not UNKNOWN),
        f"each: {check.text}",
    )


def pairs(key: Check, value: Check | None = None) -> Check:
    """Every key of a map, and every value that is known."""

    def right(given: dict[str, Any]) -> bool:
        known = [one for one in given.values() if one is not None and one is not UNKNOWN]
        values_are_right = value is None or all(value.right(one) for one in known)
        return values_are_right and all(key.right(name) for name in given)

    return Check(right, f"keys: {key.text}" + (f"; values: {value.text}" if value else ""))


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True


JSON = Check(_is_json, "JSON")


def network(longest_prefix: int) -> Check:
    """An IPv4 network in CIDR notation."""

    def right(value: str) -> bool:
        try:
            return ipaddress.IPv4Network(value).prefixlen <= longest_prefix
        except ValueError:
            return False

    return Check(right, f"an IPv4 network, at smallest a /{longest_prefix}, such as 10.0.0.0/24")


def _count(value: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    """How many of the attributes and blocks are set; None if one of them is unknown."""
    given = [value.get(name) for name in names]
    if any(one is UNKNOWN for one in given):
        return None
    return sum(one is not None and one not in ([], {}) for one in given)


def exactly(wanted: int, *names: str) -> Check:
    return Check(
        lambda value: _count(value, names) in (None, wanted),
        f"exactly {wanted} of {', '.join(names)}",
    )


def at_most_one(*names: str) -> Check:
    return Check(
        lambda value: _count(value, names) in (None, 0, 1), f"at most one of {', '.join(names)}"
    )


def at_least_one(*names: str) -> Check:
    return Check(lambda value: _count(value, names) != 0, f"at least one of {', '.join(names)}")


def whole(right: Callable[[Any], bool], text: str) -> Check:
    """A rule between several values, asked only when all of them are known."""
    return Check(lambda value: not wholly_known(value) or right(value), text)
