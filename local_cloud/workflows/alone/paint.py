"""Colour on a terminal, plain text elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO

When = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True)
class Paint:
    """Writes text in colours, or as it is."""

    on: bool = False

    def dim(self, text: str) -> str:
        return self._as("2", text)

    def bold(self, text: str) -> str:
        return self._as("1", text)

    def red(self, text: str) -> str:
        return self._as("31", text)

    def green(self, text: str) -> str:
        return self._as("32", text)

    def yellow(self, text: str) -> str:
        return self._as("33", text)

    def cyan(self, text: str) -> str:
        return self._as("36", text)

    def _as(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text


def paint_for(when: When, stream: TextIO, environment: Mapping[str, str]) -> Paint:
    """Return how to write to a stream. A NO_COLOR that is not empty holds for "auto" only.

    Source: https://no-color.org
    """
    if when != "auto":
        return Paint(when == "always")
    plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
    return Paint(stream.isatty() and not plain)
