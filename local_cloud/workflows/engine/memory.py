"""Counts the memory that an execution's variables take, as the service counts it.

Integers, doubles and booleans take 8 bytes; strings, bytes and lists 8 and their elements; maps 8
and their keys and values. Every variable has a copy of its own, though here they share parts.
Source: reference/workflows.md 1.7. Null takes 8 bytes, and a key as much as a string: guesses.

Nothing is added up while it is not needed: each value that is stored raises an upper bound, and
only where that passes the limit are the live frames counted.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

from local_cloud.workflows.engine.parallel import Strand
from local_cloud.workflows.engine.program import UNSET, Frame
from local_cloud.workflows.language import work
from local_cloud.workflows.language.faults import Fault, fault

MEMORY_BYTES_MAX: Final = 512 * 1024
HEAVY: Final = frozenset({str, bytes, list, dict})
"""Types whose values are not of one size."""

_SHIFTS: Final[dict[Any, int]] = {
    str: work.BYTES,
    bytes: work.BYTES,
    list: work.LIST,
    dict: work.MAP,
}
_HEAD: Final = 8
_SCALARS: Final = frozenset({int, float, bool, type(None)})
_CONTAINERS: Final = frozenset({list, dict, bytes})
_TEXTS: Final = frozenset({str})
_FEW: Final = 16
"""Up to so many elements are looked at one by one, and are quicker to count than to look up."""
_KNOWN_MAX: Final = 100_000
"""So many elements may be kept alive by what is known of them."""


def exceeded() -> Fault:
    return fault("ResourceLimitError", "Memory usage limit exceeded", catchable=False)


class _Growth:
    """The last container that was made of another one and one more value.

    Only its identity is compared, so what other executions left here does no harm.
    """

    __slots__ = ("base", "made", "more")

    def __init__(self) -> None:
        self.made: Any = None
        self.base: Any = None
        self.more: Any = None


_growth: Final = _Growth()


def grown(made: list[Any], base: list[Any], more: Any) -> list[Any]:
    """Return `made`, which has the elements of `base` and `more`: it need not be counted anew."""
    if len(made) > _FEW:
        _growth.made, _growth.base, _growth.more = made, base, more
    return made


class Memory:
    """What one execution keeps. `live` counts its frames, with a function for each value."""

    __slots__ = ("_known", "_known_elements", "_live", "bound")

    def __init__(self, live: Callable[[Callable[[Any], int]], int]) -> None:
        self.bound = 0
        """At least what the variables take."""
        self._live = live
        self._known: dict[int, tuple[Any, int]] = {}
        self._known_elements = 0

    def keep(self, value: Any, old: Any) -> None:
        """Count a heavy value that has replaced `old`. Raises Fault beyond the limit."""
        kind = type(value)
        if len(value) > work.SMALL:
            work.spend(len(value), _SHIFTS[kind])
        if kind is str:
            bound = self.bound + _HEAD + (len(value) if value.isascii() else 4 * len(value))
        else:
            bound = self.bound + (
                (len(value) <= _FEW and _bound_if_flat(value)) or self.size(value)
            )
        kind = type(old)
        if kind is str:
            bound -= _HEAD + len(old)
        elif kind is list or kind is dict or kind is bytes:
            known = self._known.get(id(old))
            if known is not None:
                bound -= known[1]
        self.bound = bound
        if bound > MEMORY_BYTES_MAX:
            self.settle()

    def keep_changed(self, value: Any, old: Any, keys: Sequence[Any], part: Any) -> None:
        """Count `old` with its member behind `keys` replaced by `part`, which is `value`."""
        known = self._known.get(id(old))
        if known is not None:
            self._remember(value, known[1] + self.size(part) - self._size_behind(old, keys))
        self.keep(value, old)

    def settle(self) -> None:
        """Count exactly. Raises Fault if that is beyond the limit."""
        self.bound = self._live(self.size)
        if self.bound > MEMORY_BYTES_MAX:
            raise exceeded()

    def forget(self) -> None:
        """Let go of the values that were counted: the execution waits."""
        if self._known:
            self._known.clear()
            self._known_elements = 0

    def size(self, value: Any) -> int:
        """Return what a value takes; something above the limit if it is above it."""
        if type(value) not in HEAVY:
            return _HEAD
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        if type(value) is list and _growth.made is value:
            base = self._known.get(id(_growth.base))
            if base is not None:
                size = base[1] + self.size(_growth.more)
                self._remember(value, size)
                return size
        size, is_nested = self._measure(value)
        if is_nested or len(value) > _FEW:
            self._remember(value, size)
        return size

    def _remember(self, value: Any, size: int) -> None:
        if self._known_elements > _KNOWN_MAX:
            self.forget()
        self._known[id(value)] = (value, size)
        self._known_elements += len(value) if type(value) in (list, dict) else 1

    def _size_behind(self, holder: Any, keys: Sequence[Any]) -> int:
        """Return what the member takes, less what its key would add if it is not there."""
        for key in keys[:-1]:
            holder = holder[key]
        if type(holder) is dict and keys[-1] not in holder:
            return -_text(keys[-1])
        return self.size(holder[keys[-1]])

    def _measure(self, value: Any) -> tuple[int, bool]:
        """Return what a value takes, and whether it has lists or maps in it."""
        total, is_nested, rest = 0, False, [value]
        while rest and total <= MEMORY_BYTES_MAX:
            item = rest.pop()
            if type(item) is str:
                total += _text(item)
                continue
            if type(item) is bytes:
                total += _HEAD + len(item)
                continue
            total += _HEAD
            parts: Collection[Any] = item
            if type(item) is dict:
                total += _texts(item)
                parts = item.values()
            size, has_containers = self._parts(parts, rest)
            total += size
            is_nested = is_nested or has_containers
        return total, is_nested

    def _parts(self, parts: Collection[Any], rest: list[Any]) -> tuple[int, bool]:
        """Return what some values take, but for the lists and maps put into `rest`."""
        if len(parts) > _FEW:
            kinds = set(map(type, parts))
            if kinds <= _SCALARS:
                return _HEAD * len(parts), False
            if kinds == _TEXTS:
                return _texts(parts), False
        total, is_nested = 0, False
        known = self._known
        for part in parts:
            kind = type(part)
            if kind is str:
                total += _text(part)
            elif kind is list or kind is dict:
                is_nested = True
                found = known.get(id(part))
                if found is None:
                    rest.append(part)
                else:
                    total += found[1]
            elif kind is bytes:
                total += _HEAD + len(part)
            else:
                total += _HEAD
        return total, is_nested


def _bound_if_flat(value: Any) -> int:
    """Return at least what a small list or map takes, or 0 if there are others in it."""
    bound = _HEAD
    parts = value
    if type(value) is dict:
        for key in value:
            bound += _HEAD + 4 * len(key)
        parts = value.values()
    elif type(value) is bytes:
        return 0
    for part in parts:
        kind = type(part)
        if kind is str:
            bound += _HEAD + 4 * len(part)
        elif kind is int:
            bound += _HEAD
        elif kind in _CONTAINERS:
            return 0
        else:
            bound += _HEAD
    return bound


def of_strands(strands: Iterable[Strand], size: Callable[[Any], int]) -> int:
    """Return what the variables of some strands take; ancestors of a branch are among them."""
    total = 0
    for strand in strands:
        frame = strand.frame
        while frame is not None:
            above = None if frame.caller or strand.join is None else strand.join.parent.frame
            total += _of_frame(frame, above, size)
            frame = frame.caller
    return total


def _of_frame(frame: Frame, above: Frame | None, size: Callable[[Any], int]) -> int:
    """A branch's frame begins as a copy of the one `above` it, whose variables are not its own."""
    total = 0
    variables = frame.variables
    for slot, is_cell in frame.routine.kept:
        value = variables[slot]
        if value is UNSET or (above is not None and above.variables[slot] is not UNSET):
            continue
        if is_cell:
            value = value[0]
        if value is not UNSET:
            total += size(value)
    return total


def _text(text: str) -> int:
    return _HEAD + (len(text) if text.isascii() else len(text.encode("utf-8", "replace")))


def _texts(texts: Collection[str]) -> int:
    if all(map(str.isascii, texts)):
        return _HEAD * len(texts) + sum(map(len, texts))
    return sum(map(_text, texts))
