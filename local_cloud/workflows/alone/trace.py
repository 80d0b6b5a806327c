"""What a running execution looks like: a line for each step, from its entries.

No clock, no terminal and no file is touched: entries go in, lines come out.
"""

from typing import Any, Final

from local_cloud.workflows.alone.excerpt import excerpt
from local_cloud.workflows.alone.paint import Paint
from local_cloud.workflows.alone.shown import ROOM, seconds, short
from local_cloud.workflows.engine.watching import Entry, Kind

NAME_WIDTH: Final = 24
"""Columns of indentation and a step's name; a longer one pushes its line to the right."""
_WORTH_TELLING_SECONDS: Final = 0.001
_WORDS: Final[dict[Kind, str]] = {
    "STEP_ASSIGN": "assign",
    "STEP_STD_LIB_CALL": "call",
    "STEP_CONNECTOR_CALL": "call",
    "STEP_SUBWORKFLOW_CALL": "call",
    "STEP_CALL": "call",
    "STEP_SWITCH": "switch",
    "STEP_CONDITION": "condition",
    "STEP_FOR": "for",
    "STEP_FOR_ITERATION": "",
    "STEP_PARALLEL_FOR": "parallel for",
    "STEP_PARALLEL_BRANCH": "parallel",
    "STEP_PARALLEL_BRANCH_ENTRY": "branch",
    "STEP_TRY_RETRY_EXCEPT": "try",
    "STEP_TRY": "attempt",
    "STEP_RETRY": "retry",
    "STEP_EXCEPT": "except",
    "STEP_RETURN": "return",
    "STEP_RAISE": "raise",
    "STEP_GOTO": "next",
}
_CALLS: Final = {kind for kind, word in _WORDS.items() if word == "call"}
_CREATES_CALLBACK: Final = "events.create_callback_endpoint"


class Trace:
    """Makes the lines of one execution that began at `began` seconds since 1970.

    `source` and `file` are for the places of errors. A step that ends before anything else
    happens is one line; any other has one at its beginning, and a call one at its end too.
    """

    def __init__(self, source: str, file: str, began: float, paint: Paint) -> None:
        self._source = source
        self._file = file
        self._start = began
        self._paint = paint
        self._pending: Entry | None = None
        self._levels: dict[int, int] = {}
        self._threads: dict[str, str] = {"": ""}
        self._failed_within: set[int] = set()

    def began(self, entry: Entry) -> list[str]:
        """Return the lines to write when an entry begins."""
        lines = self.flush()
        parent = self._levels.get(entry.parent or 0, -1)
        self._levels[entry.id] = parent + 1
        if entry.thread not in self._threads:
            self._threads[entry.thread] = _name(entry)
        self._pending = entry
        return lines

    def ended(self, entry: Entry) -> list[str]:
        """Return the lines to write when an entry ends."""
        if self._pending is entry:
            self._pending = None
            lines = [self._line(entry, entry.began, _detail(entry), ended=True)]
        else:
            lines = self.flush()
            if self._closes(entry):
                lines.append(self._line(entry, entry.ended or entry.began, "", ended=True))
        if entry.state == "STATE_FAILED":
            if entry.id not in self._failed_within:
                lines += self._error(entry)
            self._failed_within.add(entry.parent or 0)
        lines += self._callback(entry)
        self._levels.pop(entry.id, None)
        self._failed_within.discard(entry.id)
        return lines

    def flush(self) -> list[str]:
        """Return the line of a step that has begun and waits, if there is one."""
        entry, self._pending = self._pending, None
        if entry is None:
            return []
        return [self._line(entry, entry.began, _detail(entry), ended=False)]

    def _closes(self, entry: Entry) -> bool:
        """Whether the end of an entry that had a line at its beginning has one too.

        What it failed with is told where it came up.
        """
        if entry.state == "STATE_CANCELLED":
            return entry.kind in _CALLS
        return entry.kind in _CALLS and entry.id not in self._failed_within

    def _line(self, entry: Entry, at: float, detail: str, *, ended: bool) -> str:
        paint = self._paint
        level = self._levels.get(entry.id, 0)
        name = _name(entry)
        thread = self._threads.get(entry.thread, entry.thread)
        width = NAME_WIDTH - 2 * level
        parts = [
            paint.dim(f"{at - self._start:9.3f}"),
            "  " * level + paint.bold(name) + " " * (width - len(name)),
        ]
        if thread:
            parts.insert(1, paint.yellow(f"[{thread}]"))
        if entry.state == "STATE_FAILED":
            parts.append(paint.red(detail or "failed"))
        elif detail:
            parts.append(_painted(detail, paint))
        if ended:
            parts += self._outcome(entry)
        return " ".join(part for part in parts if part).rstrip()

    def _outcome(self, entry: Entry) -> list[str]:
        paint = self._paint
        found: list[str] = []
        values = entry.values or {}
        if entry.state == "STATE_CANCELLED":
            found.append(paint.yellow("cancelled"))
        elif entry.kind in _CALLS and "result" in values and entry.state == "STATE_SUCCEEDED":
            found.append(paint.dim("->") + " " + paint.green(short(values["result"])))
        elapsed = (entry.ended or entry.began) - entry.began
        if elapsed >= _WORTH_TELLING_SECONDS:
            found.append(paint.dim(f"({seconds(elapsed)})"))
        return found

    def _error(self, entry: Entry) -> list[str]:
        place = entry.position
        paint = self._paint
        indent = " " * 10 + "  " * self._levels.get(entry.id, 0)
        lines = [paint.red(f"error: {headline(entry.error)}")]
        lines.append(paint.dim(f"{self._file}:{place.line}:{place.column}"))
        lines += excerpt(self._source, place, paint)
        return [indent + line for line in lines]

    def _callback(self, entry: Entry) -> list[str]:
        """Return where a callback endpoint is, whole: somebody has to send to it."""
        line = callback_of(entry)
        return [" " * 10 + self._paint.yellow(line)] if line else []


