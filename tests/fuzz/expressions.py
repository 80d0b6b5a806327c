"""Draws expressions from the grammar, mostly right, sometimes not: reference/workflows.md 2.2."""

import random
from collections.abc import Callable, Sequence
from typing import Final

from local_cloud.workflows.stdlib import library
from local_cloud.workflows.stdlib.registry import REQUIRED

VARIABLES: Final = ("a", "n", "f", "s", "b", "l", "m", "z", "raw")
"""What the drawn workflow has assigned: see `programs.PRELUDE`."""
_OPERATORS: Final = (
    *("+", "-", "*", "/", "//", "%", "<", "<=", ">", ">=", "==", "!=", "in", "and", "or", "AND"),
)
_WRONG_OPERATORS: Final = ("not in", "&&", "=", "**", "<>", "is", "And", "|", ";")
_NUMBERS: Final = (
    *("0", "1", "2", "7", "1.5", ".5", "1e3", "1e308", "0.1", "64", "9223372036854775807"),
)
_WRONG_NUMBERS: Final = ("1e999", "9223372036854775808", "9" * 60, "0x1f", "1_000", "1.2.3", "5.")
_STRINGS: Final = (
    *('""', '"a"', '"key"', '"12"', '"a,b,c"', '"\\n"', '"\\u00e9"', '"\\ud800"', '"\\""', '"1e5"'),
    *('"é漢𝄞"', '"(a+)+$"', '"[a-z"', '"2024-02-30T00:00:00Z"', '"%zz"', '"SHA256"', '"UTC"'),
    *('"$1\\\\1"', '"(?P<n>a)"', '"{\\"k\\": [1]}"', '"2024-02-28T00:00:00.5Z"', '"YQ=="'),
)
_WRONG_STRINGS: Final = ("'a'", '"\\q"', '"unclosed', '"\\x00"', "`a`")
_WORDS: Final = ("true", "False", "TRUE", "null", "retry.default_backoff")
_WRONG_WORDS: Final = (
    *("None", "self", "main", "sys", "googleapis", "http.default_retry", "é", "_", "lambda"),
    *("__class__", "sys.sleep(1)", "http.get(s)", "unknown.f(1)", "len()", "a(1)", "1(2)", "a.1"),
)
_FUNCTIONS: Final = sorted(library.FUNCTIONS.items())


class Drawing:
    """Draws from one `rng`. `size` bounds the depth, so that every draw ends.

    `wrong` is the ratio of words that are none of the language, 0 to 1.
    """

    def __init__(self, rng: random.Random, wrong: float) -> None:
        self._rng = rng
        self._wrong = wrong

    def _one_of(self, right: Sequence[str], wrong: Sequence[str]) -> str:
        return self._rng.choice(wrong if self._rng.random() < self._wrong else right)

    def expression(self, size: int = 4) -> str:
        rng = self._rng
        if size <= 0 or rng.random() < 0.15:
            return self._leaf()
        forms: list[Callable[[int], str]] = [
            *([self._binary] * 4),
            *([self._call] * 4),
            *([self._member] * 3),
            self._unary,
            self._list,
            lambda left: f"({self.expression(left)})",
        ]
        return rng.choice(forms)(size - 1)

    def _leaf(self) -> str:
        kind = self._rng.random()
        if kind < 0.5:
            return self._rng.choice(VARIABLES)
        if kind < 0.7:
            return self._one_of(_NUMBERS, _WRONG_NUMBERS)
        if kind < 0.9:
            return self._one_of(_STRINGS, _WRONG_STRINGS)
        return self._one_of(_WORDS, _WRONG_WORDS)

    def _binary(self, size: int) -> str:
        operator = self._one_of(_OPERATORS, _WRONG_OPERATORS)
        return f"{self.expression(size)} {operator} {self.expression(size)}"

    def _unary(self, size: int) -> str:
        return self._one_of(("-", "not ", "+", "NOT "), ("!", "~")) + self.expression(size)

    def _list(self, size: int) -> str:
        return f"[{', '.join(self.expression(size) for _ in range(self._rng.randrange(4)))}]"

    def _member(self, size: int) -> str:
        holder = self._rng.choice((*VARIABLES, self.expression(size)))
        if self._rng.random() < 0.4:
            return f"{holder}.{self._rng.choice(('key', 'inner', 'a', 'missing', '__class__'))}"
        return f"{holder}[{self.expression(size)}]"

    def _call(self, size: int) -> str:
        if self._rng.random() < 0.1:
            return f"twice({self.expression(size)})"
        name, function = self._rng.choice(_FUNCTIONS)
        required = sum(one.default is REQUIRED for one in function.parameters)
        given = self._rng.randint(required, len(function.parameters))
        if self._rng.random() < self._wrong:
            given += self._rng.choice((-1, 1, 6))
        return f"{name}({', '.join(self.expression(size) for _ in range(given))})"
