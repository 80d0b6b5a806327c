"""Monitoring filters: what a tree means for a time series. The text: filter_parser.py."""

import re
import warnings
from collections.abc import Callable, Mapping

from local_cloud.monitoring.filter_parser import parse
from local_cloud.monitoring.filter_tree import (
    ORDERED,
    Compare,
    Joint,
    Node,
    Not,
    compares,
    invalid,
    selector,
)

__all__ = ["compares", "parse", "selector"]
Facts = Mapping[str, str]
"""A time series as filters see it: `metric.type`, `resource.labels.service_name` and so on."""


def predicate(node: Node) -> Callable[[Facts], bool]:
    """Compile a tree. A fact that is not there is an empty text."""
    if isinstance(node, Not):
        inside = predicate(node.term)
        return lambda facts: not inside(facts)
    if isinstance(node, Joint):
        if node.word == "AND" and all(_plain(term) for term in node.terms):
            return _all_plain(node)
        terms = [predicate(term) for term in node.terms]
        if node.word == "AND":
            return lambda facts: all(term(facts) for term in terms)
        return lambda facts: any(term(facts) for term in terms)
    key, wanted = node.key, node.operator != "!="
    test = _value_test(node)
    return lambda facts: test(facts.get(key, "")) == wanted


def _plain(node: Node) -> bool:
    return (
        isinstance(node, Compare)
        and node.function in ("", "one_of")
        and node.operator not in ORDERED
    )


def _all_plain(node: Joint) -> Callable[[Facts], bool]:
    """Compile comparisons with values, joined by AND: what most filters are."""
    terms = [
        (term.key, term.values, term.operator == "=")
        for term in node.terms
        if isinstance(term, Compare)
    ]

    def matches(facts: Facts) -> bool:
        for key, values, wanted in terms:  # noqa: SIM110 - a generator takes twice as long.
            if (facts.get(key, "") in values) != wanted:
                return False
        return True

    return matches


def _value_test(node: Compare) -> Callable[[str], bool]:
    values = node.values
    first = values[0]
    if node.operator in ORDERED:
        return _ordered(node.operator, int(first))
    match node.function:
        case "starts_with":
            return lambda text: text.startswith(first)
        case "ends_with":
            return lambda text: text.endswith(first)
        case "has_substring":
            return lambda text: first in text
        case "monitoring.regex.full_match":
            return _full_match(first)
        case _:
            return lambda text: text in values


def _ordered(operator: str, bound: int) -> Callable[[str], bool]:
    tests: dict[str, Callable[[int], bool]] = {
        ">": lambda number: number > bound,
        ">=": lambda number: number >= bound,
        "<": lambda number: number < bound,
        "<=": lambda number: number <= bound,
    }
    test = tests[operator]
    return lambda text: re.fullmatch("-?[0-9]{1,19}", text) is not None and test(int(text))


def _full_match(pattern: str) -> Callable[[str], bool]:
    if re.search(r"\(\?[=!<]|\\[1-9]", pattern):
        raise invalid(f"{pattern!r}: RE2 has no look-around and no back-references")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        raise invalid(f"{pattern!r} is not a regular expression") from None
    return lambda text: compiled.fullmatch(text) is not None
