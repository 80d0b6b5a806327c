"""A way to the server that a test can shut without a word, as a network does."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Self


class _Link:
    """One connection through the door. Once silent, it carries nothing again."""

    def __init__(self, *, silent: bool) -> None:
        self.silent = silent
        self.hides_its_end = False


class Door:
    """Listens on a port of its own and passes on what it gets; `accepted` counts connections."""

    def __init__(self, to: Callable[[], int], port: int = 0) -> None:
        self._to = to
        self._links: list[_Link] = []
        self._server: asyncio.Server | None = None
        self._silent = False
        self.accepted = 0
        self.port = port

    def fall_silent(self) -> None:
        """Carry nothing any more, and say so to nobody: new connections are taken, and that is all."""
        self._silent = True
        for link in self._links:
            link.silent = True

    def hide_ends(self) -> None:
        """Keep the connections of the moment open when the server ends them: its last word comes
        through, and the end itself is still on its way.
        """
        for link in self._links:
            link.hides_its_end = True

    def carry_again(self) -> None:
        """Carry what comes from now on; connections that fell silent stay so."""
        self._silent = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        link = _Link(silent=self._silent)
        self._links.append(link)
        with contextlib.closing(writer), contextlib.suppress(OSError):
            if link.silent:
                await reader.read()
                return
            there, back = await asyncio.open_connection("127.0.0.1", self._to())
            with contextlib.closing(back):
                answers = asyncio.create_task(_answers(there, writer, link))
                await _carry(reader, back, link)
            await answers
        self._links.remove(link)


async def _answers(there: asyncio.StreamReader, writer: asyncio.StreamWriter, link: _Link) -> None:
    await _carry(there, writer, link)
    if not (link.silent or link.hides_its_end):
        writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: _Link) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            if not link.silent:
                writer.write(data)
                await writer.drain()
