"""The stage on a thread of its own, so that ordinary tests can look at it while it plays."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from local_cloud.running import running
from tests.processes.stage import LIMIT_SECONDS, SETTINGS, Stage

T = TypeVar("T")


class Hosted:
    """A stage, from outside its thread."""

    def __init__(self, stage: Stage, loop: asyncio.AbstractEventLoop) -> None:
        self.stage = stage
        self._loop = loop

    def begin(self, work: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
        """Start something that goes on beside the tests."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.begin(work).result(LIMIT_SECONDS)

    def look(self, at: Callable[[Stage], T]) -> T:
        """Look at something where everything lives, so that it holds still meanwhile."""

        async def looked() -> T:
            return at(self.stage)

        return self.run(looked())


@contextmanager
def hosted(folder: Path) -> Iterator[Hosted]:
    """Host a stage; at the end nothing of it is left running."""
    ready: concurrent.futures.Future[Hosted] = concurrent.futures.Future()
    over = asyncio.Event()

    async def live() -> None:
        async with running(folder, SETTINGS) as cloud:
            stage = Stage(cloud)
            try:
                await stage.set_up()
                ready.set_result(Hosted(stage, asyncio.get_running_loop()))
                await over.wait()
            finally:
                await stage.close()

    def host() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=host)
    thread.start()
    found = None
    try:
        found = ready.result(LIMIT_SECONDS)
        yield found
    finally:
        if found is not None:
            found.look(lambda _stage: over.set())
        thread.join(LIMIT_SECONDS)
        assert not thread.is_alive(), "the local cloud did not end"
