"""Closures of operators, made for what their operands are.

Most expressions compare or add integers that stand in variables or in the source, so these
shapes are unrolled; whatever is not two integers goes to `language.values`.
"""

import operator as python
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.workflows.engine.program import Evaluate, Variables
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.language.faults import Fault
from local_cloud.workflows.language.json_text import INT_MAX, INT_MIN
from local_cloud.workflows.language.values import boolean, negative, operators, positive


@dataclass(frozen=True, slots=True)
class Operand:
    """A compiled expression. `slot` is a variable's that is read plainly, not through a cell."""

    evaluate: Evaluate
    slot: int | None = None
    is_constant: bool = False
    value: Any = None


Compute = Callable[[Any, Any], Any]

_COMPARE: Final[dict[str, Compute]] = {
    "<": python.lt,
    "<=": python.le,
    ">": python.gt,
    ">=": python.ge,
    "==": python.eq,
    "!=": python.ne,
}
_COUNT: Final[dict[str, Compute]] = {"+": python.add, "-": python.sub, "*": python.mul}


def constant(value: Any) -> Operand:
    return Operand(lambda _: value, is_constant=True, value=value)


def binary(operator: str, left: Operand, right: Operand, choices: Choices) -> Operand:
    """Return `left operator right`, worked out at once if both are constants."""
    if operator in ("and", "or"):
        return Operand(_logical(operator, left.evaluate, right.evaluate))
    apply = operators(choices)[operator]
    if left.is_constant and right.is_constant:
        try:
            return constant(apply(left.value, right.value))
        except Fault:
            pass  # It comes up when a run gets here.
    if operator in _COMPARE:
        return Operand(_comparison(_COMPARE[operator], apply, left, right))
    if operator in _COUNT:
        return Operand(_arithmetic(_COUNT[operator], apply, left, right))
    first, second = left.evaluate, right.evaluate
    return Operand(lambda v: apply(first(v), second(v)))


def unary(operator: str, operand: Operand) -> Operand:
    apply = _UNARY[operator]
    if operand.is_constant:
        try:
            return constant(apply(operand.value))
        except Fault:
            pass
    if operator == "not":
        return Operand(_not(operand.evaluate))
    evaluate = operand.evaluate
    return Operand(lambda v: apply(evaluate(v)))


def _comparison(compare: Compute, slow: Compute, left: Operand, right: Operand) -> Evaluate:
    first, second, slot = left.evaluate, right.evaluate, left.slot
    if slot is not None and right.is_constant and type(right.value) in (int, str):
        known, kind = right.value, type(right.value)
        if kind is str and compare not in (python.eq, python.ne):
            return lambda v: slow(first(v), known)

        def with_constant(v: Variables) -> Any:
            a = v[slot]
            return compare(a, known) if type(a) is kind else slow(first(v), known)

        return with_constant

    def run(v: Variables) -> Any:
        a, b = first(v), second(v)
        return compare(a, b) if type(a) is int and type(b) is int else slow(a, b)

    return run


def _arithmetic(count: Compute, slow: Compute, left: Operand, right: Operand) -> Evaluate:
    first, second, slot = left.evaluate, right.evaluate, left.slot
    if slot is not None and right.is_constant and type(right.value) is int:
        known = right.value

        def with_constant(v: Variables) -> Any:
            a = v[slot]
            if type(a) is int and INT_MIN <= (found := count(a, known)) <= INT_MAX:
                return found
            return slow(first(v), known)

        return with_constant

    def run(v: Variables) -> Any:
        a, b = first(v), second(v)
        if type(a) is int and type(b) is int and INT_MIN <= (found := count(a, b)) <= INT_MAX:
            return found
        return slow(a, b)

    return run


def _logical(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    """`and` and `or` look at the right side only when the left one does not decide."""
    decides = operator == "or"

    def run(v: Variables) -> bool:
        if boolean(left(v), operator) is decides:
            return decides
        return boolean(right(v), operator)

    return run


def _not(operand: Evaluate) -> Evaluate:
    def run(v: Variables) -> bool:
        value = operand(v)
        return value is False or not boolean(value, "not")

    return run


_UNARY: Final[dict[str, Callable[[Any], Any]]] = {
    "-": negative,
    "+": positive,
    "not": lambda value: not boolean(value, "not"),
}
