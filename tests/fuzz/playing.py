"""Plays one source, and says what must never be: a crash, a hang, Python's words, two truths."""

import faulthandler
import json
import random
import re
import sys
from dataclasses import dataclass, field
from typing import Any, Final
from unittest import mock

from local_cloud.kit.http import Inbound, NoAnswer
from local_cloud.workflows.engine import effects as fx
from local_cloud.workflows.engine import execution as engine
from local_cloud.workflows.engine.compiler import BuildFailed, compile_source
from local_cloud.workflows.engine.execution import Execution
from local_cloud.workflows.engine.watching import Entry

EFFECTS_MAX: Final = 60
LONG_ENTRIES: Final = 3_000
HANG_SECONDS: Final = 30
PYTHONS_WORDS: Final = re.compile(
    r"Traceback|object at 0x|<class|NoneType|has no attribute|unhashable|not subscriptable"
    r"|'\w+' object|argument of type|positional argument|\blocal_cloud\b|codec can't|dictionary"
    r"|invalid literal for int|could not convert string to float|math domain|Errno"
    r"|internal error|re\.error|maximum recursion|\bUNSET\b|lambda|_co_|__\w+__ "
)
_OUTCOMES: Final[tuple[Any, ...]] = (
    Inbound(200, (("Content-Type", "application/json"),), b'{"ok": [1, 2.5, null]}'),
    Inbound(200, (("Content-Type", "application/json"),), b"{broken"),
    Inbound(200, (("Content-Type", "text/plain; charset=latin-1"),), b"\xff\xfe"),
    Inbound(404, (("content-type", "text/html"), ("x-twice", "1"), ("X-Twice", "2")), b"<p>"),
    Inbound(503, (), b""),
    NoAnswer("timeout", "no answer"),
    NoAnswer("broken", "reset"),
    NoAnswer("never_connected", "refused"),
    fx.AuthRefused("no account"),
)


class Wrong(AssertionError):
    """Something that must never be."""


class Still:
    """A host that answers the same to the same execution; its time stands still."""

    def __init__(self) -> None:
        self.environment = {"GOOGLE_CLOUD_PROJECT_ID": "p", "GOOGLE_CLOUD_LOCATION": "l"}
        self._count = 0

    def now(self) -> float:
        return 1_700_000_000.0

    def uuid(self) -> str:
        self._count += 1
        return f"00000000-0000-4000-8000-{self._count:012d}"

    def random(self) -> float:
        return 0.5

    def callback_url(self, callback_id: str) -> str:
        return f"http://127.0.0.1/callbacks/{callback_id}"


@dataclass(slots=True)
class Seen:
    """A watcher that keeps what it is shown."""

    entries: dict[int, Entry] = field(default_factory=dict)
    open: set[int | None] = field(default_factory=lambda: {None})
    values: bool = True

    def began(self, entry: Entry) -> None:
        if entry.parent not in self.open or entry.previous in self.open - {None}:
            raise Wrong(f"an entry begins in one that ended, or before the last one did: {entry}")
        self.entries[entry.id] = entry
        self.open.add(entry.id)

    def ended(self, entry: Entry) -> None:
        if entry.ended is None or entry.state == "STATE_IN_PROGRESS":
            raise Wrong(f"an entry ended without an end: {entry}")
        self.open.remove(entry.id)


def play(source: str, seed: int) -> str:
    """Deploy and run a source. Returns what became of it; raises Wrong.

    A hang ends the process with a trace of where it hangs.
    """
    faulthandler.dump_traceback_later(HANG_SECONDS, exit=True, file=sys.__stderr__ or 2)
    try:
        try:
            program = compile_source(source)
        except BuildFailed as failed:
            return _refused(source, failed)
        bare = _run(Execution(program, Still()), seed)
        seen = Seen()
        watched = _run(Execution(program, Still(), watcher=seen), seed)
        if bare != watched:
            raise Wrong(f"unlike when watched: {bare[-2:]} and {watched[-2:]}")
        if seen.open != {None}:
            raise Wrong(f"entries never ended: {seen.open}")
        if len(seen.entries) < LONG_ENTRIES:
            with mock.patch.object(engine, "BREATH_OPERATIONS", 1):
                breathing = _run(Execution(program, Still(), watcher=Seen()), seed)
            if bare != breathing:
                raise Wrong(f"unlike with pauses: {bare[-2:]} and {breathing[-2:]}")
        return str(bare[-1][0])
    finally:
        faulthandler.cancel_dump_traceback_later()


def _refused(source: str, failed: BuildFailed) -> str:
    lines = source.count("\n") + source.count("\r") + 1
    for problem in failed.problems:
        _no_python(problem.text(), source)
        place = problem.position
        if place and not (1 <= place.line <= lines + 1 and place.column >= 1 and place.length >= 1):
            raise Wrong(f"a problem stands nowhere: {problem.text()}")
    return "refused"


def _run(execution: Execution, seed: int) -> list[Any]:
    """Return what it asked for and what it came to."""
    rng = random.Random(seed)
    history: list[Any] = []
    waiting = _breathed(execution, execution.start({"args": [1]}))
    while waiting and len(history) < EFFECTS_MAX:
        effect = waiting.pop(rng.randrange(len(waiting)))
        history.append(repr(effect))
        if hasattr(effect, "id"):
            waiting += _breathed(execution, execution.resume(effect.id, _outcome(rng, effect)))
    execution.cancel()
    failure = execution.failure
    if failure is not None:
        _no_python(failure.head, "")
        _no_python(execution.payload or "", "")
        json.loads(execution.payload or "")
    if execution.result is not None:
        json.loads(execution.result)
    history.append(
        (execution.state, execution.result, execution.payload, failure and failure.context())
    )
    return history


def _breathed(execution: Execution, effects: list[Any]) -> list[Any]:
    """Let it go on wherever it only pauses; return what it asked for."""
    asked: list[Any] = []
    while effects and isinstance(effects[-1], fx.Breathe):
        asked += effects[:-1]
        effects = execution.resume(effects[-1].id, None)
    return asked + effects


def _outcome(rng: random.Random, effect: Any) -> Any:
    if isinstance(effect, fx.HttpCall):
        return rng.choice(_OUTCOMES)
    if isinstance(effect, fx.AwaitCallback):
        came = fx.CallbackRequest({"http_request": {"body": {"n": 1}}, "type": "HTTP"})
        return rng.choice((came, fx.TimedOut()))
    return None


def _no_python(text: str, source: str) -> None:
    """Raise if a text has Python's words that the source does not have itself."""
    for found in PYTHONS_WORDS.finditer(text):
        if found.group() not in source:
            raise Wrong(f"Python's words: {text[:300]}")
