"""Strands of an execution, and the joins at which a parallel step's branches end.

Source: reference/workflows.md 1.5 and 4.4.
"""

from collections.abc import Callable, Iterator
from typing import Any

from local_cloud.workflows.engine.program import Frame
from local_cloud.workflows.language.faults import Fault


class Strand:
    """One line of control: the main one, or a branch. `frame` is the top of its stack."""

    __slots__ = ("_finish", "_then", "delivery", "frame", "join", "level", "name")

    def __init__(self, join: "Join | None", name: str) -> None:
        self.join = join
        self.name = name
        self.level: int = 0 if join is None else join.parent.level + 1
        self.frame: Frame | None = None
        self.delivery: tuple[Any] | Fault | None = None
        self._finish: Callable[[Any], Any] | None = None
        self._then: Callable[[Any], int] | None = None

    def routine_bytes(self) -> int:
        return 0 if self.frame is None else self.frame.routine.bytes_of_scalars

    def awaits(self, finish: Callable[[Any], Any], then: Callable[[Any], int]) -> None:
        self._finish, self._then = finish, then

    def deliver(self, outcome: Any) -> None:
        """Keep what the strand waited for; it takes it when it runs."""
        self.delivery = outcome if isinstance(outcome, Fault) else (outcome,)

    def take_delivery(self) -> int:
        """Return where the strand goes on. Raises the fault that the outcome amounts to."""
        delivery, self.delivery = self.delivery, None
        if isinstance(delivery, Fault):
            raise delivery
        assert delivery is not None
        assert self._finish is not None
        assert self._then is not None
        return self._then(self._finish(delivery[0]))


class Join:
    """A parallel step under way. `branches` yields (name, function that makes the frame)."""

    def __init__(
        self,
        parent: Strand,
        branches: Iterator[tuple[str, Callable[[Strand], Frame]]],
        limit: int | None,
        next_pc: int,
    ) -> None:
        self.parent = parent
        self.running = 0
        self._branches = branches
        self._limit = limit
        self._next_pc = next_pc
        self._faults: list[tuple[str, Fault]] = []
        self._following: tuple[str, Callable[[Strand], Frame]] | None = next(branches, None)

    def exhausted(self) -> bool:
        """Whether every branch has been started."""
        return self._following is None

    def may_start(self) -> bool:
        return not self.exhausted() and (self._limit is None or self.running < self._limit)

    def is_done(self) -> bool:
        return self.running == 0 and self.exhausted()

    def start_next(self) -> Strand:
        assert self._following is not None
        name, make = self._following
        strand = Strand(self, name)
        strand.frame = make(strand)
        self.running += 1
        self._following = next(self._branches, None)
        return strand

    def failed(self, name: str, error: Fault) -> None:
        self._faults.append((name, error))

    def finish(self) -> None:
        """Let the parent go on, with an UnhandledBranchError if a branch failed."""
        next_pc = self._next_pc
        self.parent.awaits(lambda value: value, lambda _: next_pc)
        self.parent.deliver(_branch_error(self._faults) if self._faults else None)


def _branch_error(faults: list[tuple[str, Fault]]) -> Fault:
    """Return the error in the shape of reference section 4.4."""
    message = (
        "UnhandledBranchError: One or more branches or iterations encountered an unhandled"
        " runtime error"
    )
    tags = ["UnhandledBranchError"]
    for _, error in faults:
        named = error.value.get("tags") if isinstance(error.value, dict) else None
        for tag in named if isinstance(named, list) else ["RuntimeError"]:
            if tag not in tags:
                tags.append(tag)
    branches = [
        {"id": name, "error": {"context": error.context(), "payload": error.value}}
        for name, error in faults
    ]
    value = {"branches": branches, "message": message, "tags": tags, "truncated": False}
    return Fault(value, message)
