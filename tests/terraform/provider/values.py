"""Values as Terraform sends them: MessagePack, in which what is not known yet has a sign of its own.

Source: https://github.com/zclconf/go-cty/blob/main/cty/msgpack/doc.go
"""

import hashlib
from typing import Any

import msgpack  # type: ignore[import-untyped]


class Unknown:
    """What nobody can tell before the apply. There is one, `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()
# An unknown value, and one of which something is known (not null, a prefix): the extensions 0 and 12.
_UNKNOWN_TYPES = (0, 12)


def decode(packed: bytes) -> Any:
    """Return plain values, with UNKNOWN in them."""
    return msgpack.unpackb(packed, ext_hook=_extension, strict_map_key=False)


def encode(value: Any) -> bytes:
    packed: bytes = msgpack.packb(value, default=_unknown)
    return packed


def _extension(code: int, data: bytes) -> Any:
    return UNKNOWN if code in _UNKNOWN_TYPES else msgpack.ExtType(code, data)


def _unknown(value: Any) -> msgpack.ExtType:
    if isinstance(value, Unknown):
        return msgpack.ExtType(0, b"\0")
    raise TypeError(f"no value of Terraform's: {value!r}")


def wholly_known(value: Any) -> bool:
    if isinstance(value, dict):
        return all(wholly_known(one) for one in value.values())
    if isinstance(value, list):
        return all(wholly_known(one) for one in value)
    return value is not UNKNOWN


def digits(text: str, count: int) -> str:
    """Return as many decimal digits that depend on the text alone; the first is not 0."""
    number = int(hashlib.sha256(text.encode()).hexdigest(), 16)
    first = 10 ** (count - 1)
    return str(first + number % (9 * first))


def letters(text: str, count: int) -> str:
    """Return hexadecimal digits that depend on the text alone."""
    return hashlib.sha256(text.encode()).hexdigest()[:count]
