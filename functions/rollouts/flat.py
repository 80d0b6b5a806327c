"""A dataclass's fields as a dict, as they are: nothing nested is copied, as `asdict` does."""

import functools
import operator
from collections.abc import Callable
from dataclasses import fields
from typing import Any


def flat(value: Any) -> dict[str, Any]:
    """Return the fields of a value by their names. It has at least two."""
    kind: type = type(value)
    names, read = _reader(kind)
    return dict(zip(names, read(value), strict=True))


@functools.cache
def _reader(kind: type) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Return a class's field names, and what reads them all; there are only so many classes."""
    names = tuple(one.name for one in fields(kind))
    return names, operator.attrgetter(*names)
