"""From a filter's text to its syntax tree.

Terms side by side are joined by AND: Google's own dashboards are written so. Where Google's
precedence is not written down (AND beside OR), parentheses are asked for instead of guessing.
Source: https://cloud.google.com/monitoring/api/v3/filters
"""

import re
from collections.abc import Callable
from typing import Final

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.filter_tree import (
    FUNCTIONS,
    ORDERED,
    Compare,
    Joint,
    Node,
    Not,
    invalid,
    selector,
)

LENGTH_MAX: Final = 2048
"""Source: the filter page, "a filter's length can't exceed 2048 Unicode characters"."""
DEPTH_MAX: Final = 60
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<key>[A-Za-z_]+(?:\.[A-Za-z_]+)*\."[^"\s]+")
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<op>!=|>=|<=|[=<>])
      | (?P<punct>[(),])
      | (?P<word>[A-Za-z0-9_.-]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS: Final = ("AND", "OR", "NOT")


def parse(text: str) -> Node:
    """Return the tree of a filter. Raises Refused(INVALID_ARGUMENT)."""
    if len(text) > LENGTH_MAX:
        raise invalid(f"it is longer than {LENGTH_MAX} characters")
    return _Parser(text).filter()


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
                    f" = != > >= < <= with a value, {', '.join(FUNCTIONS)}, AND, OR, NOT and"
                    " parentheses"
                )
            kind = str(found.lastgroup)
            if kind != "space":
                self._tokens.append(("word" if kind == "key" else kind, found.group(), position))
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
        word = self._joined_by()
        if not word:
            return terms[0]
        while self._joined_by() == word:
            self._take(word)  # If it is written at all.
            terms.append(self._term())
        if self._joined_by():
            raise self._unexpected("put parentheses where AND meets OR")
        return Joint(word, tuple(terms))

    def _joined_by(self) -> str:
        """Return what joins the next term to the one before: nothing written is AND."""
        if self._kind() == "word" and self._text() in ("AND", "OR"):
            return self._text()
        return "AND" if self._kind() == "word" or self._text() == "(" else ""

    def _term(self) -> Node:
        if self._take("NOT"):
            return Not(self._nested(self._term))
        if not self._take("("):
            return self._comparison()
        node = self._nested(self._joint)
        self._expect(")")
        return node

    def _nested(self, rule: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise invalid(f"it is nested deeper than {DEPTH_MAX} levels")
        node = rule()
        self._depth -= 1
        return node

    def _comparison(self) -> Node:
        key = selector(self._text())
        if self._kind() != "word" or key is None:
            raise self._unexpected(
                "a comparison starts with metric.type, resource.type, project,"
                " metric.labels.KEY, resource.labels.KEY or metadata.user_labels.KEY"
            )
        self._next += 1
        operator = self._text()
        if self._kind() != "op":
            raise self._unexpected("a comparison has an operator, such as =")
        self._next += 1
        if self._text() in FUNCTIONS and self._kind() == "word" and operator not in ORDERED:
            return self._function(key, operator)
        return Compare(key, operator, "", (self._value(operator),))

    def _function(self, key: str, operator: str) -> Node:
        function = self._text()
        self._next += 1
        self._expect("(")
        values = [self._value(operator)]
        while function == "one_of" and self._take(","):
            values.append(self._value(operator))
        self._expect(")")
        return Compare(key, operator, function, tuple(values))

    def _value(self, operator: str) -> str:
        kind, text, _ = self._tokens[self._next]
        if kind == "quoted":
            text = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
        elif kind != "word" or text in _WORDS or text.endswith('"'):
            raise self._unexpected("a value stands in double quotes")
        if operator in ORDERED and not re.fullmatch("-?[0-9]{1,19}", text):
            raise self._unexpected(f"{operator} compares with a whole number")
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
