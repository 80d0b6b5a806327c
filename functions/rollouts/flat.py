"""Values as dicts and lists, without `asdict` and `deepcopy`, which look at every kind there is."""

import functools
import operator
from collections.abc import Callable
from dataclasses import fields
from typing import Any


def flat(value: Any) -> dict[str, Any]:
    """Return a dataclass's fields by their names, at least two. Nothing inside is copied."""
    kind: type = type(value)
    names, read = _reader(kind)
    return dict(zip(names, read(value), strict=True))


def copied(value: Any) -> Any:
    """Copy what JSON has, for whoever changes it."""
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [copied(inner) for inner in value]
    return value


@functools.cache
def _reader(kind: type) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Return a class's field names, and what reads them all; there are only so many classes."""
    names = tuple(one.name for one in fields(kind))
    return names, operator.attrgetter(*names)
