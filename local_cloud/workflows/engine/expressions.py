"""Compiles expressions to closures over a frame's variables, once per deployment.

A closure raises Fault without a position; the operation that runs it adds one. Subworkflow
calls are not made here: the closure raises NeedCall, and is run again with the value at hand.
"""

from collections.abc import Callable, Mapping
from typing import Any

from local_cloud.workflows.engine.awaited import routine_of
from local_cloud.workflows.engine.operators import Operand, binary, constant, unary
from local_cloud.workflows.engine.program import UNSET, Evaluate, NeedCall, Routine, Variables
from local_cloud.workflows.language import grammar
from local_cloud.workflows.language.choices import DEFAULT, Choices
from local_cloud.workflows.language.faults import BuildError, Fault, fault
from local_cloud.workflows.language.scopes import Scope, Variable
from local_cloud.workflows.language.syntax import ParameterOf
from local_cloud.workflows.language.values import member
from local_cloud.workflows.stdlib import library
from local_cloud.workflows.stdlib.registry import REQUIRED, Function, Parameter

Signatures = Mapping[str, tuple[ParameterOf, ...] | None]
"""The parameters of each routine; None where the source's could not be read."""


class Sites:
    """The subworkflow calls in the expressions of one operation, and their values' slot.

    While the operation is repeated, functions that would answer differently each time keep
    their first answer there too.
    """

    def __init__(self, new_slot: Callable[[], int]) -> None:
        self._new_slot = new_slot
        self._count = 0
        self.slot: int | None = None

    def next(self) -> int:
        self._count += 1
        return self._count

    def need_slots(self) -> int:
        """Return the slot of the values; the one after it holds them between two runs."""
        if self.slot is None:
            self.slot = self._new_slot()
            self._new_slot()
        return self.slot


class ExpressionCompiler:
    """Compiles expressions of one routine."""

    def __init__(
        self,
        routines: Mapping[str, Routine],
        signatures: Signatures,
        choices: Choices = DEFAULT,
    ) -> None:
        self._routines = routines
        self._signatures = signatures
        self._choices = choices

    def parse(self, text: str) -> grammar.Expression:
        """Read an expression as the choices have it. Raises BuildError."""
        return grammar.parse(text, self._choices)

    def compile(self, tree: grammar.Expression, scope: Scope, sites: Sites) -> Operand:
        """Return the closure. Raises BuildError (without a position) for unknown names."""
        if isinstance(tree, grammar.Constant):
            return constant(tree.value)
        if isinstance(tree, grammar.Name):
            return self._name(tree.name, scope)
        if isinstance(tree, grammar.Member):
            return self._member(tree, scope, sites)
        if isinstance(tree, grammar.Invocation):
            return Operand(self._invocation(tree, scope, sites))
        if isinstance(tree, grammar.Items):
            return _list([self.compile(item, scope, sites) for item in tree.items])
        if isinstance(tree, grammar.Unary):
            return unary(tree.operator, self.compile(tree.operand, scope, sites))
        left = self.compile(tree.left, scope, sites)
        right = self.compile(tree.right, scope, sites)
        return binary(tree.operator, left, right, self._choices)

    def _name(self, name: str, scope: Scope) -> Operand:
        variable = scope.find(name)
        if variable is not None:
            return Operand(read_variable(variable), None if variable.cell else variable.slot)
        if name in self._routines or name in library.FUNCTIONS:
            raise BuildError(f"'{name}' is a function: it can be called, but is no value")
        raise BuildError(f"symbol '{name}' is neither a variable nor a sub-workflow name")

    def _member(self, tree: grammar.Member, scope: Scope, sites: Sites) -> Operand:
        name = grammar.dotted_name(tree)
        if name is not None and scope.find(name.partition(".")[0]) is None:
            if name in library.VALUES:
                return constant(library.VALUES[name])
            if name in library.PREDICATES or name in library.POLICIES:
                raise BuildError(f"'{name}' can only stand in retry")
            if name in library.FUNCTIONS or library.is_blocking(name):
                raise BuildError(f"'{name}' is a function: it can be called, but is no value")
        holder = self.compile(tree.holder, scope, sites)
        key = self.compile(tree.key, scope, sites)
        if key.is_constant and type(key.value) is str:
            return Operand(_member_by_name(holder, key.value))
        whole, part = holder.evaluate, key.evaluate
        return Operand(lambda v: member(whole(v), part(v)))

    def _invocation(self, tree: grammar.Invocation, scope: Scope, sites: Sites) -> Evaluate:
        arguments = [self.compile(one, scope, sites).evaluate for one in tree.arguments]
        name = tree.name
        if name in self._routines:
            return self._subworkflow(name, arguments, sites)
        function = library.FUNCTIONS.get(name)
        if name in library.PREDICATES:
            function = Function((Parameter("exception"),), library.PREDICATES[name])
        if function is not None:
            arguments += _defaults(name, function.parameters, len(arguments))
            if function.needs_host:
                return _host_call(function.call, arguments, sites)
            return _pure_call(function.call, arguments)
        waits = library.in_expression(name)
        if waits is not None:
            arguments += _defaults(name, waits.parameters, len(arguments))
            return _called(routine_of(name, waits), arguments, sites)
        if library.is_blocking(name):
            raise BuildError(f"function '{name}' is blocking: it cannot stand in an expression")
        if scope.find(name.partition(".")[0]) is not None:
            raise BuildError(f"'{name}' is a variable or a part of one: it cannot be called")
        raise BuildError(f"unknown function '{name}'")

    def _subworkflow(self, name: str, arguments: list[Evaluate], sites: Sites) -> Evaluate:
        wanted = self._signatures[name]
        if wanted is None:
            return arguments[0] if arguments else constant(None).evaluate  # Never runs.
        required = sum(parameter.default is None for parameter in wanted)
        if not required <= len(arguments) <= len(wanted):
            raise BuildError(
                f"sub-workflow '{name}' takes {_count(required, len(wanted))}, got {len(arguments)}"
            )
        arguments += [constant(UNSET).evaluate] * (len(wanted) - len(arguments))
        return _called(self._routines[name], arguments, sites)


