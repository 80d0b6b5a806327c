"""Where the time goes: each part's own, without that of the parts that it calls."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import check_metrics
from benchmarks.rollouts.playing import Played
from local_cloud.kit.http import Router
from local_cloud.workflows.engine.execution import Execution
from tests.flow.ports import InProcessMetrics

PARTS: tuple[tuple[str, Any, str], ...] = (
    ("traffic and invariants", Played, "_tick"),
    ("handlers", Played, "call"),
    ("judge", check_metrics, "advance"),
    ("judge", check_metrics, "conclude"),
    ("models", Router, "handle"),
    ("models", InProcessMetrics, "_call"),
    ("engine", Execution, "start"),
    ("engine", Execution, "resume"),
)
REST = "all else"


class Clock:
    """Whose time it is. Asking costs time, too: shares of a whole, not milliseconds."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._stack = [REST]
        self._since = time.process_time()

    def timed(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **named: Any) -> Any:
            self._turn()
            self._stack.append(part)
            try:
                return call(*args, **named)
            finally:
                self._turn()
                self._stack.pop()

        return wrapped

    def _turn(self) -> None:
        now = time.process_time()
        self.seconds[self._stack[-1]] += now - self._since
        self._since = now


@contextmanager
def watched() -> Iterator[Clock]:
    """Have every part of what is played meanwhile take its time."""
    clock = Clock()
    before = [(owner, name, getattr(owner, name)) for _, owner, name in PARTS]
    for (part, owner, name), (_, _, call) in zip(PARTS, before, strict=True):
        setattr(owner, name, clock.timed(part, call))
    try:
        yield clock
    finally:
        for owner, name, call in before:
            setattr(owner, name, call)
