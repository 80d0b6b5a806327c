"""What the demo shows: one line an event, colour and a progress bar only on a terminal."""

import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import Final, TextIO

_COLOURS: Final = {
    "pushed": "36", "promoted": "32", "rolled back": "31", "approved": "35", "shifted": "33",
    "lost": "31", "story": "1",
}  # fmt: skip
_WIDTH: Final = 13
_BAR: Final = 30


class Screen:
    """Prints to `out`. `now` is local time, for people."""

    def __init__(self, out: TextIO, now: Callable[[], dt.datetime]) -> None:
        self._out = out
        self._now = now
        self._tty = out.isatty()
        self._bar = False

    def title(self, text: str) -> None:
        self._write(f"\n{self._painted(text, 'story')}\n")

    def line(self, what: str, text: str) -> None:
        """Print one event: local time, what happened, and the numbers."""
        clock = self._now().strftime("%H:%M:%S")
        self._write(f"{clock} {self._painted(what.ljust(_WIDTH), what)} {text}\n")

    def plain(self, text: str = "") -> None:
        self._write(text + "\n")

    def progress(self, label: str, began: float, seconds: float) -> None:
        """Draw how much of a window has passed; nothing unless on a terminal."""
        if not self._tty:
            return
        share = min(1.0, (time.monotonic() - began) / seconds) if seconds else 1.0
        done = round(share * _BAR)
        self._out.write(f"\r         {label.ljust(_WIDTH)} [{'#' * done}{'.' * (_BAR - done)}]")
        self._out.flush()
        self._bar = True

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; the first column is text, all others are numbers."""
        widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
        for row in (head, *rows):
            first = row[0].ljust(widths[0])
            rest = "  ".join(cell.rjust(widths[i + 1]) for i, cell in enumerate(row[1:]))
            self.plain(f"  {first}  {rest}")

    def _write(self, text: str) -> None:
        if self._bar:
            self._out.write("\r\033[K")
            self._bar = False
        self._out.write(text)
        self._out.flush()

    def _painted(self, text: str, key: str) -> str:
        colour = _COLOURS.get(key)
        return f"\033[{colour}m{text}\033[0m" if colour and self._tty else text
