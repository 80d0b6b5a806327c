"""Serves a Router over a real socket: identity, Google's error bodies, nothing of its own.

Models answer at once and on the loop's thread, so a request is never interrupted half way.
"""

import dataclasses
import socket
import sys
import traceback

from aiohttp import web

from local_cloud.fronts.wire import (
    BODY_BYTES_MAX,
    listen,
    port_of,
    read_request,
    runner_for,
    write_response,
)
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.kit.tokens import Tokens

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'}


class RestFront:
    """An HTTP server for one router. `start` before the first request, `close` at the end.

    `shared`: the port is one that `wire.reserve` holds. `listener` is a socket that listens
    already, in place of a port; `close` closes it.
    """

    def __init__(
        self,
        router: Router,
        tokens: Tokens,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        shared: bool = False,
        listener: socket.socket | None = None,
    ) -> None:
        self._router = router
        self._tokens = tokens
        self._host = host
        self.port = port
        self._shared = shared
        self._listener = listener
        self._runner = runner_for(self._serve)

    @property
    def url(self) -> str:
        """The base URL without a slash at its end; right only after `start`."""
        return f"http://{self._host}:{self.port}"

    async def start(self) -> int:
        """Listen, and return the port. Raises PortBusy."""
        listener = self._listener or listen(self._host, self.port, shared=self._shared)
        self.port = port_of(listener)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        return self.port

    async def close(self) -> None:
        """Stop listening. Safe to repeat, and without `start`."""
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        try:
            return write_response(self.answer(await read_request(request)))
        except web.HTTPRequestEntityTooLarge:
            limit = f"Request payload size exceeds the limit: {BODY_BYTES_MAX} bytes."
            return write_response(_refusal(Refused("INVALID_ARGUMENT", limit)))

    def answer(self, request: ApiRequest) -> ApiResponse:
        """Answer one request, whatever happens. `request.caller` is filled in here."""
        try:
            caller = self._tokens.caller(request.headers.get("authorization"))
            return self._route(dataclasses.replace(request, caller=caller))
        except Refused as refusal:
            return _refusal(refusal)
        except Exception:  # noqa: BLE001 - a defect of a model; the server must live on.
            sys.stderr.write(f"error: {request.method} {request.path} was answered with 500\n")
            traceback.print_exc()
            return _refusal(Refused("INTERNAL", "Internal error encountered."))

    def _route(self, request: ApiRequest) -> ApiResponse:
        answer = self._router.handle(request)
        if answer is None and request.method == "HEAD":
            # The web server leaves out the body and keeps its length.
            answer = self._router.handle(dataclasses.replace(request, method="GET"))
        if answer is None:
            raise Refused("NOT_FOUND", "Method not found.")
        return answer


def _refusal(refusal: Refused) -> ApiResponse:
    answer = ApiResponse.of(refusal.as_json(), refusal.http_status())
    if refusal.code != "UNAUTHENTICATED":
        return answer
    return dataclasses.replace(answer, headers={**answer.headers, **_CHALLENGE})
