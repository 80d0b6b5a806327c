"""Passing one HTTP request on to an instance and its answer back, both as streams.

Knows nothing of services: a port, a request, headers. Small bodies travel whole, which is
cheaper and lets a request whose connection never stood be tried again.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

SMALL_BYTES_MAX: Final = 65_536
# Servers close idle connections after 2 s (gunicorn) to 5 s (uvicorn). A connection that is
# given up well before cannot be closed by the server just as a request is written to it.
KEEP_ALIVE_SECONDS: Final = 1.0

_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization",
     "te", "trailer", "transfer-encoding", "upgrade", "expect"}
)  # fmt: skip
_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_WITHOUT_BODY: Final = (204, 304)


class NeverSentError(Exception):
    """The instance could not be reached: nothing of the request was sent."""


class BrokenError(Exception):
    """The connection broke, or the answer was no HTTP, before the answer began."""


class BrokenMidwayError(Exception):
    """The connection broke within the answer: the caller has a part of it."""


class TooLateError(Exception):
    """No answer within the service's timeout."""


class CallerGoneError(Exception):
    """The caller closed its connection before it had the whole answer."""


@dataclass(slots=True)
class Exchange:
    """One request on its way: filled in as far as it gets."""

    request: web.BaseRequest
    revision: str = ""
    instance_id: str | None = None
    started: bool = True
    """Whether the instance came up."""
    text: str = ""
    """The platform's own words; empty when the instance answered."""
    status: int = 0
    response_bytes: int = 0
    response: web.StreamResponse | None = None
    """Begun or not; aiohttp completes it when it is returned."""
    reused: bool = False
    """Whether it went over a connection that had been used before."""


class Upstream:
    """Connections to instances, such that none is used that its server is about to close.

    What is safe to repeat goes over kept connections, and once more over another one if a kept
    one turns out to be dead. Anything else gets a connection of its own, and is sent once.
    """

    def __init__(self) -> None:
        """Needs a running loop."""
        self._kept = _session(aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS))
        self._fresh = _session(aiohttp.TCPConnector(limit=0, force_close=True))

    async def close(self) -> None:
        await self._kept.close()
        await self._fresh.close()

    async def ask(
        self, exchange: Exchange, url: URL, headers: CIMultiDict[str], body: bytes | None
    ) -> aiohttp.ClientResponse:
        """Send a request and return the head of its answer. A `body` of None is streamed."""
        request = exchange.request
        repeatable = request.method in _IDEMPOTENT and body is not None
        session = self._kept if repeatable else self._fresh
        while True:
            exchange.reused = False
            try:
                return await session.request(
                    request.method,
                    url,
                    headers=headers,
                    data=request.content.iter_any() if body is None else body or None,
                    allow_redirects=False,
                    trace_request_ctx=exchange,
                )
            except aiohttp.ClientConnectorError as error:
                if repeatable and session is self._fresh:
                    # It was sent once, over the kept connection, and its instance is gone now.
                    raise BrokenError(str(error)) from error
                raise NeverSentError(str(error)) from error
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not (repeatable and exchange.reused):
                    raise
                session = self._fresh


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    """Return a session that changes nothing of what passes through."""
    tracing = aiohttp.TraceConfig()
    tracing.on_connection_reuseconn.append(_note_reuse)
    session = aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        timeout=aiohttp.ClientTimeout(total=None),
        read_bufsize=2**18,
        trace_configs=[tracing],
    )
    # aiohttp repeats an idempotent request after any broken connection, a new one included: a
    # request that kills its instance would be sent again, and its failure would not be seen.
    session._retry_connection = False  # noqa: SLF001
    return session


async def _note_reuse(_session: object, context: SimpleNamespace, _params: object) -> None:
    context.trace_request_ctx.reused = True


async def body_of(request: web.BaseRequest) -> bytes | None:
    """Return the request's body if it is small, b"" if there is none, None to stream it."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    if not request.can_read_body:
        return b""
    length = request.content_length
    if length is None or length > SMALL_BYTES_MAX:
        return None
    return await request.read()


async def forward(
    sessions: Upstream,
    exchange: Exchange,
    port: int,
    *,
    body: bytes | None,
    headers: Mapping[str, str],
    timeout_seconds: float,
) -> None:
    """Send the request to a port of this machine and its answer to the caller.

    `headers` take the place of the request's own. Raises one of the errors above.
    """
    request = exchange.request
    upstream = None
    try:
        async with asyncio.timeout(timeout_seconds):
            upstream = await sessions.ask(
                exchange, _url(request, port), _passed(request.headers, headers), body
            )
            await _answer(exchange, upstream)
    except TimeoutError as error:
        if exchange.response is not None:
            raise BrokenMidwayError(f"no whole answer within {timeout_seconds:g} s") from error
        raise TooLateError(f"no answer within {timeout_seconds:g} s") from error
    except (aiohttp.ClientError, ConnectionError) as error:
        raise BrokenError(f"{type(error).__name__}: {error}") from error
    finally:
        if upstream is not None:
            # Gives the connection back if the answer was read to its end, else closes it.
            upstream.release() if upstream.content.at_eof() else upstream.close()


async def _answer(exchange: Exchange, upstream: aiohttp.ClientResponse) -> None:
    status, reason = upstream.status, upstream.reason
    headers = _passed(upstream.headers, {})
    length = upstream.content_length
    bare = exchange.request.method == "HEAD" or status in _WITHOUT_BODY
    if bare or length is None or length > SMALL_BYTES_MAX:
        response = web.StreamResponse(status=status, reason=reason, headers=headers)
        exchange.status = status
        await _stream(exchange, upstream, response, bare=bare)
        return
    whole = await upstream.read()
    headers.popall("Content-Length", None)
    exchange.response = web.Response(body=whole, status=status, reason=reason, headers=headers)
    exchange.status, exchange.response_bytes = status, len(whole)


async def _stream(
    exchange: Exchange,
    upstream: aiohttp.ClientResponse,
    response: web.StreamResponse,
    *,
    bare: bool,
) -> None:
    exchange.response = response
    if not bare and upstream.content_length is None:
        if exchange.request.version >= aiohttp.HttpVersion11:
            response.enable_chunked_encoding()
        else:
            response.force_close()
    try:
        await response.prepare(exchange.request)
        async for chunk in _chunks(upstream):
            await response.write(chunk)
            exchange.response_bytes += len(chunk)
    except ConnectionError as error:
        raise CallerGoneError from error


async def _chunks(upstream: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for chunk in upstream.content.iter_any():
            yield chunk
    except (aiohttp.ClientError, ConnectionError) as error:
        raise BrokenMidwayError(f"{type(error).__name__}: {error}") from error


def _url(request: web.BaseRequest, port: int) -> URL:
    path = request.raw_path
    if not path.startswith("/"):
        path = request.rel_url.raw_path_qs
    return URL(f"http://127.0.0.1:{port}{path}", encoded=True)


def _passed(headers: Mapping[str, str], instead: Mapping[str, str]) -> CIMultiDict[str]:
    """Return end-to-end headers, repeated ones too, with some replaced."""
    named = headers.get("Connection", "").lower()
    dropped = {name.strip() for name in named.split(",")} if named else ()
    passed = CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if (lower := name.lower()) not in _HOP_BY_HOP and lower not in dropped
    )
    passed.update(instead)
    return passed
