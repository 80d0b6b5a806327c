"""Expression helpers, list.*, map.* and math.* (reference sections 2.5 and 3)."""

import math
import re
from typing import Any, Final

from local_cloud.workflows.engine.memory import grown
from local_cloud.workflows.language import work
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.json_text import NODES_MAX
from local_cloud.workflows.language.values import as_text, get_type, integer, message_name
from local_cloud.workflows.stdlib.limits import check_elements
from local_cloud.workflows.stdlib.registry import (
    Function,
    function,
    listing,
    mapping,
    number,
    refuse,
    text,
)

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,20}")
_DOUBLE: Final = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")


def to_double(value: Any) -> float:
    kind = type(value)
    if kind is float or kind is int:
        return float(value)
    if kind is not str:
        raise fault("TypeError", f"unsupported operand type for double(): '{message_name(value)}'")
    # Beyond the largest double there is none, as in Go.
    if _DOUBLE.fullmatch(value) and math.isfinite(found := float(value)):
        return found
    raise fault("ValueError", f"could not convert string to double: {value[:40]}")


def to_int(value: Any) -> int:
    """A double loses its fraction, toward zero."""
    kind = type(value)
    if kind is int:
        return int(value)
    if kind is float:
        if not math.isfinite(value):
            raise fault("ValueError", "cannot convert a double that is not finite to integer")
        return integer(int(value))
    if kind is not str:
        raise fault("TypeError", f"unsupported operand type for int(): '{message_name(value)}'")
    if _INTEGER.fullmatch(value):
        return integer(int(value))
    raise fault("ValueError", f"could not convert string to integer: {value[:40]}")


def length(value: Any) -> int:
    if type(value) in (str, list, dict):
        return len(value)
    return refuse("a string, list or map", value)


def choose(condition: Any, when_true: Any, when_false: Any) -> Any:
    if condition is None:
        return when_false
    if type(condition) is not bool:
        refuse("a boolean", condition)
    return when_true if condition else when_false


def map_get(holder: Any, keys: Any) -> Any:
    """Follow `keys`; null where a key is absent or there is no map to look into."""
    path = keys if type(keys) is list else [keys]
    for key in path:
        if type(key) is not str:
            refuse("a string or a list of strings", key)
    for key in path:
        if type(holder) is not dict:
            return None
        holder = holder.get(key)
    return holder


def concat(objs: Any, val: Any) -> list[Any]:
    check_elements(len(listing(objs)) + 1)
    return grown([*objs, val], objs, val)


def prepend(objs: Any, val: Any) -> list[Any]:
    check_elements(len(listing(objs)) + 1)
    return grown([val, *objs], objs, val)


def map_delete(holder: Any, key: Any) -> dict[str, Any]:
    name = text(key)
    return {k: value for k, value in mapping(holder).items() if k != name}


def merge_nested(first: Any, second: Any) -> dict[str, Any]:
    return _merged(mapping(first), mapping(second), [NODES_MAX])


def _merged(first: dict[str, Any], second: dict[str, Any], left: list[int]) -> dict[str, Any]:
    """`left` holds how many maps may still be merged: they may share parts without end."""
    left[0] -= 1
    if left[0] < 0:
        raise MemoryError  # The engine makes it a ResourceLimitError.
    work.spend(len(first) + len(second), work.PAIR + 2)
    merged = dict(first)
    for key, value in second.items():
        before = merged.get(key)
        if type(before) is dict and type(value) is dict:
            merged[key] = _merged(before, value, left)
        else:
            merged[key] = value
    return merged


def absolute(value: Any) -> float:
    size = abs(number(value))
    return integer(size) if isinstance(size, int) else size


def floor(value: Any) -> int:
    if not math.isfinite(number(value)):
        raise fault("ValueError", "cannot convert a double that is not finite to integer")
    return integer(math.floor(value))


def larger(x: Any, y: Any) -> Any:
    return x if number(x) >= number(y) else y


def smaller(x: Any, y: Any) -> Any:
    return x if number(x) <= number(y) else y


FUNCTIONS: Final[dict[str, Function]] = {
    "double": function(to_double, "value"),
    "int": function(to_int, "value"),
    "string": function(as_text, "value"),
    "keys": function(lambda value: sorted(mapping(value)), "map"),
    "len": function(length, "value"),
    "default": function(lambda value, other: other if value is None else value, "value", "default"),
    "if": function(choose, "condition", "ifTrue", "ifFalse"),
    "get_type": function(get_type, "value"),
    "list.concat": function(concat, "objs", "val"),
    "list.prepend": function(prepend, "objs", "val"),
    "map.get": function(map_get, "map", "keys"),
    "map.delete": function(map_delete, "map", "key"),
    "map.merge": function(
        lambda first, second: {**mapping(first), **mapping(second)}, "first", "second"
    ),
    "map.merge_nested": function(merge_nested, "first", "second"),
    "math.abs": function(absolute, "x"),
    "math.floor": function(floor, "x"),
    "math.max": function(larger, "x", "y"),
    "math.min": function(smaller, "x", "y"),
}
