"""How standard library functions are described to the compiler, and checks they share."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from local_cloud.workflows.engine.effects import Effect
from local_cloud.workflows.language import choices, work
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.values import message_name

REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    default: Any = REQUIRED
    within: str | None = None
    """An argument whose map may have this one instead; whether it does is the function's to ask."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function that answers at once. `needs_host`: its first argument is the execution."""

    parameters: tuple[Parameter, ...]
    call: Callable[..., Any]
    needs_host: bool = False


@dataclass(frozen=True, slots=True)
class Blocking:
    """A function that only a `call` step may use: it makes an effect.

    `begin(execution, *arguments)` returns the effect, or None when there is nothing to wait
    for. `finish(execution, outcome)` returns the step's value; None for `finish`: the effect is
    not answered and the value is null.
    """

    parameters: tuple[Parameter, ...]
    begin: Callable[..., Effect | None]
    finish: Callable[[Any, Any], Any] | None


@dataclass(frozen=True, slots=True)
class Procedure:
    """A function that only a `call` step may use, and that takes several effects.

    `run(execution, *arguments)` yields each effect (its id from `execution.new_id()`), is sent
    the outcome, and returns the step's value. It may raise Fault. The first request is part of
    the step; each one after it counts as a step of its own.
    Source: reference/workflows.md 5, "each poll is a billable step".
    """

    parameters: tuple[Parameter, ...]
    run: Callable[..., Generator[Effect, Any, Any]]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """What `${http.default_retry}` stands for."""

    predicate: Callable[[Any], bool]
    max_retries: int
    initial_delay: float
    max_delay: float
    multiplier: float


def parameters(*names: str, **defaults: Any) -> tuple[Parameter, ...]:
    """Return parameters: required names first, then those with defaults."""
    return (
        *(Parameter(name) for name in names),
        *(Parameter(name, default) for name, default in defaults.items()),
    )


def function(call: Callable[..., Any], *names: str, **defaults: Any) -> Function:
    return Function(parameters(*names, **defaults), call)


def choices_of(execution: Any) -> choices.Choices:
    """Return how the open questions are answered where `execution` runs."""
    found: choices.Choices = getattr(execution, "choices", choices.DEFAULT)
    return found


def refuse(expected: str, value: Any) -> NoReturn:
    """Raise the TypeError of an argument that is not `expected`."""
    raise fault("TypeError", f"argument must be {expected}, got '{message_name(value)}'")


def text(value: Any) -> str:
    if type(value) is not str:
        refuse("a string", value)
    if len(value) > work.SMALL:
        work.spend(len(value), work.BYTES)
    return value


def octets(value: Any) -> bytes:
    if type(value) is not bytes:
        refuse("bytes", value)
    if len(value) > work.SMALL:
        work.spend(len(value), work.BYTES)
    return value


def whole(value: Any) -> int:
    return value if type(value) is int else refuse("an integer", value)


def number(value: Any) -> float:
    """Return an integer or double as it is."""
    if type(value) is int or type(value) is float:
        return value
    return refuse("a number", value)


def mapping(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        refuse("a map", value)
    if len(value) > work.SMALL:
        work.spend(len(value), work.MAP)
    return value


def listing(value: Any) -> list[Any]:
    if type(value) is not list:
        refuse("a list", value)
    if len(value) > work.SMALL:
        work.spend(len(value), work.LIST)
    return value


def truth(value: Any) -> bool:
    return value if type(value) is bool else refuse("a boolean", value)
