"""Compiles values of the source: maps, lists and scalars with expressions anywhere in them."""

from typing import Any

from local_cloud.workflows.engine import operators
from local_cloud.workflows.engine.expressions import ExpressionCompiler, Sites
from local_cloud.workflows.engine.operators import Operand
from local_cloud.workflows.engine.program import Evaluate, Variables
from local_cloud.workflows.language.faults import BuildError, Fault, Position, fault
from local_cloud.workflows.language.scopes import Scope
from local_cloud.workflows.language.source import Node, Scalar, Sequence
from local_cloud.workflows.language.syntax import expression_text
from local_cloud.workflows.language.values import message_name


def located(evaluate: Evaluate, position: Position) -> Evaluate:
    """Give the faults of an expression its position, where an operation has several."""

    def run(v: Variables) -> Any:
        try:
            return evaluate(v)
        except Fault as error:
            error.position = error.position or position
            raise

    return run


def constant(value: Any) -> Evaluate:
    return operators.constant(value).evaluate


def is_constant(node: Node) -> bool:
    """Whether there is no expression anywhere in it."""
    rest = [node]
    while rest:
        one = rest.pop()
        if isinstance(one, Scalar):
            if expression_text(one) is not None:
                return False
        elif isinstance(one, Sequence):
            rest += one.items
        else:
            for key, value in one.entries:
                rest += (key, value)
    return True


class LiteralCompiler:
    """Compiles the values of one routine. `problems` takes what is wrong with an expression."""

    def __init__(self, expressions: ExpressionCompiler) -> None:
        self._expressions = expressions

    def compile(
        self,
        node: Node,
        scope: Scope,
        sites: Sites,
        problems: list[BuildError],
        *,
        nested: bool = False,
    ) -> Evaluate:
        """Compile a value. `nested`: faults of a lone expression get its position too."""
        found = self._value(node, scope, sites, problems)
        if nested and not found.is_constant and isinstance(node, Scalar):
            return located(found.evaluate, node.position)
        return found.evaluate

    def _value(self, node: Node, scope: Scope, sites: Sites, problems: list[BuildError]) -> Operand:
        if isinstance(node, Scalar):
            return self._scalar(node, scope, sites, problems)
        if isinstance(node, Sequence):
            items = [self._value(item, scope, sites, problems) for item in node.items]
            return _list(items, [item.position for item in node.items])
        values = [self._value(value, scope, sites, problems) for _, value in node.entries]
        places = [value.position for _, value in node.entries]
        if all(expression_text(key) is None for key, _ in node.entries):
            return _map([key.value for key, _ in node.entries], values, places)
        keys = [
            located(self._scalar(key, scope, sites, problems).evaluate, key.position)
            for key, _ in node.entries
        ]
        parts = [located(v.evaluate, at) for v, at in zip(values, places, strict=True)]
        pairs = list(zip(keys, parts, strict=True))
        return Operand(lambda v: {_map_key(key(v)): value(v) for key, value in pairs})

    def _scalar(
        self, node: Scalar, scope: Scope, sites: Sites, problems: list[BuildError]
    ) -> Operand:
        text = expression_text(node)
        if text is None:
            return operators.constant(node.value)
        try:
            return self._expressions.compile(self._expressions.parse(text), scope, sites)
        except BuildError as error:
            problems.append(BuildError(error.message, node.position))
            return operators.constant(None)


def _list(items: list[Operand], places: list[Position]) -> Operand:
    if all(item.is_constant for item in items):
        return operators.constant([item.value for item in items])
    parts = [item.evaluate for item in items]

    def run(v: Variables) -> list[Any]:
        found: list[Any] = []
        try:
            for part in parts:
                found.append(part(v))  # noqa: PERF401 - its length tells which one failed.
        except Fault as error:
            error.position = error.position or places[len(found)]
            raise
        return found

    return Operand(run)


def _map(names: list[str], values: list[Operand], places: list[Position]) -> Operand:
    if all(value.is_constant for value in values):
        return operators.constant(
            {name: one.value for name, one in zip(names, values, strict=True)}
        )
    pairs = [(name, value.evaluate) for name, value in zip(names, values, strict=True)]

    def run(v: Variables) -> dict[str, Any]:
        found: dict[str, Any] = {}
        try:
            for name, value in pairs:
                found[name] = value(v)
        except Fault as error:
            error.position = error.position or places[len(found)]  # Names are not repeated.
            raise
        return found

    return Operand(run)


def _map_key(value: Any) -> str:
    if type(value) is str:
        return value
    raise fault("TypeError", f"key must be a string, got '{message_name(value)}'")
