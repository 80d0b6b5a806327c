"""Filters of lists: the language of AIP-160, over the fields that a list names.

Source: https://google.aip.dev/160, which the reference pages of both APIs point to. OR binds
tighter than AND; what stands side by side is AND as well.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.workflows.service.filter_fields import Field, find, restriction

Test = Callable[[Any], bool]

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<mark>[()])|(?P<operator>!=|<=|>=|=|<|>|:)|(?P<minus>-)(?=[\w("'])
    |(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<word>[^\s()"'=<>!:]+))""",
    re.VERBOSE | re.DOTALL,
)
_BARE_VALUE: Final = re.compile(r"""\s*([^\s()"']+)""")
_LENGTH_MAX: Final = 10_000
_DEPTH_MAX: Final = 30


def parse_filter(text: str, fields: Mapping[str, Field]) -> Test | None:
    """Return the test that a filter stands for, None for "". Raises Refused(INVALID_ARGUMENT)."""
    if not text.strip():
        return None
    if len(text) > _LENGTH_MAX:
        raise Refused("INVALID_ARGUMENT", f"filter is longer than {_LENGTH_MAX} characters")
    reader = _Reader(text, fields)
    test = reader.expression(0)
    if reader.kind is not None:
        raise reader.wrong()
    return test


class _Reader:
    """One token ahead: `kind` is None at the end."""

    def __init__(self, text: str, fields: Mapping[str, Field]) -> None:
        self._text = text
        self._fields = fields
        self._at = 0
        self.kind: str | None = None
        self._value = ""
        self._next()

    def wrong(self, why: str = "") -> Refused:
        return Refused(
            "INVALID_ARGUMENT", f"invalid filter: {self._text}" + (f": {why}" if why else "")
        )

    def expression(self, depth: int) -> Test:
        if depth > _DEPTH_MAX:
            raise self.wrong("it is nested too deeply")
        tests = [self._factor(depth)]
        while self.kind is not None and not self._is("mark", ")"):
            if self._is("word", "AND"):
                self._next()
            tests.append(self._factor(depth))
        return tests[0] if len(tests) == 1 else lambda item: all(test(item) for test in tests)

    def _factor(self, depth: int) -> Test:
        tests = [self._term(depth)]
        while self._is("word", "OR"):
            self._next()
            tests.append(self._term(depth))
        return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)

    def _term(self, depth: int) -> Test:
        if self._is("word", "NOT") or self.kind == "minus":
            self._next()
            test = self._simple(depth)
            return lambda item: not test(item)
        return self._simple(depth)

    def _simple(self, depth: int) -> Test:
        if self._is("mark", "("):
            self._next()
            test = self.expression(depth + 1)
            if not self._is("mark", ")"):
                raise self.wrong("a parenthesis is not closed")
            self._next()
            return test
        return self._restriction()

    def _restriction(self) -> Test:
        if self.kind != "word" or self._value in ("AND", "OR"):
            raise self.wrong()
        name = self._value
        field = find(name, self._fields)
        if field is None:
            raise self.wrong(f"unknown field {name}")
        self._next(self._at)
        if self.kind != "operator":
            raise self.wrong(f"{name} is compared with nothing")
        operator = self._value
        return restriction(name, field, operator, self._argument())

    def _argument(self) -> str:
        """Read what stands behind an operator: bare, it may hold colons, as times do."""
        bare = _BARE_VALUE.match(self._text, self._at)
        if bare is not None:
            self._next(bare.end())
            return bare[1]
        self._next()
        if self.kind != "quoted":
            raise self.wrong("a value is missing")
        value = re.sub(r"\\(.)", r"\1", self._value[1:-1], flags=re.DOTALL)
        self._next()
        return value

    def _is(self, kind: str, value: str) -> bool:
        return self.kind == kind and self._value == value

    def _next(self, at: int | None = None) -> None:
        self._at = self._at if at is None else at
        if not self._text[self._at :].strip():
            self.kind, self._value = None, ""
            return
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise self.wrong()
        self.kind = found.lastgroup
        self._value = found[found.lastgroup or 0]
        self._at = found.end()
