"""The filter language of subscriptions: attributes only, never the data.

Source: https://cloud.google.com/pubsub/docs/subscription-message-filter
`attributes:k`, `attributes.k = "v"`, `!=`, `hasPrefix(attributes.k, "x")`, NOT, AND, OR and
parentheses; operators in upper case; AND and OR are not mixed without parentheses. A key with
other characters than letters, digits, `-` and `_` is quoted. A message without the attribute
matches `!=` (as Google's own Go test server, pubsub/pstest/filtering.go, has it).
"""

import ast
import re
from collections.abc import Callable, Mapping

from local_cloud.kit.errors import Refused

Matches = Callable[[Mapping[str, str]], bool]
BYTES_MAX = 256

_ESCAPE = r"""\\(?:["'\\abfnrtv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{1,3})"""
_TOKEN = re.compile(
    rf"""\s*(?:("(?:[^"\\\n]|{_ESCAPE})*")|([A-Za-z0-9_\-]+)|(!=|[=:.,()]))""",
)


def parse(text: str) -> Matches:
    """Compile a filter; the empty one lets everything pass. Raises Refused(INVALID_ARGUMENT)."""
    if len(text.encode()) > BYTES_MAX:
        raise _refusal(text, f"it is longer than {BYTES_MAX} bytes")
    if not text.strip():
        return lambda attributes: True  # noqa: ARG005 - the shape of a filter.
    return _Parser(text).whole()


def _refusal(text: str, problem: str) -> Refused:
    return Refused("INVALID_ARGUMENT", f"Invalid filter '{text}': {problem}.")


class _Parser:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._tokenize()
        self._at = 0

    def _tokenize(self) -> list[str]:
        tokens, position, text = [], 0, self._text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise _refusal(self._text, f"unexpected character at {position}")
            tokens.append(found[1] or found[2] or found[3])
            position = found.end()
        return tokens

    def whole(self) -> Matches:
        matches = self._expression()
        if self._at < len(self._tokens):
            raise _refusal(self._text, f"unexpected '{self._tokens[self._at]}'")
        return matches

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *expected: str) -> str:
        token = self._peek()
        if not token or (expected and token not in expected):
            wanted = " or ".join(expected) or "more"
            raise _refusal(self._text, f"expected {wanted}, got '{token}'")
        self._at += 1
        return token

    def _expression(self) -> Matches:
        terms = [self._term()]
        joint = self._peek() if self._peek() in ("AND", "OR") else ""
        while joint and self._peek() == joint:
            self._take(joint)
            terms.append(self._term())
        if self._peek() in ("AND", "OR"):
            raise _refusal(self._text, "AND and OR are combined with parentheses only")
        if joint == "OR":
            return lambda attributes: any(term(attributes) for term in terms)
        return lambda attributes: all(term(attributes) for term in terms)

    def _term(self) -> Matches:
        if self._peek() == "NOT":
            self._take("NOT")
            inner = self._term()
            return lambda attributes: not inner(attributes)
        if self._peek() == "(":
            self._take("(")
            inner = self._expression()
            self._take(")")
            return inner
        if self._peek() == "hasPrefix":
            return self._has_prefix()
        return self._comparison()

    def _has_prefix(self) -> Matches:
        self._take("hasPrefix")
        self._take("(")
        self._take("attributes")
        self._take(".")
        key = self._key()
        self._take(",")
        prefix = self._string()
        self._take(")")
        return lambda attributes: attributes.get(key, "").startswith(prefix) and key in attributes

    def _comparison(self) -> Matches:
        self._take("attributes")
        if self._take(":", ".") == ":":
            key = self._key()
            return lambda attributes: key in attributes
        key = self._key()
        operator = self._take("=", "!=")
        value = self._string()
        if operator == "=":
            return lambda attributes: attributes.get(key) == value
        return lambda attributes: attributes.get(key) != value

    def _key(self) -> str:
        if self._peek().startswith('"'):
            return self._string()
        token = self._take()
        if not re.fullmatch(r"[A-Za-z0-9_\-]+", token):
            raise _refusal(self._text, f"expected an attribute's key, got '{token}'")
        return token

    def _string(self) -> str:
        token = self._take()
        if not token.startswith('"'):
            raise _refusal(self._text, f"expected a string in double quotes, got '{token}'")
        return str(
            ast.literal_eval(token)
        )  # The tokens' escapes mean in Python what they mean here.
