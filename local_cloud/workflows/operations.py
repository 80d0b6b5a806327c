"""Makes the operations of a routine's code: one closure for each step, or part of one.

Each maker takes everything that is known at deployment, so that a run only does the work.
An operation that calls or waits sets the frame's `pc` to its own index, `here`, first.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.workflows.effects import Sleep
from local_cloud.workflows.expressions import read_variable
from local_cloud.workflows.faults import Fault, Position, fault, raised
from local_cloud.workflows.parallel import Join, Strand
from local_cloud.workflows.program import (
    HALT,
    SWITCH,
    UNSET,
    Evaluate,
    Frame,
    NeedCall,
    Operation,
    Routine,
    Variables,
)
from local_cloud.workflows.scopes import Scope, Variable
from local_cloud.workflows.stdlib.registry import Blocking
from local_cloud.workflows.values import message_name, with_member

PARALLEL_LEVELS_MAX: Final = 2
Store = Callable[[Variables, Any], None]


def store_variable(variable: Variable) -> Store:
    slot = variable.slot
    if variable.cell:

        def store_cell(v: Variables, value: Any) -> None:
            v[slot][0] = value

        return store_cell

    def store(v: Variables, value: Any) -> None:
        v[slot] = value

    return store


def store_member(variable: Variable, keys: Sequence[Evaluate]) -> Store:
    """Return what stores below a variable: the containers on the way are copied."""
    read, write = read_variable(variable), store_variable(variable)

    def store(v: Variables, value: Any) -> None:
        write(v, with_member(read(v), [key(v) for key in keys], value))

    return store


def fresh(scope: Scope) -> Callable[[Variables], None]:
    """Return what makes a scope's variables unassigned, as they are where it is entered."""
    plain = [variable.slot for variable in scope.names.values() if not variable.cell]
    cells = [variable.slot for variable in scope.names.values() if variable.cell]

    def clear(v: Variables) -> None:
        for slot in plain:
            v[slot] = UNSET
        for slot in cells:
            v[slot] = [UNSET]

    return clear


def suspendable(operation: Operation, slot: int, here: int) -> Operation:
    """Let an operation's expressions call subworkflows.

    Their values so far are in `slot` while it runs, and in the next slot from a call's end
    until it runs again.
    """

    def op(f: Frame) -> int:
        v = f.variables
        values, v[slot + 1] = v[slot + 1], UNSET
        again = values is not UNSET
        if not again:
            values = {}
        else:
            v[0].steps_left += 1  # The same step, not another one.
        v[slot] = values
        try:
            return operation(f)
        except NeedCall as need:
            f.pc = here
            site = need.site

            def receive(caller: Frame, value: Any) -> int:
                values[site] = value
                caller.variables[slot + 1] = values
                return here

            v[0].push(f, need.routine, need.arguments, receive)
            return SWITCH

    return op


def jump(next_pc: int) -> Operation:
    return lambda _: next_pc


def assign_slot(slot: int, evaluate: Evaluate, position: Position, next_pc: int) -> Operation:
    """The commonest step: one plain variable."""

    def op(f: Frame) -> int:
        v = f.variables
        try:
            v[slot] = evaluate(v)
        except Fault as error:
            error.position = error.position or position
            raise
        return next_pc

    return op


def assign(
    entries: Sequence[tuple[Store, Evaluate, Position]], next_pc: int, *, counted: bool
) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        if not counted:
            v[0].steps_left += 1
        position = entries[0][2]
        try:
            for store, evaluate, position in entries:  # noqa: B007 - read when one fails.
                store(v, evaluate(v))
        except Fault as error:
            error.position = error.position or position
            raise
        return next_pc

    return op


def switch(arms: Sequence[tuple[Evaluate, Position, int]], next_pc: int) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        position = arms[0][1]
        try:
            for condition, position, target in arms:  # noqa: B007 - read when one fails.
                value = condition(v)
                if value is True:
                    return target
                if value is not False:
                    raise fault(
                        "TypeError", f"condition must be a boolean, got '{message_name(value)}'"
                    )
        except Fault as error:
            error.position = error.position or position
            raise
        return next_pc

    return op


