"""Bucket layouts of histograms, short in JSON: most grow by one factor, and need no long list."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Final

BOUNDS_MAX: Final = 10_001
"""Far above any layout; below what a number out of a text could make a process build."""


@functools.lru_cache(maxsize=64)
def growing(scale: float, factor: float, number: int) -> tuple[float, ...]:
    """Return so many bounds, each `factor` times the one before. Raises ValueError for too many."""
    if number > BOUNDS_MAX:
        raise ValueError(number)
    return tuple(scale * factor**index for index in range(number))


@functools.lru_cache(maxsize=64)
def shown(bounds: tuple[float, ...]) -> Mapping[str, float] | tuple[float, ...]:
    """Return what `read` makes exactly these bounds of: their rule, if they have one."""
    if len(bounds) > 3 and bounds[0] > 0:  # noqa: PLR2004 - a rule has three numbers.
        rule = {"scale": bounds[0], "factor": bounds[1] / bounds[0], "number": len(bounds)}
        if _ruled(rule) == bounds:
            return rule
    return bounds


def read(told: Mapping[str, Any] | Sequence[Any]) -> tuple[float, ...]:
    """Return the bounds of `shown`. Raises ValueError, TypeError or KeyError for anything else."""
    if isinstance(told, Mapping):
        return growing(told["scale"], told["factor"], told["number"])
    return tuple(map(float, told))


def _ruled(rule: Mapping[str, Any]) -> tuple[float, ...]:
    try:
        return read(rule)
    except (ArithmeticError, ValueError):
        return ()  # Beyond every number, or too many.
