"""Regular expressions as the service has them: RE2's syntax, leftmost and then longest.

Source: the pages of text.find_all_regex and text.replace_all_regex: "RE2 syntax"; of matches that
start at the same index the longest counts.

RE2 searches in linear time, but a search for every match can pass over the same text again and
again. So the work is counted beforehand, and what would take long is refused.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import re2  # type: ignore[import-untyped]

from local_cloud.workflows.language.faults import fault

_MEMORY_BYTES_MAX: Final = 2 * 1024 * 1024
"""Of one compiled expression and its automaton."""
_WORK_MAX: Final = 2**31
"""In bytes passed over, times `Pattern.weight`: some seconds at the very worst."""
_LIGHT_POSITIONS_MAX: Final = 32
"""The automaton of so small an expression stays in memory; a large one may be built anew at
each byte."""
_SHOWN_MAX: Final = 80
_MAY_REPEAT: Final = re.compile(r"[*+]|,\}")
# Whatever a loop at the very end reads is part of the match, so nothing is read twice.
_LAST_LOOP: Final = re.compile(r"(?:\\[pP]\{[^}]*\}|\\.|\[(?:\\.|[^]\\])+\]|[^\\)\]])[*+]\??$")
_UNICODE_CLASS: Final = re.compile(r"\\[pP](?:\{[^}]*\}|.)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled expression. It sees UTF-8; positions are in bytes."""

    program: Any
    size: int
    weight: int
    endless: bool
    """Whether a search may read on to the end of the text behind its match."""

    def is_in(self, source: bytes) -> bool:
        _check_work(len(source) * self.weight)
        return self.program.search(source) is not None

    def spans(self, source: bytes) -> Iterator[tuple[int, int]]:
        """Yield matches as (start, end), from left to right and not overlapping.

        An empty match right behind another match does not count, as in Go.
        """
        at, last_end, work = 0, -1, 0
        while at <= len(source):
            found = self.program.search(source, at)
            start, end = found.span() if found else (len(source), len(source))
            seen = len(source) if self.endless else min(end + self.size, len(source))
            work += (seen - at) * self.weight
            _check_work(work)
            if found is None:
                return
            if start != end or start != last_end:
                yield start, end
            last_end = end
            at = end if end > at else _next_character(source, at)


def _next_character(source: bytes, at: int) -> int:
    at += 1
    while at < len(source) and source[at] & 0xC0 == 0x80:  # noqa: PLR2004 - UTF-8's own.
        at += 1
    return at


def _check_work(work: int) -> None:
    if work > _WORK_MAX:
        raise fault("ResourceLimitError", "regular expression takes too long", catchable=False)


@functools.lru_cache(maxsize=32)
def compiled(expression: str) -> Pattern:
    """Raises Fault(ValueError) for what is not RE2, and for what is too large for it."""
    program = _program(expression.encode("utf-8", "replace"), re2.Options.Encoding.UTF8)
    if program is None:
        shown = expression[:_SHOWN_MAX]
        raise fault("ValueError", f"invalid regular expression: {shown}")
    positions = _positions(expression, program.programsize)
    return Pattern(
        program,
        program.programsize,
        1 if positions <= _LIGHT_POSITIONS_MAX else positions,
        _is_endless(expression),
    )


def _is_endless(expression: str) -> bool:
    rest = expression if "|" in expression else _LAST_LOOP.sub("", expression)
    return _MAY_REPEAT.search(rest) is not None


def _positions(expression: str, size: int) -> int:
    """Return about how many characters deep an expression is.

    A class of Unicode is hundreds of instructions for a single character.
    """
    plain = _UNICODE_CLASS.sub(r"\\w", expression).encode("utf-8", "replace")
    program = _program(plain, re2.Options.Encoding.LATIN1)
    return size if program is None else int(program.programsize)


def _program(expression: bytes, encoding: Any) -> Any:
    options = re2.Options()
    options.encoding = encoding
    options.log_errors = False  # It would write to standard error.
    options.longest_match = True
    options.never_capture = True
    options.max_mem = _MEMORY_BYTES_MAX
    try:
        return re2.compile(expression, options)
    except re2.error:
        return None
