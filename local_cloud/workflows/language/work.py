"""How much was computed, as far as the number of operations does not say it.

An operation on a large value is worth many: without this, one execution that copies a long list
again and again would keep all others waiting. Only sizes count, never a clock, so that the same
execution pauses at the same places each time it is run. The engine runs on one thread.
"""

from typing import Final

SMALL: Final = 512
"""Up to this length a value costs no more than the operation itself."""
BYTES: Final = 8
"""A string or bytes are worth their length divided by 2 to the power of this; so below."""
LIST: Final = 6
MAP: Final = 5
TEXT: Final = 5
"""JSON, by the length of its text."""
PAIR: Final = -2
"""A pair of values that was compared is worth four operations."""

_spent = [0]


def spend(length: int, shift: int) -> None:
    """Count a look at, or a copy of, something of this length."""
    _spent[0] += length >> shift if shift >= 0 else length << -shift


def take() -> int:
    """Return what was counted since the last call, in operations."""
    spent, _spent[0] = _spent[0], 0
    return spent
