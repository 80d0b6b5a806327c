"""Sends models' HTTP requests over real sockets, to this machine only unless told otherwise.

A forgotten endpoint must be an error, never a request to Google: no name is ever looked up,
`localhost` and what ends in `.localhost` are 127.0.0.1, and every other host is refused.
"""

import asyncio
import dataclasses
import io
import ipaddress
import os
import socket
from collections.abc import Callable

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from local_cloud.fronts.wire import BODY_BYTES_MAX
from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.kit.redirects import followed

# A model's headers are the whole truth: nothing is added that the real caller would not send.
_NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")

_LATE = NoAnswer("timeout", "")


class AiohttpSender:
    """Implements `kit.http.Sender` on an asyncio loop, without retries.

    `anywhere`: other hosts are looked up and asked as well, this machine's names as before.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, anywhere: bool = False) -> None:
        self._loop = loop
        self._anywhere = anywhere
        self._session: aiohttp.ClientSession | None = None
        self._running: set[asyncio.Task[None]] = set()

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        task = self._loop.create_task(self._send(request, done))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Give up what is under way, without calling its `done`. Safe to repeat."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        try:
            answer = await self._answer(request)
        except Exception as error:  # noqa: BLE001 - else its caller would wait for ever.
            told = {"message": "a request could not be sent", "exception": error}
            self._loop.call_exception_handler(told)
            answer = NoAnswer("broken", "the local cloud failed to send it; its log tells why")
        done(answer)

    async def _answer(self, request: Outbound) -> Inbound | NoAnswer:
        """Send, and follow what redirects the request allows, all within its time."""
        ends = self._loop.time() + request.timeout_seconds
        asked = request
        while True:
            left = max(ends - self._loop.time(), 0.001)  # 0 would mean no limit.
            answer = await self._one(dataclasses.replace(asked, timeout_seconds=left))
            if answer == _LATE:
                seconds = f"{request.timeout_seconds:g}"
                return NoAnswer("timeout", f"no whole answer within {seconds} s")
            target = followed(asked, answer)
            if not isinstance(target, Outbound):
                return target or answer
            asked = target

    async def _one(self, request: Outbound) -> Inbound | NoAnswer:
        """Map every way of failing to one of those that a caller can tell apart."""
        refusal = _refusal(request.url, anywhere=self._anywhere)
        if refusal is not None:
            return refusal
        try:
            return await self._exchange(request)
        except TimeoutError:
            return _LATE
        except aiohttp.ClientConnectorError as error:
            where = f"{error.host}:{error.port}"
            return NoAnswer("never_connected", f"cannot connect to {where}: {_reason(error)}")
        except ValueError:  # A header or method that HTTP cannot carry.
            return NoAnswer("never_connected", "the request cannot be sent as HTTP")
        except (aiohttp.ClientError, OSError) as error:
            return NoAnswer("broken", _reason(error))

    async def _exchange(self, request: Outbound) -> Inbound | NoAnswer:
        most = BODY_BYTES_MAX if request.answer_bytes_max is None else request.answer_bytes_max
        async with self._open_session().request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers,
            data=io.BytesIO(request.body) if request.body else None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=request.timeout_seconds),
        ) as answer:
            body = await _read(answer.content, most)
            if body is None:
                return NoAnswer("too_large", f"the answer has more than {most} bytes")
            headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in answer.raw_headers
            )
            return Inbound(answer.status, headers, body)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # A kept connection that its server has just closed looks like a lost request, so
            # each request has its own; on loopback that costs some 0.1 ms.
            connector = aiohttp.TCPConnector(
                force_close=True, limit=0, resolver=_Resolver(anywhere=self._anywhere)
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                skip_auto_headers=_NOT_ADDED,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


class _Resolver(AbstractResolver):
    """Resolves this machine's names to 127.0.0.1 without DNS, and others only if `anywhere`."""

    def __init__(self, *, anywhere: bool) -> None:
        self._others = aiohttp.ThreadedResolver() if anywhere else None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if self._others is not None and not _is_loopback(host):
            return await self._others.resolve(host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        pass


async def _read(stream: aiohttp.StreamReader, most: int) -> bytes | None:
    """Return the body, None if it is above the limit: then no more than that was read."""
    body = bytearray()
    async for chunk in stream.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _refusal(url: str, *, anywhere: bool) -> NoAnswer | None:
    try:
        parsed = URL(url, encoded=True)
        host = parsed.host or ""  # Only now the port is read, and may be none.
    except ValueError:
        return NoAnswer("never_connected", f"{url!r} is not a URL: its host or port is wrong")
    if parsed.scheme not in ("http", "https"):
        return NoAnswer("never_connected", f"{url!r} is not an http or https URL")
    if not anywhere and not _is_loopback(host):
        return NoAnswer(
            "never_connected", f"{host} refused: the local cloud only talks to loopback"
        )
    return None


def _reason(error: Exception) -> str:
    """Say what happened, in none of the words of Python or of what the server sent."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "no such host"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server closed the connection without an answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer ended before it was whole"
    if isinstance(error, aiohttp.ClientResponseError):
        return "the answer is not HTTP"
    if isinstance(error, OSError) and (error.errno or 0) > 0:
        return os.strerror(error.errno or 0).lower()
    return "the connection failed"


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
