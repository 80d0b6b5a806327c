"""The parallel steps under way in an execution, and which of their branches run.

Source: reference/workflows.md 1.5 and 1.7.
"""

from typing import Final

from local_cloud.workflows.engine.memory import Memory
from local_cloud.workflows.engine.parallel import Join, Strand
from local_cloud.workflows.language.faults import Fault, fault

AT_ONCE_MAX: Final = 20
FAULTS_MAX: Final = 100


class Branches:
    """Starts the branches of one execution by appending their strands to `ready`."""

    def __init__(self, ready: list[Strand], memory: Memory) -> None:
        self._ready = ready
        self._memory = memory
        self._joins: list[Join] = []
        """Those with branches that have not been started."""
        self._running = 0
        self._faults = 0

    def fork(self, join: Join) -> None:
        """Run the branches of a parallel step; `join.parent` goes on when all have ended."""
        if join.parent.join is not None:
            self._running -= 1  # It waits, so that its own branches can run.
        self._joins.append(join)
        self._fill()

    def failed(self, join: Join, name: str, error: Fault) -> None:
        """Keep the error that a branch ends with. Raises the Fault that ends the execution."""
        join.failed(name, error)
        self._faults += 1
        if self._faults > FAULTS_MAX:
            raise fault("ResourceLimitError", "too many unhandled branch errors")

    def ended(self, join: Join) -> None:
        """A branch has ended: others have its place, or the parent goes on."""
        self._running -= 1
        join.running -= 1
        if join.is_done():
            if join in self._joins:
                self._joins.remove(join)
            self._joined(join)
        self._fill()

    def clear(self) -> None:
        """Start no more of them."""
        self._joins.clear()

    def _joined(self, join: Join) -> None:
        if join.parent.join is not None:
            self._running += 1
        join.finish()
        self._ready.append(join.parent)

    def _fill(self) -> None:
        """Start branches of the oldest parallel steps first, as far as the limits allow."""
        for join in list(self._joins):
            while self._running < AT_ONCE_MAX and join.may_start():
                self._running += 1
                strand = join.start_next()
                self._memory.bound += strand.routine_bytes()
                self._ready.append(strand)
            if join.exhausted():
                self._joins.remove(join)
                if join.is_done():
                    self._joined(join)
