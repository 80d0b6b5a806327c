"""Pages of an answer: sizes, tokens, and where a page begins."""

import base64
import datetime as dt
import functools
import zlib
from collections.abc import Callable, Sequence
from typing import Final

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.values import TimeSeries

PAGE_SIZE_MAX: Final = 100_000


class Pager:
    """Cuts one request's answer. A token is only good for the same request.

    All pages are of the data that was visible when the first was asked for. A result is a
    point, or a series where there are only headers; a series may be cut in two.
    """

    def __init__(self, request: Callable[[], str], page_size: int) -> None:
        if page_size < 0:
            raise Refused(
                "INVALID_ARGUMENT", f"Field pageSize is {page_size}: must not be negative."
            )
        self._request = request
        self._size = min(page_size or PAGE_SIZE_MAX, PAGE_SIZE_MAX)

    @functools.cached_property
    def _asked(self) -> int:
        # Most answers are one page, and need no word for what was asked.
        return zlib.crc32(self._request().encode("utf-8", "backslashreplace"))

    def position(self, token: str, now: dt.datetime) -> tuple[dt.datetime, int]:
        """Return the instant of a page's data and how many results came before it."""
        if not token:
            return now, 0
        refusal = Refused("INVALID_ARGUMENT", "Field pageToken is not one of this request.")
        try:
            asked, offset, instant = base64.urlsafe_b64decode(token.encode()).decode().split(" ")
            as_of, before = dt.datetime.fromisoformat(instant), int(offset)
        except ValueError:
            raise refusal from None
        if asked != str(self._asked) or as_of.tzinfo is None or before < 0:
            raise refusal
        return min(as_of, now), before

    def cut(self, series: Sequence[TimeSeries], offset: int) -> tuple[list[TimeSeries], bool]:
        """Return the page that begins at `offset`, and whether more follows."""
        page = []
        position = 0
        for one in series:
            length = len(one.points) or 1
            first, last = max(offset - position, 0), min(offset + self._size - position, length)
            if first == 0 and last == length:
                page.append(one)
            elif first < last:
                page.append(one._replace(points=one.points[first:last]))
            position += length
        return page, position > offset + self._size

    def token(self, as_of: dt.datetime, offset: int) -> str:
        """Return the token of the page after the one at `offset`."""
        text = f"{self._asked} {offset + self._size} {as_of.isoformat()}"
        return base64.urlsafe_b64encode(text.encode()).decode()
