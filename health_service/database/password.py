"""Where the database's password comes from, and a read of it that nothing is held up by.

A file may hang for good: on a mount whose server died, on a pipe that nobody writes to. A thread
cannot be cancelled, so at most one waits for it, and one that keeps no process from ending. When
the mount is back that thread ends, and the next connection reads anew.
"""

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable

from health_service.database.errors import Unavailable
from health_service.health.threads import in_thread

UNREADABLE = "the file of the database's password cannot be read"
LATE = "the file of the database's password did not answer in time"


def reader(password: str, file: str) -> Callable[[], str]:
    """Return what gives the password of the moment: `file`'s content, if one is named.

    A line's end is not part of it. Reading raises OSError, also for what is no regular file.
    """
    if not file:
        return lambda: password
    return lambda: _content(file).rstrip("\r\n")


def _content(file: str) -> str:
    with open(file, encoding="utf-8", opener=_at_once) as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError(f"{file} is no regular file")
        return opened.read()


def _at_once(file: str, flags: int) -> int:
    """Open without waiting for somebody who writes: a pipe's opening would else never end."""
    return os.open(file, flags | os.O_NONBLOCK)


class Reading:
    """Calls `read` in a thread; those who ask while it runs get what it finds.

    Its methods belong to one event loop.
    """

    def __init__(self, read: Callable[[], str | None]) -> None:
        self._read: Callable[[], Awaitable[str | None]] = in_thread(read)
        self._under_way: asyncio.Task[str] | None = None

    async def __call__(self) -> str:
        """Return the password, empty for none. Raises Unavailable.

        It waits for as long as the read takes. Whoever is cancelled in this gets a CancelledError
        with the note LATE: so who set the limit can tell what it was used up by.
        """
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.get_running_loop().create_task(self._words())
        try:
            return await asyncio.shield(self._under_way)
        except asyncio.CancelledError as given_up:
            if self._under_way.cancelled():  # Not who asks was: it is closed.
                raise Unavailable(LATE) from given_up
            given_up.add_note(LATE)
            raise

    async def within(self, seconds: float) -> str:
        """Return the password, read within a limit of its own. Raises Unavailable."""
        try:
            async with asyncio.timeout(seconds):
                return await self()
        except TimeoutError as error:
            raise Unavailable(LATE) from error

    def close(self) -> None:
        """Wait no more; a thread that hangs is left behind."""
        if self._under_way is not None:
            self._under_way.cancel()

    async def _words(self) -> str:
        try:
            return await self._read() or ""
        except (OSError, ValueError) as error:  # Not there, or no text.
            raise Unavailable(UNREADABLE) from error


def was_late(error: TimeoutError) -> bool:
    """Whether a limit of asyncio's ended in a wait for the password."""
    return LATE in getattr(error.__cause__, "__notes__", ())
