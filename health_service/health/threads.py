"""A look that blocks, as a probe: in a thread of its own, never two of them at once.

A thread cannot be cancelled. `asyncio.to_thread` would leave a hung one behind at every try, until
no thread is left for anybody; and it would keep the process from ending.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from health_service.health.values import Unhealthy

T = TypeVar("T")


def in_thread(look: Callable[[], T]) -> Callable[[], Awaitable[T]]:
    """Return a probe that calls `look` in a thread.

    While an earlier call hangs, it raises Unhealthy instead of starting another. The thread does
    not hinder the process from ending.
    """
    busy = threading.Lock()

    async def probe() -> T:
        if not busy.acquire(blocking=False):
            raise Unhealthy("an earlier run still hangs")
        loop = asyncio.get_running_loop()
        found: asyncio.Future[T] = loop.create_future()

        def tell(how: Callable[[Any], None], what: object) -> None:
            if not found.done():  # Cancelled meanwhile: nobody waits any more.
                how(what)

        def run() -> None:
            try:
                how, what = found.set_result, look()
            except BaseException as error:  # noqa: BLE001 - raised again in the probe.
                how, what = found.set_exception, error  # type: ignore[assignment]
            busy.release()
            try:
                loop.call_soon_threadsafe(tell, how, what)
            except RuntimeError:
                return  # The loop is closed: the process ends.

        try:
            threading.Thread(target=run, name="health-check", daemon=True).start()
        except RuntimeError:  # No thread is to be had.
            busy.release()
            raise
        return await found

    return probe
