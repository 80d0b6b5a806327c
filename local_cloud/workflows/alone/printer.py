"""Watchers that print: each step of an execution, or its callback endpoints alone."""

from collections.abc import Callable

from local_cloud.workflows.alone.paint import Paint
from local_cloud.workflows.alone.trace import Trace
from local_cloud.workflows.alone.wording import callback_of
from local_cloud.workflows.engine.watching import Entry
from local_cloud.workflows.service.run import Run

Write = Callable[[str], None]
"""Writes a line."""
Soon = Callable[[Callable[[], None]], object]
"""Calls back when the engine has gone as far as it can."""


def step_printer(run: Run, file: str, paint: Paint, write: Write, soon: Soon) -> "StepPrinter":
    """Return a printer of an execution that has started; what a store played again is not told."""
    assert run.started is not None
    source = run.revision.document["sourceContents"]

    def told(line: str) -> None:
        if not run.replaying:
            write(line)

    return StepPrinter(Trace(source, file, run.started.timestamp(), paint), told, soon)


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
