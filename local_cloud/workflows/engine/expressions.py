"""Compiles expressions to closures over a frame's variables, once per deployment.

A closure raises Fault without a position; the operation that runs it adds one. Subworkflow
calls are not made here: the closure raises NeedCall, and is run again with the value at hand.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from local_cloud.workflows.engine.program import UNSET, Evaluate, NeedCall, Routine, Variables
from local_cloud.workflows.language import grammar
from local_cloud.workflows.language.faults import BuildError, Fault, fault
from local_cloud.workflows.language.json_text import INT_MAX, INT_MIN
from local_cloud.workflows.language.scopes import Scope, Variable
from local_cloud.workflows.language.syntax import ParameterOf
from local_cloud.workflows.language.values import (
    OPERATORS,
    add,
    boolean,
    contains,
    equal,
    member,
    negative,
    positive,
)
from local_cloud.workflows.stdlib import library
from local_cloud.workflows.stdlib.registry import REQUIRED, Function, Parameter

_UNARY: Final[dict[str, Callable[[Any], Any]]] = {
    "-": negative,
    "+": positive,
    "not": lambda value: not boolean(value, "not"),
}


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
    """Compiles expressions of one routine. `signatures` has each routine's parameters."""

    def __init__(
        self, routines: Mapping[str, Routine], signatures: Mapping[str, tuple[ParameterOf, ...]]
    ) -> None:
        self._routines = routines
        self._signatures = signatures

    def compile(self, tree: grammar.Expression, scope: Scope, sites: Sites) -> Evaluate:
        """Return the closure. Raises BuildError (without a position) for unknown names."""
        if isinstance(tree, grammar.Constant):
            value = tree.value
            return lambda _: value
        if isinstance(tree, grammar.Name):
            return self._name(tree.name, scope)
        if isinstance(tree, grammar.Member):
            return self._member(tree, scope, sites)
        if isinstance(tree, grammar.Invocation):
            return self._invocation(tree, scope, sites)
        if isinstance(tree, grammar.Items):
            items = [self.compile(item, scope, sites) for item in tree.items]
            return lambda v: [item(v) for item in items]
        if isinstance(tree, grammar.Unary):
            return self._unary(tree, scope, sites)
        return _binary(
            tree, self.compile(tree.left, scope, sites), self.compile(tree.right, scope, sites)
        )

    def _name(self, name: str, scope: Scope) -> Evaluate:
        variable = scope.find(name)
        if variable is not None:
            return read_variable(variable)
        if name in self._routines or name in library.FUNCTIONS:
            raise BuildError(f"'{name}' is a function: it can be called, but is no value")
        raise BuildError(f"symbol '{name}' is neither a variable nor a sub-workflow name")

    def _member(self, tree: grammar.Member, scope: Scope, sites: Sites) -> Evaluate:
        name = grammar.dotted_name(tree)
        if name is not None and scope.find(name.partition(".")[0]) is None:
            if name in library.VALUES:
                value = library.VALUES[name]
                return lambda _: value
            if name in library.PREDICATES or name in library.POLICIES:
                raise BuildError(f"'{name}' can only stand in retry")
        holder = self.compile(tree.holder, scope, sites)
        if isinstance(tree.key, grammar.Constant) and isinstance(tree.key.value, str):
            return _member_by_name(holder, tree.key.value)
        key = self.compile(tree.key, scope, sites)
        return lambda v: member(holder(v), key(v))

    def _unary(self, tree: grammar.Unary, scope: Scope, sites: Sites) -> Evaluate:
        operand = self.compile(tree.operand, scope, sites)
        apply = _UNARY[tree.operator]
        if isinstance(tree.operand, grammar.Constant) and type(tree.operand.value) is int:
            value = apply(tree.operand.value) if tree.operator != "not" else None
            if value is not None:
                return lambda _: value
        return lambda v: apply(operand(v))

    def _invocation(self, tree: grammar.Invocation, scope: Scope, sites: Sites) -> Evaluate:
        arguments = [self.compile(argument, scope, sites) for argument in tree.arguments]
        name = tree.name
        if name in self._routines:
            return self._subworkflow(name, arguments, sites)
        function = library.FUNCTIONS.get(name)
        if name in library.PREDICATES:
            function = Function((Parameter("exception"),), library.PREDICATES[name])
        if function is not None:
            defaults = _defaults(name, function.parameters, len(arguments))
            arguments += [_constant(value) for value in defaults]
            if function.needs_host:
                return _host_call(function.call, arguments, sites)
            return _pure_call(function.call, arguments)
        if library.is_blocking(name):
            raise BuildError(f"function '{name}' is blocking: it cannot stand in an expression")
        raise BuildError(f"unknown function '{name}'")

    def _subworkflow(self, name: str, arguments: list[Evaluate], sites: Sites) -> Evaluate:
        wanted = self._signatures[name]
        required = sum(parameter.default is None for parameter in wanted)
        if not required <= len(arguments) <= len(wanted):
            raise BuildError(
                f"sub-workflow '{name}' takes {_count(required, len(wanted))}, got {len(arguments)}"
            )
        arguments += [_constant(UNSET)] * (len(wanted) - len(arguments))
        routine, site, slot = self._routines[name], sites.next(), sites.need_slots()

        def call(v: Variables) -> Any:
            known = v[slot]
            if site in known:
                return known[site]
            raise NeedCall(routine, [argument(v) for argument in arguments], site)

        return call


