"""Makes the operations of for, try and parallel; `operations` makes the others."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.workflows.engine.effects import Sleep
from local_cloud.workflows.engine.operations import Store
from local_cloud.workflows.engine.parallel import Join, Strand
from local_cloud.workflows.engine.program import (
    HALT,
    SWITCH,
    UNSET,
    Evaluate,
    Frame,
    Operation,
    Routine,
    Variables,
)
from local_cloud.workflows.language.faults import Fault, Position, fault
from local_cloud.workflows.language.values import message_name

PARALLEL_LEVELS_MAX: Final = 2


def items_of(value: Any) -> list[Any]:
    if type(value) is not list:
        raise fault("TypeError", f"in must be a list, got '{message_name(value)}'")
    return value


def numbers_of(value: Any) -> Iterable[float]:
    """Return the numbers of a range: both ends belong to it, the step is 1."""
    if type(value) is not list or len(value) != 2:  # noqa: PLR2004 - first and last.
        raise fault("TypeError", "range must be a list of two numbers")
    first, last = value
    for bound in value:
        if type(bound) not in (int, float):
            raise fault("TypeError", f"range must be of numbers, got '{message_name(bound)}'")
    if type(first) is int and type(last) is int:
        return range(first, last + 1)
    if not abs(last - first) <= 10**7:  # More than a run has steps for, or not finite.
        raise fault("ValueError", "range is too long")
    numbers = (float(first) + step for step in itertools.count())
    return itertools.takewhile(lambda number: number <= last, numbers)


def for_begin(
    evaluate: Evaluate,
    clear: Callable[[Variables], None],
    slot: int,
    position: Position,
    *,
    of_numbers: bool,
    next_pc: int,
) -> Operation:
    """Start a loop: its iterator waits in `slot`."""
    expand: Callable[[Any], Any] = numbers_of if of_numbers else items_of

    def op(f: Frame) -> int:
        v = f.variables
        try:
            v[slot] = enumerate(expand(evaluate(v)))
        except Fault as error:
            error.position = error.position or position
            raise
        clear(v)
        return next_pc

    return op


def for_next(slot: int, value: Store, index: Store | None, body_pc: int, exit_pc: int) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        found = next(v[slot], None)
        if found is None:
            v[0].steps_left += 1  # Only an iteration is a step.
            return exit_pc
        value(v, found[1])
        if index is not None:
            index(v, found[0])
        return body_pc

    return op


def try_begin(attempts: int, next_pc: int) -> Operation:
    """Enter a `try`. `attempts` is the slot that counts its retries."""

    def op(f: Frame) -> int:
        f.variables[attempts] = 0
        return next_pc

    return op


def except_begin(
    caught: int, store: Store | None, clear: Callable[[Variables], None], next_pc: int
) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        clear(v)
        if store is not None:
            store(v, v[caught].fault.value)
        return next_pc

    return op


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """A `retry`, compiled. `routine` is the predicate if it is a subworkflow."""

    predicate: Callable[[Any], bool] | None
    routine: Routine | None
    max_retries: Evaluate
    initial_delay: Evaluate
    max_delay: Evaluate
    multiplier: Evaluate


def retry(
    plan: RetryPlan, caught: int, attempts: int, *, body_pc: int, give_up: int | None, here: int
) -> Operation:
    """Decide about a fault: again, to `except` (`give_up`), or further out (None)."""

    def again(f: Frame, wanted: Any) -> int:
        v = f.variables
        if type(wanted) is not bool:
            raise fault(
                "TypeError", f"retry predicate must return a boolean, got '{message_name(wanted)}'"
            )
        if not wanted:
            return _resigned(f, caught, give_up)
        seconds = _delay(plan, v, v[attempts])
        if v[0].choices.retry_jitter == "full":
            seconds *= v[0].host.random()
        v[attempts] += 1
        effect = Sleep(v[0].new_id(), seconds)
        return int(v[0].wait(f, effect, lambda _: None, lambda _: body_pc))

    def op(f: Frame) -> int:
        v = f.variables
        f.pc = here
        if v[attempts] >= _number(plan.max_retries(v), "max_retries"):
            return _resigned(f, caught, give_up)
        value = v[caught].fault.value
        if plan.routine is not None:
            others = [UNSET] * (len(plan.routine.parameters) - 1)  # Have defaults.
            v[0].push(f, plan.routine, [value, *others], again)
            return SWITCH
        return again(f, plan.predicate is None or plan.predicate(value))

    return op


def resign(caught: int, give_up: int | None) -> Operation:
    """Let the fault that was to be retried go on as if there were no `retry`."""

    def op(f: Frame) -> int:
        f.variables[0].steps_left += 1  # Part of the step that decides.
        return _resigned(f, caught, give_up)

    return op


def _resigned(f: Frame, caught: int, give_up: int | None) -> int:
    if give_up is not None:
        return give_up
    error: Fault = f.variables[caught].fault
    raise error


def _delay(plan: RetryPlan, v: Variables, retries: int) -> float:
    """Return min(initial_delay * multiplier^retries, max_delay)."""
    most = _number(plan.max_delay(v), "max_delay")
    first = _number(plan.initial_delay(v), "initial_delay")
    try:
        return float(min(first * _number(plan.multiplier(v), "multiplier") ** retries, most))
    except OverflowError:
        return float(most)


def _number(value: Any, name: str) -> float:
    if type(value) not in (int, float):
        raise fault("TypeError", f"{name} must be a number, got '{message_name(value)}'")
    if not value >= 0:
        raise fault("ValueError", f"{name} must not be negative")
    return float(value)


@dataclass(frozen=True, slots=True)
class BranchPlan:
    """A branch, compiled: where its code begins, and what is its own."""

    name: str
    pc: int
    clear: Callable[[Variables], None]


def parallel(
    branches: Callable[[Frame], Iterator[tuple[str, Callable[[Strand], Frame]]]],
    limit: Evaluate | None,
    next_pc: int,
    here: int,
) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        f.pc = here
        if f.strand.level >= PARALLEL_LEVELS_MAX:
            raise fault(
                "ParallelNestingError",
                f"parallel steps are nested deeper than {PARALLEL_LEVELS_MAX}",
            )
        most = None if limit is None else limit(v)
        if most is not None and (type(most) is not int or most < 1):
            raise fault("ValueError", "concurrency_limit must be a positive integer")
        v[0].fork(Join(f.strand, branches(f), most, next_pc))
        return HALT

    return op


def branches_of(
    plans: Sequence[BranchPlan],
) -> Callable[[Frame], Iterator[tuple[str, Callable[[Strand], Frame]]]]:
    def start(f: Frame) -> Iterator[tuple[str, Callable[[Strand], Frame]]]:
        numbered = f.variables[0].choices.branch_ids == "number"
        return (
            (str(number) if numbered else plan.name, _branch(f, plan, None))
            for number, plan in enumerate(plans)
        )

    return start


def iterations_of(
    evaluate: Evaluate,
    plan: BranchPlan,
    value: Store,
    index: Store | None,
    *,
    of_numbers: bool,
) -> Callable[[Frame], Iterator[tuple[str, Callable[[Strand], Frame]]]]:
    """Iterations of a parallel `for` are branches named by their number."""
    expand: Callable[[Any], Any] = numbers_of if of_numbers else items_of

    def start(f: Frame) -> Iterator[tuple[str, Callable[[Strand], Frame]]]:
        found = expand(evaluate(f.variables))

        def bind(v: Variables, number: int, item: Any) -> None:
            value(v, item)
            if index is not None:
                index(v, number)

        return (
            (str(number), _branch(f, plan, lambda v, n=number, i=item: bind(v, n, i)))  # type: ignore[misc]
            for number, item in enumerate(found)
        )

    return start


def _branch(
    parent: Frame, plan: BranchPlan, bind: Callable[[Variables], None] | None
) -> Callable[[Strand], Frame]:
    def make(strand: Strand) -> Frame:
        # A copy: what is not shared cannot change meanwhile, what is shared is a cell.
        variables = parent.variables.copy()
        plan.clear(variables)
        frame = Frame(parent.routine, variables, strand, None, None)
        frame.pc = plan.pc
        frame.depth = parent.depth
        try:
            if bind is not None:
                bind(variables)
        except Fault as error:
            strand.delivery = error  # It comes up where the branch begins.
        return frame

    return make
