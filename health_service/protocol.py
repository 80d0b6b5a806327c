"""uvicorn's HTTP/1.1, with a limit on what a request has beside its body.

uvicorn has such a limit for h11 alone; with httptools it keeps headers for as long as they come.
"""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_MAX: Final = 65_536
"""Bytes of a request line and headers, or of a chunked body's framing and trailers.

What one read of the socket brings is let through, up to 256 KiB: nothing is kept of more.
"""
_BODY: Final = b'{"error": "the request headers are too large"}'
_ANSWER: Final = b"\r\n".join(
    (
        b"HTTP/1.1 431 Request Header Fields Too Large",
        b"content-type: application/json",
        b"content-length: %d" % len(_BODY),
        b"connection: close",
        b"",
        _BODY,
    )
)


class Protocol(HttpToolsProtocol):
    """One connection. Costs a request two additions, not a look at each header."""

    _beside_body = 0
    """Bytes since the last request was complete that are no body."""

    def data_received(self, data: bytes) -> None:
        self._beside_body += len(data)
        super().data_received(data)
        if self._beside_body > HEAD_MAX and not self.transport.is_closing():
            self._refuse()

    def on_body(self, body: bytes) -> None:
        self._beside_body -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._beside_body = 0
        super().on_message_complete()

    def _refuse(self) -> None:
        self.logger.warning("Request headers are too large.")
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_ANSWER)
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Log no advice to install a WebSocket library: there are no WebSockets here on purpose."""
        self.logger.warning("Unsupported upgrade request.")
