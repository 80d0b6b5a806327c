"""What an execution ends with: its result or its error as JSON text, and where an error came up.

Source of the limits: reference/workflows.md 1.7.
"""

from typing import Any, Final

from local_cloud.workflows.engine.program import Frame
from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.language.faults import Fault, StackElement, fault

RESULT_BYTES_MAX: Final = 512 * 1024


def result_text(value: Any, choices: Choices) -> str:
    """Return a result as JSON text. Raises the Fault of a value that cannot be a result."""
    try:
        text = json_text.encode(value, style=choices.json_style())
    except json_text.NotJson as error:
        raise fault("ValueError", str(error)) from None
    except (RecursionError, MemoryError) as error:
        raise too_large(error) from None
    if len(text.encode("utf-8", "replace")) > RESULT_BYTES_MAX:
        raise fault("ResourceLimitError", "result size limit exceeded")
    return text


def failure_text(error: Fault, choices: Choices) -> tuple[Fault, str]:
    """Return a failure, or what replaces one that cannot be shown, and its value as JSON text."""
    try:
        return error, json_text.encode(error.value, lenient=True, style=choices.json_style())
    except (RecursionError, MemoryError) as cause:
        shown = too_large(cause)
        shown.stack = error.stack
        return shown, json_text.encode(shown.value)


def stack_of(frame: Frame | None, error: Fault | None = None) -> list[StackElement]:
    """Return where `frame` and its callers are; an error may know its own place better."""
    elements: list[StackElement] = []
    position = error.position if error else None
    while frame is not None:
        place = frame.routine.places[frame.pc]
        elements.append(StackElement(place.step, frame.routine.name, position or place.position))
        position = None
        frame = frame.caller
    return elements


def too_large(error: BaseException) -> Fault:
    found = fault("ResourceLimitError", "value is nested too deeply or too large", catchable=False)
    found.__cause__ = error
    return found


def internal(error: Exception) -> Fault:
    """Return what a defect of the engine looks like to the workflow; `error` is its cause."""
    found = fault("SystemError", "internal error", catchable=False)
    found.__cause__ = error
    return found
