"""What a running execution looks like: a line for each step, from its entries.

No clock, no terminal and no file is touched: entries go in, lines come out.
"""

from typing import Final

from local_cloud.workflows.alone import wording
from local_cloud.workflows.alone.excerpt import excerpt
from local_cloud.workflows.alone.paint import Paint
from local_cloud.workflows.alone.shown import seconds
from local_cloud.workflows.engine.watching import CALLS, Entry
from local_cloud.workflows.language.faults import Position

NAME_WIDTH: Final = 28
"""Columns of indentation, branch and a step's name; a longer one pushes its line to the right."""
_TIME_WIDTH: Final = 10
_WORTH_TELLING_SECONDS: Final = 0.001
_FIRST_WORDS: Final = {word.partition(" ")[0] for word in wording.WORDS.values() if word}


class Trace:
    """Makes the lines of one execution that began at `began` seconds since 1970.

    `source` and `file` are for the places of errors. A step that ends before anything else
    happens is one line; any other has one at its beginning, and a call one at its end too.
    What says nothing by itself has no line: the first attempt of a `try`, the `switch` around
    the condition that was true.
    """

    def __init__(self, source: str, file: str, began: float, paint: Paint) -> None:
        self._source = source
        self._file = file
        self._start = began
        self._paint = paint
        self._pending: Entry | None = None
        self._levels: dict[int, int] = {}
        """How far to the right an open entry stands."""
        self._attempts: dict[int, int] = {}
        """Of each open `try`."""
        self._failed_within: set[int] = set()
        """Open entries in which the error has been told."""
        self._shown: set[Position] = set()
        """Places of which the line of the source has been told."""

    def began(self, entry: Entry) -> list[str]:
        """Return the lines to write when an entry begins."""
        around = entry.parent or 0
        self._levels[entry.id] = level = self._levels.get(around, -1) + 1
        if entry.kind == "STEP_TRY":
            self._attempts[around] = self._attempts.get(around, 0) + 1
            if self._attempts[around] == 1:
                self._levels[entry.id] = level - 1
                return []
        if entry.kind == "STEP_CONDITION" and self._is_pending(around):
            self._levels[entry.id] = level - 1
            self._pending = entry
            return []
        lines = self._before(entry)
        self._pending = entry
        return lines

    def ended(self, entry: Entry) -> list[str]:
        """Return the lines to write when an entry ends."""
        failed = entry.state == "STATE_FAILED" and entry.id not in self._failed_within
        if self._pending is entry and entry.kind == "STEP_RETRY" and not failed:
            return []  # What comes next says whether there is another attempt.
        if self._pending is entry:
            self._pending = None
            lines = [self._line(entry, entry.began, self._opening(entry), ended=True)]
            lines += self._error(entry, headline=True) if failed else []
        else:
            lines = self._before(entry)
            lines += self._closing(entry, failed=failed)
        if entry.state == "STATE_FAILED":
            self._failed_within.add(entry.parent or 0)
        lines += self._callback(entry)
        self._levels.pop(entry.id, None)
        self._attempts.pop(entry.id, None)
        self._failed_within.discard(entry.id)
        return lines

    def flush(self) -> list[str]:
        """Return the line of a step that has begun and waits, if there is one."""
        entry, self._pending = self._pending, None
        if entry is None:
            return []
        return [self._line(entry, entry.began, self._opening(entry), ended=False)]

    def _before(self, entry: Entry) -> list[str]:
        """Return the line of what has begun before another entry begins or ends."""
        waiting = self._pending
        over = waiting and waiting.kind == "STEP_RETRY" and waiting.state == "STATE_SUCCEEDED"
        if waiting is None or not over or entry.kind == "STEP_TRY":
            return self.flush()
        self._pending = None
        return [self._line(waiting, waiting.began, "no retry", ended=False)]

    def _is_pending(self, entry_id: int) -> bool:
        return self._pending is not None and self._pending.id == entry_id

    def _opening(self, entry: Entry) -> str:
        if entry.kind == "STEP_TRY":
            return f"attempt {self._attempts.get(entry.parent or 0, 1)}"
        return wording.detail(entry, self._source)

    def _closing(self, entry: Entry, *, failed: bool) -> list[str]:
        """Return the line of an entry that had one at its beginning, if its end says more."""
        at = entry.ended or entry.began
        if failed:
            text = f"error: {wording.headline(entry.error)}"
            return [self._line(entry, at, text, ended=True), *self._error(entry, headline=False)]
        if entry.kind in CALLS and entry.state != "STATE_FAILED":
            return [self._line(entry, at, "", ended=True)]
        return []

    def _line(self, entry: Entry, at: float, detail: str, *, ended: bool) -> str:
        paint = self._paint
        indent = "  " * self._levels.get(entry.id, 0)
        label, name = self._label(entry), wording.name(entry)
        room = NAME_WIDTH - len(indent) - len(name) - (len(label) + 1 if label else 0)
        parts = [
            paint.dim(f"{max(at - self._start, 0):{_TIME_WIDTH - 1}.3f}"),
            indent + (paint.yellow(label) + " " if label else "") + paint.bold(name) + " " * room,
        ]
        if entry.state == "STATE_FAILED":
            parts.append(paint.red(detail))
        elif detail:
            parts.append(_painted(detail, paint))
        if ended:
            parts += self._outcome(entry, alone=not detail)
        return " ".join(part for part in parts if part).rstrip()

    def _label(self, entry: Entry) -> str:
        """Return which branch an entry is in; its beginning says so by its name."""
        thread = wording.thread(entry.thread)
        begins = entry.kind in wording.PARTS and thread.endswith(wording.name(entry))
        return "" if begins or not thread else f"[{thread}]"

    def _outcome(self, entry: Entry, *, alone: bool) -> list[str]:
        """Return how a step ended. `alone`: the line says nothing else."""
        paint = self._paint
        found: list[str] = []
        result = wording.result(entry)
        if entry.state == "STATE_CANCELLED":
            found.append(paint.yellow("cancelled"))
        elif result is not None:
            found.append(paint.dim("->") + " " + paint.green(result))
        elif alone:
            found.append(paint.dim("done"))
        elapsed = (entry.ended or entry.began) - entry.began
        if elapsed >= _WORTH_TELLING_SECONDS:
            found.append(paint.dim(f"({seconds(elapsed)})"))
        return found

    def _error(self, entry: Entry, *, headline: bool) -> list[str]:
        """Return where an error came up, and its line of the source the first time."""
        place, paint = entry.position, self._paint
        indent = " " * _TIME_WIDTH + "  " * self._levels.get(entry.id, 0)
        lines = []
        if headline and entry.kind != "STEP_RAISE":
            lines.append(paint.red(f"error: {wording.headline(entry.error)}"))
        lines.append(paint.dim(f"{self._file}:{place.line}:{place.column}"))
        if place not in self._shown:
            self._shown.add(place)
            lines += excerpt(self._source, place, paint)
        return [indent + line for line in lines]

    def _callback(self, entry: Entry) -> list[str]:
        """Return where a callback endpoint is, whole: somebody has to send to it."""
        line = wording.callback_of(entry)
        return [" " * _TIME_WIDTH + self._paint.yellow(line)] if line else []


def _painted(detail: str, paint: Paint) -> str:
    word, space, rest = detail.partition(" ")
    return paint.cyan(word) + space + rest if word in _FIRST_WORDS else detail