def _count(required: int, most: int) -> str:
    number = str(most) if required == most else f"{required} to {most}"
    return f"{number} argument{'' if number == '1' else 's'}"


def _constant(value: Any) -> Evaluate:
    return lambda _: value


def _defaults(name: str, wanted: tuple[Parameter, ...], given: int) -> list[Any]:
    required = sum(parameter.default is REQUIRED for parameter in wanted)
    if not required <= given <= len(wanted):
        raise BuildError(f"function '{name}' takes {_count(required, len(wanted))}, got {given}")
    return [parameter.default for parameter in wanted[given:]]


def unassigned(name: str) -> Fault:
    """A variable that is declared on some path and has no value here (open: section 10, 13)."""
    return fault("KeyError", f"variable not assigned: {name}")


def read_variable(variable: Variable) -> Evaluate:
    slot, name = variable.slot, variable.name
    if variable.cell:

        def read_cell(v: Variables) -> Any:
            value = v[slot][0]
            if value is UNSET:
                raise unassigned(name)
            return value

        return read_cell

    def read(v: Variables) -> Any:
        value = v[slot]
        if value is UNSET:
            raise unassigned(name)
        return value

    return read


def _member_by_name(holder: Evaluate, key: str) -> Evaluate:
    def read(v: Variables) -> Any:
        value = holder(v)
        if type(value) is dict and key in value:
            return value[key]
        return member(value, key)

    return read


def _pure_call(call: Callable[..., Any], arguments: list[Evaluate]) -> Evaluate:
    if len(arguments) == 1:
        only = arguments[0]
        return lambda v: call(only(v))
    if len(arguments) == 2:  # noqa: PLR2004 - the two commonest shapes, unrolled.
        first, second = arguments
        return lambda v: call(first(v), second(v))
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


def _binary(tree: grammar.Binary, left: Evaluate, right: Evaluate) -> Evaluate:
    operator = tree.operator
    if operator in ("and", "or"):
        return _logical(operator, left, right)
    if operator in ("==", "!="):
        return _equality(operator, tree, left, right)
    if operator == "+":
        return _sum(left, right)
    if operator in _INTEGER_FAST:
        return _INTEGER_FAST[operator](left, right)
    apply = OPERATORS[operator]
    return lambda v: apply(left(v), right(v))


def _logical(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    """`and` and `or` look at the right side only when the left one does not decide."""
    decides = operator == "or"

    def run(v: Variables) -> bool:
        if boolean(left(v), operator) is decides:
            return decides
        return boolean(right(v), operator)

    return run


def _equality(operator: str, tree: grammar.Binary, left: Evaluate, right: Evaluate) -> Evaluate:
    negate = operator == "!="
    if isinstance(tree.right, grammar.Constant) and type(tree.right.value) is str:
        # A string equals nothing but strings, in Python as here.
        wanted = tree.right.value
        return (lambda v: left(v) != wanted) if negate else (lambda v: left(v) == wanted)
    if negate:
        return lambda v: not equal(left(v), right(v))
    return lambda v: equal(left(v), right(v))


def _sum(left: Evaluate, right: Evaluate) -> Evaluate:
    def run(v: Variables) -> Any:
        a, b = left(v), right(v)
        if type(a) is int and type(b) is int:
            total = a + b
            if INT_MIN <= total <= INT_MAX:
                return total
        return add(a, b)

    return run


def _less(left: Evaluate, right: Evaluate) -> Evaluate:
    slow = OPERATORS["<"]

    def run(v: Variables) -> Any:
        a, b = left(v), right(v)
        return a < b if type(a) is int and type(b) is int else slow(a, b)

    return run


def _greater(left: Evaluate, right: Evaluate) -> Evaluate:
    slow = OPERATORS[">"]

    def run(v: Variables) -> Any:
        a, b = left(v), right(v)
        return a > b if type(a) is int and type(b) is int else slow(a, b)

    return run


def _in(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda v: contains(left(v), right(v))


_INTEGER_FAST: Final = {"<": _less, ">": _greater, "in": _in}
