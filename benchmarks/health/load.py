"""The load generator, a process of its own: an order as JSON in its argument, a result on stdout.

python -m benchmarks.health.load '{"port": 8080, "path": "/health/live", "seconds": 2, ...}'
"""

import asyncio
import dataclasses
import gc
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvloop

from benchmarks.health.asking import Connection, Saturation, Timetable
from benchmarks.health.numbers import arrivals

_WARM_SECONDS = 0.3
"""Asked before anything is counted: caches fill, connections are made."""
_LAST_ANSWERS_SECONDS = 10.0
_HOST = "127.0.0.1"
_NUMBER = "NUMBER"


@dataclass(frozen=True)
class Order:
    """What to ask. `per_second` 0: as much as is answered; else open loop, at that rate."""

    port: int
    path: str
    seconds: float
    connections: int = 32
    per_second: float = 0.0
    seed: int = 1
    method: str = "GET"
    content: str = ""
    """What a POST sends. NUMBER in it is another one each time, of 12 digits."""
    first_number: int = 0
    body: str | None = None
    """What every answer must be; None: any."""

    def requests(self) -> Iterator[bytes]:
        """Return what to send, one after the other, without end."""
        if _NUMBER not in self.content:
            return itertools.repeat(self._request(self.content))
        return (
            self._request(self.content.replace(_NUMBER, f"{number:012d}"))
            for number in itertools.count(self.first_number)
        )

    def _request(self, content: str) -> bytes:
        head = f"{self.method} {self.path} HTTP/1.1\r\nHost: {_HOST}:{self.port}\r\n"
        if content:
            length = len(content.encode())
            head += f"Content-Type: application/json\r\nContent-Length: {length}\r\n"
        return f"{head}\r\n{content}".encode()


@dataclass(frozen=True)
class Found:
    """What came of it. Latencies (from the due time) and lateness in seconds, open loop only."""

    answers: int
    """Right ones, within `seconds`."""
    failures: int
    """Wrong answers, and none within 10 s after the end."""
    in_all: int
    """Answers from the first connection to the last, the warming included."""
    seconds: float
    processor_seconds: float
    """Of the load generator itself, to see that it was not what was measured."""
    latencies: list[float]
    lateness: list[float]


async def ask(order: Order) -> Found:
    """Carry out an order. Raises RuntimeError if the server closed a connection."""
    going = _on_time if order.per_second else _saturated
    return await going(order)


async def _saturated(order: Order) -> Found:
    by = Saturation()
    connections = await _connect(order, by.answered)
    by.begin(connections)
    await asyncio.sleep(_WARM_SECONDS)
    answers, failures = by.answers, by.failures
    began, used = time.perf_counter(), time.process_time()
    await asyncio.sleep(order.seconds)
    answers, failures = by.answers - answers, by.failures - failures
    seconds, used = time.perf_counter() - began, time.process_time() - used
    in_all = by.answers + by.failures
    by.going = False
    _close(connections)
    return Found(answers, failures, in_all, seconds, used, [], [])


async def _on_time(order: Order) -> Found:
    loop = asyncio.get_running_loop()
    warm = Saturation(going=False)
    connections = await _connect(order, warm.answered)
    warm.begin(connections)
    while warm.under_way:  # noqa: ASYNC110 - a measurement polls its own counter.
        await asyncio.sleep(0.01)
    gc.collect()
    gc.disable()  # A pause of the asker would look like one of the server.
    began, used = time.perf_counter(), time.process_time()
    by = Timetable(
        arrivals(order.per_second, order.seconds, order.seed), lambda: time.perf_counter() - began
    )
    for one in connections:
        one.on_answer = by.answered
    by.begin(connections)

    def tick() -> None:
        by.look()
        if by.next_due is not None:
            loop.call_later(max(0.0, by.next_due - (time.perf_counter() - began)), tick)

    tick()
    await asyncio.sleep(order.seconds)
    end = loop.time() + _LAST_ANSWERS_SECONDS
    while by.unanswered and loop.time() < end:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    used = time.process_time() - used
    _close(connections)
    return Found(
        answers=len(by.latencies) - by.failures,
        failures=by.failures + by.unanswered,
        in_all=warm.answers + warm.failures + len(by.latencies),
        seconds=order.seconds,
        processor_seconds=used,
        latencies=by.latencies,
        lateness=by.lateness,
    )


async def _connect(order: Order, hear: Callable[[Connection, bool], None]) -> list[Connection]:
    loop = asyncio.get_running_loop()
    body = None if order.body is None else order.body.encode()
    requests = order.requests()
    made = []
    for _ in range(order.connections):
        _, connection = await loop.create_connection(
            lambda: Connection(requests, body, hear), _HOST, order.port
        )
        made.append(connection)
    return made


def _close(connections: list[Connection]) -> None:
    lost = sum(one.lost for one in connections)
    for one in connections:
        one.close()
    if lost:
        raise RuntimeError(f"the server closed {lost} of {len(connections)} connections")


def main() -> None:
    order = Order(**json.loads(sys.argv[1]))
    found = uvloop.run(ask(order))
    json.dump(dataclasses.asdict(found), sys.stdout)


if __name__ == "__main__":
    main()
