"""One JSON object per line, as Cloud Logging reads it from a container's standard output.

`RequestLog` is the outermost layer: it sees every answer, and turns an exception into a 500
without a stack trace (the trace goes into the log). Query strings are never logged: people put
tokens into them.

Source: https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
"""

import datetime as dt
import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from health_service.asgi import ASGIApp, Message, Receive, Scope, Send, is_health_path, send_json
from health_service.settings import LOG_LEVELS
from health_service.tracing import trace_fields

_SERVER_ERROR: Final = 500
_CLIENT_ERROR: Final = 400


class Log:
    """Writes log lines at and above a level."""

    def __init__(
        self, write: Callable[[str], object], now: Callable[[], dt.datetime], level: str
    ) -> None:
        self._write = write
        self._now = now
        self._level_min = LOG_LEVELS.index(level)

    def writes(self, severity: str) -> bool:
        """Whether lines of this severity are written at all."""
        return LOG_LEVELS.index(severity) >= self._level_min

    def emit(self, severity: str, event: str, **facts: Any) -> None:
        """Write one line. `event` is a constant, `noun.past_verb`; facts are JSON values."""
        if not self.writes(severity):
            return
        line = {"severity": severity, "time": self._now().isoformat(), "event": event, **facts}
        try:
            self._write(json.dumps(line, separators=(",", ":")) + "\n")
        except OSError:
            return  # A log that nobody reads any more must not fail a request.


class ServerMessages(logging.Handler):
    """Takes what uvicorn says through `logging` into the same log."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        severity = "ERROR" if record.levelno >= logging.ERROR else "WARNING"
        facts = {"message": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            facts["stack_trace"] = "".join(traceback.format_exception(record.exc_info[1]))
        self._log.emit(severity, "server.warned", **facts)


class RequestLog:
    """Logs each request of an ASGI application once it has ended; health probes at DEBUG.

    A probe that is not written costs next to nothing. The caller's address is not written: it is
    a person's, and Cloud Run's own request log has it, under the same trace.
    """

    def __init__(
        self, app: ASGIApp, log: Log, *, monotonic: Callable[[], float], project: str
    ) -> None:
        self._app = app
        self._log = log
        self._monotonic = monotonic
        self._project = project
        self._skips_health = not log.writes("DEBUG")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._monotonic()
        status: int | None = None
        size = 0
        stack_trace = ""

        def noting(message: Message) -> Awaitable[None]:  # Not async: one coroutine less a message.
            nonlocal status, size
            if message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            elif message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:  # noqa: BLE001 - the edge: whatever a route raised is a 500 here.
            stack_trace = traceback.format_exc()
            if status is None:
                await send_json(noting, _SERVER_ERROR, {"error": "internal server error"})
        finally:
            answered = status is not None and not stack_trace
            if not (answered and self._skips_health and is_health_path(scope["path"])):
                answer = _Answer(status, size, self._monotonic() - began, stack_trace)
                self._write(scope, answer)

    def _write(self, scope: Scope, answer: "_Answer") -> None:
        severity = _severity(scope["path"], answer.status, failed=bool(answer.stack_trace))
        if not self._log.writes(severity):
            return
        headers = dict(scope["headers"])  # Names are lower case in ASGI.
        request: dict[str, Any] = {
            "requestMethod": scope["method"],
            "requestUrl": scope["path"],
            "latency": f"{answer.seconds:.6f}s",
            "responseSize": str(answer.size),
            "userAgent": headers.get(b"user-agent", b"").decode("latin-1"),
            "protocol": f"HTTP/{scope['http_version']}",
        }
        if answer.status is not None:  # None: given up before it was answered.
            request["status"] = answer.status
        facts: dict[str, Any] = {"httpRequest": request}
        traceparent, cloud_trace = (
            headers.get(name, b"").decode("latin-1")
            for name in (b"traceparent", b"x-cloud-trace-context")
        )
        facts.update(trace_fields(traceparent, cloud_trace, self._project))
        if answer.stack_trace:
            facts["stack_trace"] = answer.stack_trace
        self._log.emit(severity, "request.answered", **facts)


@dataclass(frozen=True, slots=True)
class _Answer:
    """How a request ended. `size` is the body's, in bytes; `status` None: it was never answered."""

    status: int | None
    size: int
    seconds: float
    stack_trace: str


def _severity(path: str, status: int | None, *, failed: bool) -> str:
    if failed or status is None:
        return "ERROR"
    if is_health_path(path):
        return "DEBUG"  # Readiness tells its changes itself: a 503 every second is no news.
    if status >= _SERVER_ERROR:
        return "ERROR"
    return "WARNING" if status >= _CLIENT_ERROR else "INFO"


def describe(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of `facts` what says nothing: off, zero, none."""
    return {name: value for name, value in facts.items() if value}
