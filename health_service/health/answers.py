"""JSON answers over ASGI, written once and sent as often as one likes. No framework is needed."""

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Headers: TypeAlias = Iterable[tuple[bytes, bytes]]


class Answer:
    """A status and a JSON document, as bytes. Never to be stored by anything on its way."""

    __slots__ = ("_body", "_headers", "status")

    def __init__(self, status: int, document: object, headers: Headers = ()) -> None:
        self.status = status
        self._body = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
        self._headers = (
            (b"content-type", b"application/json"),
            (b"content-length", str(len(self._body)).encode()),
            (b"cache-control", b"no-store"),
            *headers,
        )

    async def send(self, send: Send, *, body: bool = True) -> None:
        """Send it; without its body it is the answer to HEAD."""
        # A new list each time: the layers in between add headers of their own to it.
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": list(self._headers),
            }
        )
        await send({"type": "http.response.body", "body": self._body if body else b""})


def error(status: int, words: str, headers: Headers = ()) -> Answer:
    """Make the answer to a request that was not fulfilled."""
    return Answer(status, {"error": words}, headers)
