"""Steady HTTP traffic to one URL, and what became of each request. Real sockets, loopback."""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

TIMEOUT_SECONDS = 10.0


@dataclass(slots=True)
class Seen:
    """What the callers saw."""

    requests: int = 0
    failures: int = 0
    """Answers of 500 and above that a revision gave."""
    lost: int = 0
    """No answer, or one that no revision gave: these would be Barq's fault."""
    by_version: Counter[str] = field(default_factory=Counter)
    first_failure: dict[str, float] = field(default_factory=dict)
    """Version -> monotonic seconds of its first failed request."""


class Traffic:
    """Sends `per_second` requests a second, whatever the answers: an open loop."""

    def __init__(self, url: str, per_second: float) -> None:
        self._url = url
        self._per_second = per_second
        self.seen = Seen()
        self._stop = asyncio.Event()
        self._flying: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send until `stop`, then wait for what is still under way."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            began, sent = time.monotonic(), 0
            while not self._stop.is_set():
                due = began + sent / self._per_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                task = asyncio.create_task(self._one(session))
                self._flying.add(task)
                task.add_done_callback(self._flying.discard)
                sent += 1
            await asyncio.gather(*self._flying)

    def stop(self) -> None:
        self._stop.set()

    async def _one(self, session: aiohttp.ClientSession) -> None:
        seen = self.seen
        seen.requests += 1
        try:
            async with session.get(self._url) as answer:
                body = await answer.read()
                version = _version(body)
        except (aiohttp.ClientError, TimeoutError):
            seen.lost += 1
            return
        if version is None:
            seen.lost += answer.status >= 500  # noqa: PLR2004
            return
        seen.by_version[version] += 1
        if answer.status >= 500:  # noqa: PLR2004
            seen.failures += 1
            seen.first_failure.setdefault(version, time.monotonic())


def _version(body: bytes) -> str | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return (
        str(document["version"]) if isinstance(document, dict) and "version" in document else None
    )