def _called(routine: Routine, arguments: list[Evaluate], sites: Sites) -> Evaluate:
    site, slot = sites.next(), sites.need_slots()

    def call(v: Variables) -> Any:
        known = v[slot]
        if site in known:
            return known[site]
        raise NeedCall(routine, [argument(v) for argument in arguments], site)

    return call


def _count(required: int, most: int) -> str:
    number = str(most) if required == most else f"{required} to {most}"
    return f"{number} argument{'' if number == '1' else 's'}"


def _list(items: list[Operand]) -> Operand:
    if all(item.is_constant for item in items):
        return constant([item.value for item in items])
    parts = [item.evaluate for item in items]
    if len(parts) == 2:  # noqa: PLR2004 - the bounds of a range: the commonest, unrolled.
        first, second = parts
        return Operand(lambda v: [first(v), second(v)])
    return Operand(lambda v: [part(v) for part in parts])


def _defaults(name: str, wanted: tuple[Parameter, ...], given: int) -> list[Evaluate]:
    required = sum(parameter.default is REQUIRED for parameter in wanted)
    if not required <= given <= len(wanted):
        raise BuildError(f"function '{name}' takes {_count(required, len(wanted))}, got {given}")
    return [constant(parameter.default).evaluate for parameter in wanted[given:]]


def unassigned(variable: Variable) -> Fault:
    """A variable that is declared on some path and has no value here (open: section 10, 13)."""
    return fault(variable.unassigned, f"variable not assigned: {variable.name}")


def read_variable(variable: Variable) -> Evaluate:
    slot = variable.slot
    if variable.cell:

        def read_cell(v: Variables) -> Any:
            value = v[slot][0]
            if value is UNSET:
                raise unassigned(variable)
            return value

        return read_cell

    def read(v: Variables) -> Any:
        value = v[slot]
        if value is UNSET:
            raise unassigned(variable)
        return value

    return read


def _member_by_name(holder: Operand, key: str) -> Evaluate:
    whole, slot = holder.evaluate, holder.slot
    if slot is not None:

        def read_of_variable(v: Variables) -> Any:
            value = v[slot]
            if type(value) is dict and key in value:
                return value[key]
            return member(whole(v), key)

        return read_of_variable

    def read(v: Variables) -> Any:
        value = whole(v)
        if type(value) is dict and key in value:
            return value[key]
        return member(value, key)

    return read


def _pure_call(call: Callable[..., Any], arguments: list[Evaluate]) -> Evaluate:
    if len(arguments) == 1:
        only = arguments[0]
        return lambda v: call(only(v))
    if len(arguments) == 2:  # noqa: PLR2004 - the commonest shapes, unrolled.
        first, second = arguments
        return lambda v: call(first(v), second(v))
    if len(arguments) == 3:  # noqa: PLR2004
        first, second, third = arguments
        return lambda v: call(first(v), second(v), third(v))
    return lambda v: call(*[argument(v) for argument in arguments])


def _host_call(call: Callable[..., Any], arguments: list[Evaluate], sites: Sites) -> Evaluate:
    site = sites.next()

    def run(v: Variables) -> Any:
        if sites.slot is None:
            return call(v[0], *[argument(v) for argument in arguments])
        known = v[sites.slot]
        if site not in known:
            known[site] = call(v[0], *[argument(v) for argument in arguments])
        return known[site]

    return run
