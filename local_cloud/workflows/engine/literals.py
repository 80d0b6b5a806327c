"""Compiles values of the source: maps, lists and scalars with expressions anywhere in them."""

from typing import Any, Final

from local_cloud.workflows.engine.expressions import ExpressionCompiler, Sites
from local_cloud.workflows.engine.program import Evaluate, Variables
from local_cloud.workflows.language import grammar
from local_cloud.workflows.language.faults import BuildError, Fault, Position, fault
from local_cloud.workflows.language.scopes import Scope
from local_cloud.workflows.language.source import Mapping, Node, Scalar, Sequence
from local_cloud.workflows.language.syntax import expression_text
from local_cloud.workflows.language.values import message_name

_NO_VARIABLES: Final[Variables] = []


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
    return lambda _: value


def is_constant(node: Node) -> bool:
    """Whether there is no expression anywhere in it."""
    if isinstance(node, Scalar):
        return expression_text(node) is None
    if isinstance(node, Sequence):
        return all(is_constant(item) for item in node.items)
    return all(is_constant(key) and is_constant(value) for key, value in node.entries)


class LiteralCompiler:
    def __init__(self, expressions: ExpressionCompiler) -> None:
        self._expressions = expressions

    def compile(self, node: Node, scope: Scope, sites: Sites, *, nested: bool = False) -> Evaluate:
        """Compile a value. `nested`: faults of a lone expression get its position too."""
        if isinstance(node, Scalar):
            return self._scalar(node, scope, sites, nested=nested)
        made = (
            self._list(node, scope, sites)
            if isinstance(node, Sequence)
            else self._map(node, scope, sites)
        )
        return constant(made(_NO_VARIABLES)) if is_constant(node) else made

    def _scalar(self, node: Scalar, scope: Scope, sites: Sites, *, nested: bool) -> Evaluate:
        text = expression_text(node)
        if text is None:
            return constant(node.value)
        try:
            found = self._expressions.compile(grammar.parse(text), scope, sites)
        except BuildError as error:
            raise BuildError(error.message, node.position) from None
        return located(found, node.position) if nested else found

    def _list(self, node: Sequence, scope: Scope, sites: Sites) -> Evaluate:
        items = [self.compile(item, scope, sites, nested=True) for item in node.items]
        return lambda v: [item(v) for item in items]

    def _map(self, node: Mapping, scope: Scope, sites: Sites) -> Evaluate:
        values = [self.compile(value, scope, sites, nested=True) for _, value in node.entries]
        if all(expression_text(key) is None for key, _ in node.entries):
            names = [key.value for key, _ in node.entries]
            plain = list(zip(names, values, strict=True))
            return lambda v: {name: value(v) for name, value in plain}
        keys = [self._scalar(key, scope, sites, nested=True) for key, _ in node.entries]
        pairs = list(zip(keys, values, strict=True))
        return lambda v: {_map_key(key(v)): value(v) for key, value in pairs}


def _map_key(value: Any) -> str:
    if type(value) is str:
        return value
    raise fault("TypeError", f"key must be a string, got '{message_name(value)}'")
