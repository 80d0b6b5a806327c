"""Monitoring filters: text to syntax tree to predicate.

Where Google's precedence is not written down (AND beside OR), parentheses are asked for
instead of guessing. Source: https://cloud.google.com/monitoring/api/v3/filters
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from local_cloud.kit.errors import Refused

LENGTH_MAX: Final = 2048
"""Source: the filter page, "a filter's length can't exceed 2048 Unicode characters"."""
DEPTH_MAX: Final = 60
FULL_MATCH: Final = "monitoring.regex.full_match"
FUNCTIONS: Final = ("starts_with", "ends_with", "has_substring", "one_of", FULL_MATCH)

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<op>!=|=)
      | (?P<punct>[(),])
      | (?P<word>[A-Za-z0-9_.-]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_SELECTOR: Final = re.compile(
    r"(?P<fixed>project|metric\.type|resource\.type)"
    r"|(?P<of>metric|resource)\.labels?\.(?P<key>[A-Za-z_][A-Za-z0-9_]*)"
)

Facts = Mapping[str, str]
"""A time series as filters see it: `metric.type`, `resource.labels.service_name` and so on."""


@dataclass(frozen=True, slots=True)
class Compare:
    """`key operator value`, or `key operator function(values)`; key in its plural form."""

    key: str
    operator: str
    function: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Joint:
    """Terms joined by AND or by OR."""

    word: str
    terms: tuple["Node", ...]


Node = Compare | Joint


def selector(text: str) -> str | None:
    """Return a selector's plural form, such as resource.labels.location; None if it is none."""
    found = _SELECTOR.fullmatch(text)
    if found is None:
        return None
    return found["fixed"] or f"{found['of']}.labels.{found['key']}"


def parse(text: str) -> Node:
    """Return the tree of a filter. Raises Refused(INVALID_ARGUMENT)."""
    if len(text) > LENGTH_MAX:
        raise invalid(f"it is longer than {LENGTH_MAX} characters")
    return _Parser(text).filter()


def compares(node: Node) -> Iterator[Compare]:
    """Yield every comparison of a tree."""
    if isinstance(node, Compare):
        yield node
        return
    for term in node.terms:
        yield from compares(term)


def predicate(node: Node) -> Callable[[Facts], bool]:
    """Compile a tree. A fact that is not there is an empty text."""
    if isinstance(node, Joint):
        if node.word == "AND" and all(_plain(term) for term in node.terms):
            return _all_plain(node)
        terms = [predicate(term) for term in node.terms]
        if node.word == "AND":
            return lambda facts: all(term(facts) for term in terms)
        return lambda facts: any(term(facts) for term in terms)
    key, wanted = node.key, node.operator == "="
    test = _value_test(node)
    return lambda facts: test(facts.get(key, "")) == wanted


def _plain(node: Node) -> bool:
    return isinstance(node, Compare) and node.function in ("", "one_of")


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


def invalid(why: str) -> Refused:
    return Refused("INVALID_ARGUMENT", f"Field filter had an invalid value: {why}.")


def _value_test(node: Compare) -> Callable[[str], bool]:
    values = node.values
    first = values[0]
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


class _Parser:
    """Recursive descent; one method a rule."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        position = 0
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise invalid(
                    f"syntax error at character {position + 1}, {text[position]!r}: supported are"
                    f" = and != with a value or {', '.join(FUNCTIONS)}, AND, OR and parentheses"
                )
            if found.lastgroup != "space":
                self._tokens.append((str(found.lastgroup), found.group(), position))
            position = found.end()
        self._tokens.append(("end", "", len(text)))
        self._next = 0
        self._depth = 0

    def filter(self) -> Node:
        node = self._joint()
        if self._kind() != "end":
            raise self._unexpected("AND or OR joins comparisons")
        return node

    def _joint(self) -> Node:
        terms = [self._term()]
        word = self._text()
        if word not in ("AND", "OR"):
            return terms[0]
        while self._take(word):
            terms.append(self._term())
        if self._text() in ("AND", "OR"):
            raise self._unexpected("put parentheses where AND meets OR")
        return Joint(word, tuple(terms))

    def _term(self) -> Node:
        if not self._take("("):
            return self._comparison()
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise invalid(f"it is nested deeper than {DEPTH_MAX} levels")
        node = self._joint()
        self._depth -= 1
        self._expect(")")
        return node

    def _comparison(self) -> Node:
        key = selector(self._text())
        if self._kind() != "word" or key is None:
            raise self._unexpected(
                "a comparison starts with metric.type, resource.type, project,"
                " metric.labels.KEY or resource.labels.KEY"
            )
        self._next += 1
        operator = self._text()
        if self._kind() != "op":
            raise self._unexpected("a comparison is = or !=")
        self._next += 1
        if self._text() in FUNCTIONS and self._kind() == "word":
            return self._function(key, operator)
        return Compare(key, operator, "", (self._value(),))

    def _function(self, key: str, operator: str) -> Node:
        function = self._text()
        self._next += 1
        self._expect("(")
        values = [self._value()]
        while function == "one_of" and self._take(","):
            values.append(self._value())
        self._expect(")")
        return Compare(key, operator, function, tuple(values))

    def _value(self) -> str:
        kind, text, _ = self._tokens[self._next]
        if kind == "quoted":
            self._next += 1
            return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
        if kind != "word" or text in ("AND", "OR", "NOT"):
            raise self._unexpected("a value stands in double quotes")
        self._next += 1
        return text

    def _kind(self) -> str:
        return self._tokens[self._next][0]

    def _text(self) -> str:
        return self._tokens[self._next][1]

    def _take(self, text: str) -> bool:
        if self._text() != text or self._kind() not in ("punct", "word"):
            return False
        self._next += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._unexpected(f"expected {text!r}")

    def _unexpected(self, rule: str) -> Refused:
        _, text, position = self._tokens[self._next]
        what = repr(text) if text else "the end"
        return invalid(f"syntax error at character {position + 1}, {what}: {rule}")