def callback_of(entry: Entry) -> str:
    """Return the command that sends to the callback endpoint which a step made, "" if none."""
    values = entry.values or {}
    result = values.get("result")
    if values.get("function") != _CREATES_CALLBACK or not isinstance(result, dict):
        return ""
    method = (values.get("args") or {}).get("http_callback_method", "POST")
    return f"callback: curl -X {method} {result.get('url')}"


def headline(error: Any) -> str:
    """Return what an error says in one line: its message, or the value itself."""
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return short_text(error["message"])
    return short(error, 2 * ROOM)


def short_text(text: str) -> str:
    """Return the first line of a text, cut where a trace's line would get too long."""
    first = text.partition("\n")[0]
    return first if len(first) <= 2 * ROOM else first[: 2 * ROOM] + "\u2026"


def _name(entry: Entry) -> str:
    if entry.iteration is not None and entry.kind in (
        "STEP_FOR_ITERATION",
        "STEP_PARALLEL_BRANCH_ENTRY",
    ):
        return f"#{entry.iteration}"
    return entry.step


def _detail(entry: Entry) -> str:
    """Return the kind of an entry in a word, and what it works with."""
    values = dict(entry.values or {})
    values.pop("result", None)
    word = _WORDS[entry.kind]
    if entry.kind in _CALLS:
        function = values.pop("function", "")
        arguments = values.pop("args", None) or {}
        return f"{word} {function}({_pairs(arguments)})"
    if word in values:  # return, raise, condition: the value alone says it all.
        return f"{word} {short(values[word])}"
    return f"{word} {_pairs(values)}".strip()


def _pairs(values: Any) -> str:
    if not isinstance(values, dict):
        return short(values)
    return ", ".join(f"{name} = {short(value)}" for name, value in values.items())


def _painted(detail: str, paint: Paint) -> str:
    word, space, rest = detail.partition(" ")
    if " = " in word or word not in _FIRST_WORDS:
        return detail
    return paint.cyan(word) + space + rest


_FIRST_WORDS: Final = {word.partition(" ")[0] for word in _WORDS.values() if word}
