"""Who asks: many connections that count answers, or a timetable that waits for none.

No I/O of its own and no clock: a connection's transport and the time are given.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final, cast

_HEAD_END: Final = b"\r\n\r\n"


class Connection(asyncio.Protocol):
    """A kept connection with at most one request under way.

    `on_answer` hears whether the answer was right: a 2xx, with the expected body if one is given.
    """

    def __init__(
        self,
        requests: Iterator[bytes],
        body: bytes | None,
        on_answer: Callable[["Connection", bool], None],
    ) -> None:
        self._requests = requests
        self._body = body
        self._tail = None if body is None else _HEAD_END + body
        self.on_answer = on_answer
        self._read = b""
        self._transport: asyncio.WriteTransport
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is no subclass.

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost = True

    def ask(self) -> None:
        self._transport.write(next(self._requests))

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        # One request is under way, so what ends with the whole body is the whole answer.
        whole = self._tail is not None and data.endswith(self._tail)
        if whole and data.startswith(b"HTTP/1.1 200 ") and not self._read:
            self.on_answer(self, True)
            return
        self._read += data
        head, found, body = self._read.partition(_HEAD_END)
        if not found or len(body) < _length(head):
            return
        self._read = b""
        right = head.startswith(b"HTTP/1.1 2") and self._body in (None, body)
        self.on_answer(self, right)


def _length(head: bytes) -> int:
    """Return the content-length. Raises ValueError without one: nothing here answers in chunks."""
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise ValueError("an answer has no content-length")
    return int(rest.partition(b"\r\n")[0])


class Saturation:
    """Asks again at once on every connection: how much can a server answer?"""

    def __init__(self, *, going: bool = True) -> None:
        """With `going` false it asks once on each connection, and that is all."""
        self.answers = 0
        self.failures = 0
        self.going = going
        self.under_way = 0

    def begin(self, connections: Sequence[Connection]) -> None:
        self.under_way = len(connections)
        for one in connections:
            one.ask()

    def answered(self, connection: Connection, right: bool) -> None:  # noqa: FBT001 - asyncio's shape.
        self.answers += right
        self.failures += not right
        if self.going:
            connection.ask()
        else:
            self.under_way -= 1


class Timetable:
    """Asks when a request is due, whatever became of those before.

    A request that finds every connection taken waits, and its latency counts from when it was
    due: a server that stalls cannot hide it by being asked less (coordinated omission).
    """

    def __init__(self, due: Sequence[float], now: Callable[[], float]) -> None:
        self._due = deque(due)
        self._now = now
        self._waiting: deque[float] = deque()
        self._free: list[Connection] = []
        self._under_way: dict[Connection, float] = {}
        self.latencies: list[float] = []
        self.lateness: list[float] = []
        """How long after its time each was sent: the asker's own delay, or no free connection."""
        self.failures = 0

    def begin(self, connections: Sequence[Connection]) -> None:
        self._free = list(connections)

    @property
    def next_due(self) -> float | None:
        """When to call `look` next; None: everything was due."""
        return self._due[0] if self._due else None

    @property
    def unanswered(self) -> int:
        return len(self._due) + len(self._waiting) + len(self._under_way)

    def look(self) -> None:
        """Ask all that is due by now."""
        now = self._now()
        while self._due and self._due[0] <= now:
            self._waiting.append(self._due.popleft())
        while self._waiting and self._free:
            self._ask(self._free.pop(), now)

    def answered(self, connection: Connection, right: bool) -> None:  # noqa: FBT001 - asyncio's shape.
        now = self._now()
        due = self._under_way.pop(connection)
        self.latencies.append(now - due)
        self.failures += not right
        if self._waiting:
            self._ask(connection, now)
        else:
            self._free.append(connection)

    def _ask(self, connection: Connection, now: float) -> None:
        due = self._waiting.popleft()
        self.lateness.append(now - due)
        self._under_way[connection] = due
        connection.ask()
