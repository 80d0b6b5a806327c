"""What the HTTP fronts share: a socket that is ours, and the way from aiohttp to values."""

import errno
import logging
import socket

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from local_cloud.kit.http import ApiRequest, ApiResponse

BODY_BYTES_MAX = 32 * 1024 * 1024
"""Source: https://cloud.google.com/run/quotas: an HTTP/1 request or answer has at most 32 MiB."""

# Long enough for an answer that is being written; models answer at once, so nothing waits longer.
_SHUTDOWN_SECONDS = 1.0


class PortBusy(Exception):
    """Somebody else listens on a port that was asked for. The text is for that person."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"error: port {port} is already in use; nothing was started\n"
            f" hint: stop what listens there, or choose another port (0 picks a free one)"
        )
        self.port = port


def reserve(host: str) -> socket.socket:
    """Return a socket that holds a free port for servers that listen `shared`, one at a time.

    It does not listen itself: without such a server a connection is refused. While it is open,
    nobody else gets the port, not even between two servers.
    """
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind((host, 0))
    return holder


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a socket that listens; port 0 picks a free one. Raises PortBusy.

    `shared`: the port is one that `reserve` holds.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Without this a port stays closed for a minute after its server has ended.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusy(port) from error
        raise
    return listener


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a record is about a defect here, not about a request that is none."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


_LOGGER = logging.getLogger("local_cloud.fronts")
_LOGGER.addFilter(_is_ours)


def runner_for(handler: object) -> web.AppRunner:
    """Return an aiohttp server that gives `handler` every request, whatever its path."""
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type]
    return web.AppRunner(app, access_log=None, logger=_LOGGER, shutdown_timeout=_SHUTDOWN_SECONDS)


async def read_request(request: web.Request) -> ApiRequest:
    """Read a request whole. The path stays as it was sent: `%2F` is no separator.

    Raises web.HTTPRequestEntityTooLarge for a body above `BODY_BYTES_MAX`.
    """
    query: dict[str, tuple[str, ...]] = {}
    for name, value in request.rel_url.query.items():
        query[name] = (*query.get(name, ()), value)
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        known = headers.get(name.lower())
        headers[name.lower()] = value if known is None else f"{known}, {value}"
    return ApiRequest(
        request.method, request.rel_url.raw_path, query, headers, await request.read()
    )


def write_response(answer: ApiResponse) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
