"""What a trace says of one entry: its name, its kind in a word, and what it works with."""

from typing import Any, Final

from local_cloud.workflows.alone.shown import ROOM, short
from local_cloud.workflows.engine.watching import CALLS, Entry, Kind
from local_cloud.workflows.service.redaction import redacted

WORDS: Final[dict[Kind, str]] = {
    "STEP_ASSIGN": "assign",
    "STEP_STD_LIB_CALL": "call",
    "STEP_CONNECTOR_CALL": "call",
    "STEP_SUBWORKFLOW_CALL": "call",
    "STEP_CALL": "call",
    "STEP_SWITCH": "switch",
    "STEP_CONDITION": "switch",
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
PARTS: Final = ("STEP_FOR_ITERATION", "STEP_PARALLEL_BRANCH_ENTRY")
"""What a thread may begin with."""
CREATES_CALLBACK: Final = "events.create_callback_endpoint"
_GIVES_NOTHING: Final = ("sys.log", "sys.sleep", "sys.sleep_until", CREATES_CALLBACK)
"""Functions whose result is null, or is told in a line of its own."""
_TEXT_CHARACTERS_MAX: Final = 2 * ROOM


def name(entry: Entry) -> str:
    """Return a step's name; an iteration has its number."""
    if entry.iteration is not None and entry.kind in PARTS:
        return f"#{entry.iteration}"
    return entry.step


def thread(path: str) -> str:
    """Return a thread as a person reads it: `8.right/12.0` is `right #0`."""
    names = (part.partition(".")[2] for part in path.split("/") if part)
    return " ".join(f"#{one}" if one.isdigit() else one for one in names)


def detail(entry: Entry, source: str) -> str:
    """Return the kind of an entry in a word, and what it works with."""
    values = dict(entry.values or {})
    values.pop("result", None)
    word = WORDS[entry.kind]
    if entry.kind in CALLS:
        arguments = values.get("args") or {}
        return f"{word} {values.get('function', '')}({pairs(redacted(arguments))})"
    if entry.kind == "STEP_CONDITION":
        return f"{word} condition {values.get('condition', '')}: {_condition(entry, source)}"
    if word in values:  # return, raise: the value alone says it all.
        return f"{word} {short(values[word])}"
    return f"{word} {pairs(values)}".strip()


def result(entry: Entry) -> str | None:
    """Return what a call gave, None if there is nothing to tell."""
    values = entry.values or {}
    if entry.kind not in CALLS or "result" not in values or entry.state != "STATE_SUCCEEDED":
        return None
    return None if values.get("function") in _GIVES_NOTHING else short(values["result"])


def callback_of(entry: Entry) -> str:
    """Return the command that sends to the callback endpoint which a step made, "" if none."""
    values = entry.values or {}
    made = values.get("result")
    if values.get("function") != CREATES_CALLBACK or not isinstance(made, dict):
        return ""
    method = (values.get("args") or {}).get("http_callback_method", "POST")
    return f"callback: curl -X {method} {made.get('url')}"


def headline(error: Any) -> str:
    """Return what an error says in one line: its message, or the value itself."""
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return short_text(error["message"])
    return short(error, _TEXT_CHARACTERS_MAX)


def short_text(text: str) -> str:
    """Return the first line of a text, cut where a trace's line would get too long."""
    first = text.partition("\n")[0]
    return first if len(first) <= _TEXT_CHARACTERS_MAX else first[:_TEXT_CHARACTERS_MAX] + "\u2026"


def pairs(values: Any) -> str:
    if not isinstance(values, dict):
        return short(values)
    return ", ".join(f"{key} = {short(value)}" for key, value in values.items())


def _condition(entry: Entry, source: str) -> str:
    """Return the condition as it stands in the source, as far as its first line goes."""
    lines = source.splitlines()
    at = entry.position
    line = lines[at.line - 1] if 1 <= at.line <= len(lines) else ""
    return short_text(line[at.column - 1 :].strip())
