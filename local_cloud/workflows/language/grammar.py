"""The grammar of expressions: tokens to tree. Nothing is evaluated here.

Source: reference/workflows.md 2.2. `not` binds tighter than `in` and `==`; comparisons are one
level, left to right; strings stand in double quotes; there are no map literals.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.workflows.language.choices import DEFAULT, Choices
from local_cloud.workflows.language.faults import BuildError
from local_cloud.workflows.language.json_text import INT_MAX
from local_cloud.workflows.language.tokens import Token, string_value, tokens

LENGTH_MAX: Final = 400
NESTING_MAX: Final = 60
"""More would fill Python's stack; 400 characters hold more than anybody would write."""


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

CONSTANTS: Final = {
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


def parse(text: str, choices: Choices = DEFAULT) -> Expression:
    """Read the text between `${` and `}`. Raises BuildError (without a position)."""
    if len(text) > LENGTH_MAX:
        raise BuildError(f"expression is {len(text)} characters long: must be at most {LENGTH_MAX}")
    found = tokens(text, single_quotes=choices.single_quotes == "accept")
    parser = _Parser(found, not_in=choices.not_in == "accept")
    tree = parser.expression(0)
    parser.expect_end()
    return tree


class _Parser:
    """Precedence climbing: one Python frame or two for each level of brackets."""

    def __init__(self, tokens: list[Token], *, not_in: bool) -> None:
        self._tokens = tokens
        self._not_in = not_in
        self._at = 0
        self._depth = 0

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
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
        if self._depth > NESTING_MAX:
            raise _too_deep()
        left = self._unary()
        while True:
            token = self._peek()
            negated = self._is_not_in()
            operator = "in" if negated else token.text
            binding = _BINDING.get(operator, 0) if token.kind == "operator" else 0
            if binding <= binding_min:
                self._depth -= 1
                return left
            self._at += 2 if negated else 1
            left = Binary(operator, left, self.expression(binding))
            if negated:
                left = Unary("not", left)

    def _is_not_in(self) -> bool:
        """Whether `not in` stands here and is an operator (reference section 10, 3)."""
        if not (self._not_in and self._is("not")):
            return False
        following = self._tokens[self._at + 1]
        return following.kind == "operator" and following.text == "in"

    def _unary(self) -> Expression:
        signs: list[str] = []
        while (token := self._peek()).kind == "operator" and token.text in ("-", "+", "not"):
            if signs and signs[-1] == "not" and token.text != "not":
                raise self._unexpected("expecting a value")  # `not` binds tighter than signs.
            signs.append(token.text)
            self._at += 1
            if len(signs) > NESTING_MAX:
                raise _too_deep()
        value = self._least(signs) or self._postfix()
        for sign in reversed(signs):
            value = Unary(sign, value)
        return value

    def _least(self, signs: list[str]) -> Expression | None:
        """Read the integer that only fits 64 bits behind its minus sign."""
        token = self._peek()
        if signs and signs[-1] == "-" and token.text == str(INT_MAX + 1):
            signs.pop()
            self._at += 1
            return Constant(-INT_MAX - 1)
        return None

    def _postfix(self) -> Expression:
        value = self._primary()
        parts = 0
        while True:
            parts += 1
            if parts > NESTING_MAX:
                raise _too_deep()
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
            return Constant(string_value(self._take()))
        if token.kind == "name":
            self._at += 1
            if token.text in CONSTANTS:
                return Constant(CONSTANTS[token.text])
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


def _too_deep() -> BuildError:
    return BuildError(f"parse error: expression is nested deeper than {NESTING_MAX}")


def _number(text: str) -> int | float:
    if text.isdigit():
        if len(text) <= len(str(INT_MAX)) and int(text) <= INT_MAX:
            return int(text)
        raise BuildError(f"parse error: integer {text[:24]} does not fit 64 bits")
    value = float(text)
    if math.isinf(value):
        raise BuildError(f"parse error: number {text[:24]} does not fit a double")
    return value