def return_value(evaluate: Evaluate, position: Position) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        try:
            value = evaluate(v)
        except Fault as error:
            error.position = error.position or position
            raise
        return int(v[0].returned(f, value))

    return op


def end(f: Frame) -> int:
    """End the routine or branch with null. Not a step: nothing in the source asks for it."""
    execution = f.variables[0]
    execution.steps_left += 1
    return int(execution.returned(f, None))


def raise_value(evaluate: Evaluate, position: Position) -> Operation:
    def op(f: Frame) -> int:
        try:
            value = evaluate(f.variables)
        except Fault as error:
            error.position = error.position or position
            raise
        raise raised(value)

    return op


def call_function(
    call: Callable[..., Any],
    arguments: Sequence[Evaluate],
    store: Store | None,
    next_pc: int,
    *,
    needs_host: bool,
) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        values = [argument(v) for argument in arguments]
        value = call(v[0], *values) if needs_host else call(*values)
        if store is not None:
            store(v, value)
        return next_pc

    return op


def call_blocking(
    function: Blocking, arguments: Sequence[Evaluate], store: Store | None, next_pc: int, here: int
) -> Operation:
    begin, finish = function.begin, function.finish

    def op(f: Frame) -> int:
        v = f.variables
        f.pc = here
        effect = begin(v[0], *[argument(v) for argument in arguments])

        def then(value: Any) -> int:
            if store is not None:
                store(v, value)
            return next_pc

        if effect is None:
            return then(None)
        if finish is None:
            v[0].emit(effect)
            return then(None)
        return int(v[0].wait(f, effect, finish, then))

    return op


def call_routine(
    routine: Routine, arguments: Sequence[Evaluate], store: Store | None, next_pc: int, here: int
) -> Operation:
    def receive(caller: Frame, value: Any) -> int:
        if store is not None:
            store(caller.variables, value)
        return next_pc

    def op(f: Frame) -> int:
        v = f.variables
        values = [argument(v) for argument in arguments]
        f.pc = here
        v[0].push(f, routine, values, receive)
        return SWITCH

    return op


def items_of(value: Any) -> list[Any]:
    if type(value) is not list:
        raise fault("TypeError", f"in must be a list, got '{message_name(value)}'")
    return value


def numbers_of(value: Any) -> "range | list[float]":
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
    return [float(first) + step for step in range(int(last - first) + 1)] if first <= last else []


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

    def resigned(f: Frame) -> int:
        if give_up is not None:
            return give_up
        error: Fault = f.variables[caught].fault
        raise error

    def again(f: Frame, wanted: Any) -> int:
        v = f.variables
        if type(wanted) is not bool:
            raise fault(
                "TypeError", f"retry predicate must return a boolean, got '{message_name(wanted)}'"
            )
        if not wanted:
            return resigned(f)
        seconds = _delay(plan, v, v[attempts])
        v[attempts] += 1
        effect = Sleep(v[0].new_id(), seconds)
        return int(v[0].wait(f, effect, lambda _: None, lambda _: body_pc))

    def op(f: Frame) -> int:
        v = f.variables
        f.pc = here
        if v[attempts] >= _number(plan.max_retries(v), "max_retries"):
            return resigned(f)
        value = v[caught].fault.value
        if plan.routine is not None:
            v[0].push(f, plan.routine, [value], again)
            return SWITCH
        return again(f, plan.predicate is None or plan.predicate(value))

    return op


def _delay(plan: RetryPlan, v: Variables, retries: int) -> float:
    """Return min(initial_delay * multiplier^retries, max_delay); there is no jitter."""
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
        return ((plan.name, _branch(f, plan, None)) for plan in plans)

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
        if bind is not None:
            bind(variables)
        frame = Frame(parent.routine, variables, strand, None, None)
        frame.pc = plan.pc
        frame.depth = parent.depth
        return frame

    return make
