"""Runs a procedure of the library, one effect after the other."""

from collections.abc import Callable, Generator
from typing import Any

from local_cloud.workflows.engine.effects import HttpCall
from local_cloud.workflows.engine.program import Frame


def play(f: Frame, running: Generator[Any, Any, Any], done: Callable[[Any], int]) -> int:
    """Begin a procedure; return where `f` goes on. `done` gets its value and tells the pc.

    The call is a step, and so is each request after its first.
    """
    execution = f.variables[0]
    asked = False

    def on(outcome: Any) -> int:
        nonlocal asked
        try:
            effect = running.send(outcome)
        except StopIteration as ended:
            return done(ended.value)
        if isinstance(effect, HttpCall):
            execution.steps_left -= asked
            asked = True
        return int(execution.wait(f, effect, lambda value: value, on))

    return on(None)
