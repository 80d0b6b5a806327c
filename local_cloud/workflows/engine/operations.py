"""Makes the operations of a routine's code: one closure for each step, or part of one.

Each maker takes everything that is known at deployment, so that a run only does the work.
An operation that calls or waits sets the frame's `pc` to its own index, `here`, first.
"""

from collections.abc import Callable, Sequence
from typing import Any

from local_cloud.workflows.engine.expressions import read_variable
from local_cloud.workflows.engine.memory import HEAVY
from local_cloud.workflows.engine.procedures import play
from local_cloud.workflows.engine.program import (
    SWITCH,
    UNSET,
    Evaluate,
    Frame,
    NeedCall,
    Operation,
    Routine,
    Variables,
)
from local_cloud.workflows.language.faults import Fault, Position, fault, raised
from local_cloud.workflows.language.scopes import Scope, Variable
from local_cloud.workflows.language.values import message_name, with_member
from local_cloud.workflows.stdlib.registry import Blocking, Procedure

Store = Callable[[Variables, Any], None]


def store_variable(variable: Variable) -> Store:
    slot = variable.slot
    if variable.cell:

        def store_cell(v: Variables, value: Any) -> None:
            cell = v[slot]
            old, cell[0] = cell[0], value
            if type(value) in HEAVY:
                v[0].memory.keep(value, old)

        return store_cell

    def store(v: Variables, value: Any) -> None:
        if type(value) is not int and type(value) in HEAVY:  # Mostly it is an integer.
            old, v[slot] = v[slot], value
            v[0].memory.keep(value, old)
        else:
            v[slot] = value

    return store


def store_member(variable: Variable, keys: Sequence[Evaluate]) -> Store:
    """Return what stores below a variable: the containers on the way are copied."""
    read, slot, is_cell = read_variable(variable), variable.slot, variable.cell

    def store(v: Variables, value: Any) -> None:
        old = read(v)
        path = [key(v) for key in keys]
        changed = with_member(old, path, value)
        if is_cell:
            v[slot][0] = changed
        else:
            v[slot] = changed
        v[0].memory.keep_changed(changed, old, path, value)

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
                if v[0].trail is not None:
                    v[0].trail.repeats(caller)
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
            value = evaluate(v)
        except Fault as error:
            error.position = error.position or position
            raise
        if type(value) is not int and type(value) in HEAVY:
            old, v[slot] = v[slot], value
            v[0].memory.keep(value, old)
        else:
            v[slot] = value
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
        trail = v[0].trail
        if trail is not None:
            trail.called(f, values)
        value = v[0].gave = call(v[0], *values) if needs_host else call(*values)
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
        values = [argument(v) for argument in arguments]
        if v[0].trail is not None:
            v[0].trail.called(f, values)
        effect = begin(v[0], *values)

        def then(value: Any) -> int:
            v[0].gave = value
            if store is not None:
                store(v, value)
            return next_pc

        if effect is None:
            return then(None)
        if finish is None:
            v[0].emit(effect)
            return then(None)
        return int(v[0].wait(f, effect, lambda outcome: finish(v[0], outcome), then))

    return op


def call_procedure(
    procedure: Procedure,
    arguments: Sequence[Evaluate],
    store: Store | None,
    next_pc: int,
    here: int,
) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        f.pc = here
        values = [argument(v) for argument in arguments]
        if v[0].trail is not None:
            v[0].trail.called(f, values)

        def done(value: Any) -> int:
            v[0].gave = value
            if store is not None:
                store(v, value)
            return next_pc

        return play(f, procedure.run(v[0], *values), done)

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
        if v[0].trail is not None:
            v[0].trail.called(f, values)
        v[0].push(f, routine, values, receive)
        return SWITCH

    return op
