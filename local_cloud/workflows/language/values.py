"""Operators and conversions of the language's values, with none of Python's own.

Values are Python's None, bool, int, float, str, bytes, list and dict, held as immutable: a
change copies the path to it. So assignment, passing and returning are copies at no cost.
Source: reference/workflows.md 2.3 to 2.5 and section 11.
"""

import functools
import math
import operator as python
from collections.abc import Callable, Mapping
from typing import Any, Final

from local_cloud.workflows.language import work
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.language.faults import Fault, bare_fault, fault
from local_cloud.workflows.language.json_text import (
    INT_MAX,
    INT_MIN,
    NODES_MAX,
    encode,
    format_double,
)

STRING_BYTES_MAX: Final = 256 * 1024
_LENGTH_NEVER_TOO_LONG: Final = STRING_BYTES_MAX // 4
_GOT_TEXT_MAX: Final = 80

# Messages of the real service use these names: reference 2.4, "python-like".
_MESSAGE_NAMES: Final = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    bytes: "bytes",
    list: "list",
    dict: "dict",
}
_TYPE_NAMES: Final = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
}
_NUMBERS: Final = (int, float)
_NUMBER_TYPES: Final = frozenset(_NUMBERS)
_FEW: Final = 16
"""A list that is not longer is compared element by element."""
_TEXTABLE: Final = (int, float, bool)


def message_name(value: Any) -> str:
    """Return the name of a value's type as error messages write it."""
    return _MESSAGE_NAMES[type(value)]


def get_type(value: Any) -> str:
    return _TYPE_NAMES[type(value)]


def integer(value: int) -> int:
    """Return `value` if it fits 64 bits. Overflow is undocumented; an error hides nothing."""
    if INT_MIN <= value <= INT_MAX:
        return value
    raise fault("ValueError", "integer overflow")


def _fitting(value: Any) -> Any:
    """Return a number that the language has: none is infinite. A guess, as for integers."""
    if type(value) is int:
        return integer(value)
    if math.isfinite(value):
        return value
    raise fault("ValueError", "double overflow")


def checked_text(text: str) -> str:
    """Return `text` if the service could hold it (reference 1.7: 256 KB)."""
    if len(text) > _LENGTH_NEVER_TOO_LONG and (
        len(text) > STRING_BYTES_MAX or len(text.encode("utf-8", "replace")) > STRING_BYTES_MAX
    ):
        raise fault("ResourceLimitError", "string length limit exceeded", catchable=False)
    return text


