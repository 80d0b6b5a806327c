"""Pages of lists. A token holds for the request that gave it, whatever its page size."""

import base64
import binascii
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeVar

from local_cloud.kit.errors import Refused

T = TypeVar("T")
_SIZE_LARGEST: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list request says of its pages. `size` 0: the default."""

    size: int = 0
    token: str = ""

    def count(self, *, default: int, most: int) -> int:
        """Return how many to give. Raises Refused(INVALID_ARGUMENT)."""
        if not 0 <= self.size <= _SIZE_LARGEST:
            raise Refused("INVALID_ARGUMENT", "page_size must not be negative")
        return min(self.size or default, most)

    def position(self, scope: tuple[str, ...]) -> int | None:
        """Return where the page begins, None for the first. Raises Refused(INVALID_ARGUMENT)."""
        if not self.token:
            return None
        try:
            sign, _, position = base64.urlsafe_b64decode(self.token).decode().partition(":")
            found = int(position)
        except (binascii.Error, ValueError):
            raise Refused("INVALID_ARGUMENT", "invalid page token") from None
        if sign != _sign(scope):
            raise Refused("INVALID_ARGUMENT", "the page token belongs to another request")
        return found


def token(scope: tuple[str, ...], position: int) -> str:
    """Return the token of the page that begins at `position`, for the requests of `scope`."""
    return base64.urlsafe_b64encode(f"{_sign(scope)}:{position}".encode()).decode()


def _sign(scope: tuple[str, ...]) -> str:
    return f"{zlib.crc32(repr(scope).encode('utf-8', 'replace')):08x}"


def page(
    items: Sequence[T],
    asked: Asked,
    scope: tuple[str, ...],
    *,
    default: int,
    most: int,
    skip: int = 0,
) -> tuple[Sequence[T], str]:
    """Return one page, and the token of the next ("" at the end)."""
    count = asked.count(default=default, most=most)
    begin = max(asked.position(scope) or 0, 0) + skip
    end = begin + count
    return items[begin:end], token(scope, end) if end < len(items) else ""


def first_of(items: Iterator[T], count: int) -> tuple[list[T], bool]:
    """Return up to `count` items, and whether there is one more."""
    found = list(islice(items, count + 1))
    return found[:count], len(found) > count


def listed(field: str, items: Any, next_token: str) -> dict[str, Any]:
    """Return a list response; what is empty is left out, as in proto JSON."""
    found: dict[str, Any] = {field: list(items)} if items else {}
    if next_token:
        found["nextPageToken"] = next_token
    return found
