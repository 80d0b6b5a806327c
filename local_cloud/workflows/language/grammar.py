"""The grammar of expressions: text to tree. Nothing is evaluated here.

Source: reference/workflows.md 2.2. `not` binds tighter than `in` and `==`; comparisons are one
level, left to right; strings stand in double quotes; there are no map literals.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.workflows.language.faults import BuildError
from local_cloud.workflows.language.json_text import INT_MAX, whole_characters

LENGTH_MAX: Final = 400
_NESTING_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Constant:
    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """`holder.key` and `holder["key"]` alike: `key` is any expression."""

    holder: "Expression"
    key: "Expression"
    dotted: bool


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function call; `name` is dotted."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`operator` is -, + or not."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """`operator` is as written, `and` and `or` in lower case."""

    operator: str
    left: "Expression"
    right: "Expression"


Expression = Constant | Name | Member | Invocation | Items | Unary | Binary

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>//|==|!=|<=|>=|[-+*/%<>()\[\].,])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_WORD_OPERATORS: Final = {
    "and": "and",
    "AND": "and",
    "or": "or",
    "OR": "or",
    "not": "not",
    "NOT": "not",
    "in": "in",
}
_CONSTANTS: Final = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    "null": None,
}
_COMPARISON: Final = 3
_BINDING: Final = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), _COMPARISON),
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "//": 5,
    "%": 5,
}


def parse(text: str) -> Expression:
    """Read the text between `${` and `}`. Raises BuildError (without a position)."""
    if len(text) > LENGTH_MAX:
        raise BuildError(f"expression is {len(text)} characters long: must be at most {LENGTH_MAX}")
    parser = _Parser(_tokens(text))
    tree = parser.expression(0)
    parser.expect_end()
    return tree


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    """number, string, name, operator (signs and the words and, or, not, in) or end."""
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    tokens = []
    at = 0
    while True:
        found = _TOKEN.match(text, at)
        if found is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise BuildError(f"token recognition error at: '{text[start : start + 20]}'")
        kind = found.lastgroup or ""
        word = found.group(kind)
        if kind == "word":
            kind, word = (
                ("operator", _WORD_OPERATORS[word])
                if word in _WORD_OPERATORS
                else (
                    "name",
                    word,
                )
            )
        elif kind == "sign":
            kind = "operator"
        tokens.append(_Token(kind, word, found.start(found.lastgroup or 0)))
        if kind == "end":
            return tokens
        at = found.end()


class _Parser:
    """Precedence climbing: one Python frame or two for each level of brackets."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _is(self, operator: str) -> bool:
        token = self._peek()
        return token.kind == "operator" and token.text == operator

    def _expect(self, operator: str) -> None:
        if not self._is(operator):
            raise self._unexpected(f"expecting '{operator}'")
        self._at += 1

    def expect_end(self) -> None:
        if self._peek().kind != "end":
            raise self._unexpected("expecting an operator or the end")

    def _unexpected(self, expecting: str) -> BuildError:
        token = self._peek()
        shown = token.text if token.kind != "end" else "<EOF>"
        return BuildError(
            f"parse error: mismatched input '{shown}' at character {token.at + 1}: {expecting}"
        )

    def expression(self, binding_min: int) -> Expression:
        self._depth += 1
        if self._depth > _NESTING_MAX:
            raise BuildError(f"parse error: expression is nested deeper than {_NESTING_MAX}")
        left = self._unary()
        while True:
            token = self._peek()
            binding = _BINDING.get(token.text, 0) if token.kind == "operator" else 0
            if binding <= binding_min:
                self._depth -= 1
                return left
            self._at += 1
            left = Binary(token.text, left, self.expression(binding))

    def _unary(self) -> Expression:
        signs: list[str] = []
        while (token := self._peek()).kind == "operator" and token.text in ("-", "+", "not"):
            if signs and signs[-1] == "not" and token.text != "not":
                raise self._unexpected("expecting a value")  # `not` binds tighter than signs.
            signs.append(token.text)
            self._at += 1
        value = self._postfix()
        for sign in reversed(signs):
            value = Unary(sign, value)
        return value

    def _postfix(self) -> Expression:
        value = self._primary()
        while True:
            if self._is("."):
                self._at += 1
                if self._peek().kind != "name":
                    raise self._unexpected("expecting a name")
                value = Member(value, Constant(self._take().text), dotted=True)
            elif self._is("["):
                self._at += 1
                value = Member(value, self.expression(0), dotted=False)
                self._expect("]")
            elif self._is("("):
                name = dotted_name(value)
                if name is None:
                    raise self._unexpected("only a function can be called")
                self._at += 1
                value = Invocation(name, self._listed(")"))
            else:
                return value

    def _primary(self) -> Expression:
        token = self._peek()
        if token.kind == "number":
            return Constant(_number(self._take().text))
        if token.kind == "string":
            return Constant(_string(self._take().text))
        if token.kind == "name":
            self._at += 1
            if token.text in _CONSTANTS:
                return Constant(_CONSTANTS[token.text])
            return Name(token.text)
        if self._is("("):
            self._at += 1
            value = self.expression(0)
            self._expect(")")
            return value
        if self._is("["):
            self._at += 1
            return Items(self._listed("]"))
        raise self._unexpected("expecting a value")

    def _listed(self, closing: str) -> tuple[Expression, ...]:
        items: list[Expression] = []
        if self._is(closing):
            self._at += 1
            return ()
        while True:
            items.append(self.expression(0))
            if self._is(closing):
                self._at += 1
                return tuple(items)
            self._expect(",")


def dotted_name(tree: Expression) -> str | None:
    """Return `a.b.c` for such a tree, else None."""
    parts: list[str] = []
    while isinstance(tree, Member) and tree.dotted and isinstance(tree.key, Constant):
        parts.append(str(tree.key.value))
        tree = tree.holder
    if not isinstance(tree, Name):
        return None
    return ".".join([tree.name, *reversed(parts)])


def _number(text: str) -> int | float:
    if text.isdigit():
        if len(text) <= len(str(INT_MAX)) and int(text) <= INT_MAX:
            return int(text)
        raise BuildError(f"parse error: integer {text[:24]} does not fit 64 bits")
    return float(text)


_ESCAPES: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED: Final = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "a": "\a",
    "v": "\v",
    "0": "\0",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "/": "/",
}


def _string(literal: str) -> str:
    text = _ESCAPES.sub(_unescaped, literal[1:-1])
    return whole_characters(text)  # Two \u escapes may be the halves of one.


def _unescaped(found: re.Match[str]) -> str:
    escape = found.group(1)
    if escape[0] in "ux" and len(escape) > 1:
        return chr(int(escape[1:], 16))
    if escape in _ESCAPED:
        return _ESCAPED[escape]
    raise BuildError(f"token recognition error at: {json.dumps(found.group(0))}")
