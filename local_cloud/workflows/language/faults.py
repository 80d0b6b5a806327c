"""What goes wrong in the language: a source that does not deploy, and an error while it runs.

Nothing here is a Python error: a `Fault` carries a value of the workflow, which `except` binds.
"""

from dataclasses import dataclass
from typing import Any

from local_cloud.workflows.language.json_text import encode


@dataclass(frozen=True, slots=True)
class Position:
    """Where something stands in the source; line and column count from 1, length in bytes."""

    line: int
    column: int
    length: int


class BuildError(Exception):
    """The source is not a workflow that deploys. Code INVALID_ARGUMENT in the operation."""

    def __init__(self, message: str, position: Position | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position

    def text(self) -> str:
        """Return the operation's message: the service's wording, then the place."""
        place = self.position
        where = f" (line: {place.line}, column: {place.column})" if place else ""
        return f"failed to build: {self.message}{where}"


@dataclass(frozen=True, slots=True)
class StackElement:
    """One level of an error's stack."""

    step: str
    routine: str
    position: Position


class Fault(Exception):
    """An error of a running workflow.

    `stack` is filled by the engine where the fault came up, innermost first; a fault that is
    passed on keeps it. `position` is an expression's, where one failed. What is not
    `catchable` ends the execution whatever `except` there is.
    """

    def __init__(self, value: Any, head: str, *, catchable: bool = True) -> None:
        super().__init__(head)
        self.value = value
        self.head = head
        self.catchable = catchable
        self.position: Position | None = None
        self.stack: list[StackElement] | None = None

    def context(self) -> str:
        """Return the text for people: the error, then the stack (reference section 4.3)."""
        lines = [self.head]
        lines += [
            f'in step "{element.step}", routine "{element.routine}", line: {element.position.line}'
            for element in self.stack or []
        ]
        return "\n".join(lines)


def fault(tag: str, text: str, *, catchable: bool = True) -> Fault:
    """Return a run-time error as the service shapes it: message behind its tag, no code.

    Source: reference/workflows.md 0.2 item 2.
    """
    message = f"{tag}: {text}"
    return Fault({"message": message, "tags": [tag]}, message, catchable=catchable)


def bare_fault(tag: str, message: str) -> Fault:
    """Return a run-time error whose message does not repeat the tag (reference section 11)."""
    return Fault({"message": message, "tags": [tag]}, message)


def raised(value: Any) -> Fault:
    """Return what `raise: value` makes of a value: the value itself (reference 0.2 item 3)."""
    if isinstance(value, dict) and isinstance(value.get("message"), str):
        return Fault(value, value["message"])
    return Fault(value, f"RuntimeError: {encode(value, lenient=True)}")
