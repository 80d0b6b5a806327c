"""Serves an ASGI application until a signal says to end, and is gone within Cloud Run's 10 s.

On SIGTERM: readiness goes false at once, no new connection is accepted (within 0.1 s: uvicorn's
tick), requests under way are finished, then the process ends by itself with status 0.

Source: https://cloud.google.com/run/docs/container-contract#instance-shutdown (10 s, then SIGKILL)
"""

import logging
import signal
import socket
from collections.abc import Mapping
from types import FrameType, MappingProxyType
from typing import Any, Final

import uvicorn

from health_service.asgi import ASGIApp
from health_service.health.lifecycle import Lifecycle
from health_service.logs import Log, ServerMessages
from health_service.protocol import Protocol

GRACE_SECONDS = 7
"""How long requests under way may take after the signal."""
LAST_SECOND = 9
"""When the kernel ends the process, whatever hangs in it."""
BACKLOG = 2048
# Longer than any proxy keeps an idle connection (Google's load balancers: 600 s): a server that
# closes first may do so under a request that is just being sent, and that request is lost.
# Source: https://cloud.google.com/load-balancing/docs/https#timeouts_and_retries
_KEEP_ALIVE_SECONDS = 620
UVICORN: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "lifespan": "on",
        "ws": "none",
        "access_log": False,
        "log_config": None,
        "log_level": "warning",
        "server_header": False,
        "proxy_headers": False,
        "backlog": BACKLOG,
        "timeout_keep_alive": _KEEP_ALIVE_SECONDS,
    }
)
"""uvicorn's settings; the benchmarks serve what they compare with these, too."""


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket. Raises OSError if the port is taken, or the host none of ours."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except UnicodeError as error:  # No host can have such a name.
        listener.close()
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from error
    except OSError:
        listener.close()
        raise
    return listener


def serve(
    app: ASGIApp,
    listener: socket.socket,
    *,
    lifecycle: Lifecycle,
    log: Log,
    grace_seconds: int = GRACE_SECONDS,
    last_second: int = LAST_SECOND,
) -> None:
    """Serve until SIGTERM or SIGINT. Takes over the listener and uvicorn's log messages."""
    messages = logging.getLogger("uvicorn.error")
    messages.addHandler(ServerMessages(log))
    messages.propagate = False
    config = uvicorn.Config(app, http=Protocol, timeout_graceful_shutdown=grace_seconds, **UVICORN)
    _Server(config, lifecycle, last_second).run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn's server, except that a signal is heard by readiness first and ends in status 0."""

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, last_second: int) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._last_second = last_second

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's.
        self._lifecycle.stop()
        if self.should_exit:
            self.force_exit = self.force_exit or sig == signal.SIGINT
            return
        self.should_exit = True
        # A hung thread or a task that will not be cancelled cannot outlive this: the default
        # action of SIGALRM needs no cooperation from Python.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(self._last_second)