def as_text(value: Any) -> str:
    """Return a string, number or boolean as `string()` and `+` write it."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return format_double(value)
    raise fault(
        "TypeError",
        f"unsupported operand type for string(): '{message_name(value)}'"
        " (expecting number, string, or boolean)",
    )


def _unsupported(operator: str, left: Any, right: Any) -> Fault:
    return fault(
        "TypeError",
        f"unsupported operand types for {operator}:"
        f" '{message_name(left)}' and '{message_name(right)}'",
    )


def _zero(operator: str, left: Any, right: Any) -> Fault:
    """The error tells the types and the operation. The wording is a guess.

    Source: https://cloud.google.com/workflows/docs/access-execution-results, error tags.
    """
    operation = f"'{message_name(left)}' {operator} '{message_name(right)}'"
    return fault("ZeroDivisionError", f"division by zero: {operation}")


def add(left: Any, right: Any) -> Any:
    kind, other = type(left), type(right)
    if kind in _NUMBERS and other in _NUMBERS:
        return _fitting(left + right)
    if kind is str and other is str:
        return checked_text(left + right)
    if (kind is str and other in _TEXTABLE) or (other is str and kind in _TEXTABLE):
        return checked_text(as_text(left) + as_text(right))
    raise _unsupported("+", left, right)


def _arithmetic(operator: str, compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(left: Any, right: Any) -> Any:
        if type(left) not in _NUMBERS or type(right) not in _NUMBERS:
            raise _unsupported(operator, left, right)
        try:
            found = compute(left, right)
        except ZeroDivisionError:
            raise _zero(operator, left, right) from None
        except OverflowError:
            raise fault("ValueError", "double overflow") from None
        return _fitting(found)

    return apply


def _less(
    operator: str, compute: Callable[[Any, Any], bool], *, texts: bool
) -> Callable[[Any, Any], bool]:
    """Return an order of numbers, and of strings by code points where `texts` are to have one."""

    def apply(left: Any, right: Any) -> bool:
        kind, other = type(left), type(right)
        if (kind in _NUMBERS and other in _NUMBERS) or (texts and kind is str and other is str):
            return compute(left, right)
        raise _unsupported(operator, left, right)

    return apply


def equal(left: Any, right: Any) -> bool:
    """Deep equality; integers equal doubles by value, otherwise types must agree."""
    kind = type(left)
    if kind is list or kind is dict:
        return _deeply_equal(left, right)
    other = type(right)
    if kind is other:
        return bool(left == right)
    return kind in _NUMBERS and other in _NUMBERS and bool(left == right)


def _strictly_equal(operator: str) -> Callable[[Any, Any], bool]:
    """Return an equality that refuses operands of unlike types; what is in them may differ."""

    def apply(left: Any, right: Any) -> bool:
        kind, other = type(left), type(right)
        numbers = kind in _NUMBERS and other in _NUMBERS
        if kind is other or numbers or left is None or right is None:
            return equal(left, right)
        raise _unsupported(operator, left, right)

    return apply


def _deeply_equal(left: Any, right: Any) -> bool:
    pairs = [(left, right)]
    count = 0
    try:
        while pairs:
            a, b = pairs.pop()
            kind = type(a)
            if a is b:
                continue
            if kind is list and type(b) is list and len(a) == len(b):
                if not _is_flat(a, b):
                    pairs += zip(a, b, strict=True)
                elif a != b:
                    return False
            elif kind is dict and type(b) is dict and a.keys() == b.keys():
                pairs += ((value, b[key]) for key, value in a.items())
            elif kind is list or kind is dict or not equal(a, b):
                return False
            count += 1
            if count > NODES_MAX:
                raise MemoryError  # The engine makes it a ResourceLimitError.
        return True
    finally:
        work.spend(count, work.PAIR)


def _is_flat(a: list[Any], b: list[Any]) -> bool:
    """Whether Python compares two lists as this language does: nothing in them but one type."""
    if len(a) <= _FEW:
        return False
    kinds = {*map(type, a), *map(type, b)}
    work.spend(len(a), work.LIST - 2)
    return kinds <= _NUMBER_TYPES or (len(kinds) == 1 and not kinds & {list, dict})


def contains(item: Any, holder: Any) -> bool:
    """`item in holder`: an element of a list, or a key of a map."""
    kind = type(holder)
    if kind is dict:
        if type(item) is not str:
            raise fault("TypeError", f"key must be a string, got '{message_name(item)}'")
        return item in holder
    if kind is list:
        if type(item) is str:
            return item in holder
        work.spend(len(holder), work.PAIR + 2)
        return any(equal(item, element) for element in holder)
    shown = encode(holder, lenient=True)
    if len(shown) > _GOT_TEXT_MAX:
        shown = shown[:_GOT_TEXT_MAX] + "..."
    raise bare_fault("TypeError", f"The argument of 'in' must be a dict or an array; got: {shown}")


def negative(value: Any) -> Any:
    if type(value) not in _NUMBERS:
        raise fault("TypeError", f"unsupported operand type for -: '{message_name(value)}'")
    return integer(-value) if type(value) is int else -value


def positive(value: Any) -> Any:
    if type(value) not in _NUMBERS:
        raise fault("TypeError", f"unsupported operand type for +: '{message_name(value)}'")
    return value


def boolean(value: Any, operator: str) -> bool:
    """Return a boolean operand; nothing else is true or false."""
    if type(value) is bool:
        return value
    raise fault(
        "TypeError",
        f"unsupported operand type for {operator}: '{message_name(value)}' (expecting boolean)",
    )


def member(holder: Any, key: Any) -> Any:
    """`holder[key]` and `holder.key`."""
    kind = type(holder)
    if kind is dict:
        if type(key) is not str:
            raise fault("TypeError", f"key must be a string, got '{message_name(key)}'")
        if key in holder:
            return holder[key]
        raise fault("KeyError", f"key not found: {key}")
    if kind is list:
        if type(key) is not int:
            raise fault("TypeError", f"list index must be an integer, got '{message_name(key)}'")
        if 0 <= key < len(holder):
            return holder[key]
        raise fault("IndexError", f"index out of range: {key}")
    raise fault("TypeError", f"cannot access member {as_key(key)} of type '{message_name(holder)}'")


def with_member(holder: Any, keys: list[Any], value: Any) -> Any:
    """Return a copy of `holder` in which the member behind the path `keys` is `value`."""
    key = keys[0]
    if len(keys) > 1:
        value = with_member(member(holder, key), keys[1:], value)
    kind = type(holder)
    if kind is dict and type(key) is str:
        return {**holder, key: value}
    if kind is dict or kind is list:
        member(holder, key)  # Raises for a wrong index or type.
        changed = holder.copy()
        changed[key] = value
        return changed
    raise fault("TypeError", f"cannot assign member {as_key(key)} of type '{message_name(holder)}'")


def as_key(key: Any) -> str:
    """Return a key for a message."""
    return encode(key, lenient=True)


_OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": add,
    "-": _arithmetic("-", lambda a, b: a - b),
    "*": _arithmetic("*", lambda a, b: a * b),
    "/": _arithmetic("/", lambda a, b: a / b),
    "//": _arithmetic("//", lambda a, b: a // b),
    "%": _arithmetic("%", lambda a, b: a % b),
    "==": equal,
    "!=": lambda a, b: not equal(a, b),
    "in": contains,
}
_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": python.lt,
    "<=": python.le,
    ">": python.gt,
    ">=": python.ge,
}


@functools.lru_cache(maxsize=16)
def operators(choices: Choices) -> Mapping[str, Callable[[Any, Any], Any]]:
    """Return what each binary operator does, `and` and `or` aside."""
    texts = choices.string_order == "compare"
    found = _OPERATORS | {name: _less(name, order, texts=texts) for name, order in _ORDER.items()}
    if choices.unlike_types_equal == "TypeError":
        same, unlike = _strictly_equal("=="), _strictly_equal("!=")
        found |= {"==": same, "!=": lambda a, b: not unlike(a, b)}
    return found
