"""Ports of services that are the same on each start, so that a shell outlives a restart."""

import contextlib
import socket

from local_cloud.run.resources import ServiceKey


class FixedPorts:
    """Counts from the first port up, in the order in which services are created.

    A port that somebody has is replaced by any free one: nothing fails for it, since the URLs
    stand in the exports. Tags get free ports; theirs come and go.
    """

    def __init__(self, first: int) -> None:
        self._next = first

    def __call__(self, _key: ServiceKey, tag: str | None) -> int:
        if tag is not None:
            return 0
        port, self._next = self._next, self._next + 1
        return port if _is_free(port) else 0


def _is_free(port: int) -> bool:
    with contextlib.closing(socket.socket()) as candidate:
        # As the proxy will: a port that was served a moment ago counts as free.
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
        return True
