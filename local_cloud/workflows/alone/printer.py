"""Watchers that print: each step of an execution, or its callback endpoints alone."""

from collections.abc import Callable

from local_cloud.workflows.alone.trace import Trace, callback_of
from local_cloud.workflows.engine.watching import Entry

Write = Callable[[str], None]
"""Writes a line."""
Soon = Callable[[Callable[[], None]], object]
"""Calls back when the engine has gone as far as it can."""


class StepPrinter:
    """Prints a line for each step. A step that waits is printed when everything waits."""

    values = True

    def __init__(self, trace: Trace, write: Write, soon: Soon) -> None:
        self._trace = trace
        self._write = write
        self._soon = soon
        self._asked = False

    def began(self, entry: Entry) -> None:
        self._print(self._trace.began(entry))
        if not self._asked:
            self._asked = True
            self._soon(self._flush)

    def ended(self, entry: Entry) -> None:
        self._print(self._trace.ended(entry))

    def _flush(self) -> None:
        self._asked = False
        self._print(self._trace.flush())

    def _print(self, lines: list[str]) -> None:
        for line in lines:
            self._write(line)


class CallbackPrinter:
    """Prints where callbacks are sent to, and nothing else."""

    values = True

    def __init__(self, write: Write) -> None:
        self._write = write

    def began(self, entry: Entry) -> None:
        pass

    def ended(self, entry: Entry) -> None:
        line = callback_of(entry)
        if line:
            self._write(line)
