"""One JSON object per line, as Cloud Logging reads it from a container's standard output.

`RequestLog` is the outermost layer: it sees every answer, and turns an exception into a 500
without a stack trace (the trace goes into the log). Query strings are never logged: people put
tokens into them.

Source: https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
"""

import datetime as dt
import json
import logging
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final

from health_service.asgi import ASGIApp, Message, Receive, Scope, Send, is_health_path, send_json
from health_service.settings import LOG_LEVELS

_SERVER_ERROR: Final = 500
_CLIENT_ERROR: Final = 400
# TRACE_ID[/SPAN_ID][;o=OPTIONS]. Source: https://cloud.google.com/trace/docs/trace-context
_TRACE: Final = re.compile(r"([0-9a-fA-F]{32})(?:/([0-9]{1,20}))?(?:;o=([01]))?")


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


def trace_fields(header: str, project: str) -> dict[str, Any]:
    """Return the log fields for an `X-Cloud-Trace-Context` value; none for a malformed one."""
    found = _TRACE.fullmatch(header)
    if found is None:
        return {}
    trace, span, sampled = found.groups()
    name = f"projects/{project}/traces/{trace}" if project else trace
    fields: dict[str, Any] = {"logging.googleapis.com/trace": name}
    if span:
        fields["logging.googleapis.com/spanId"] = f"{int(span):016x}"
    if sampled:
        fields["logging.googleapis.com/trace_sampled"] = sampled == "1"
    return fields


class RequestLog:
    """Logs each request of an ASGI application once it has ended; health probes at DEBUG."""

    def __init__(
        self, app: ASGIApp, log: Log, *, monotonic: Callable[[], float], project: str
    ) -> None:
        self._app = app
        self._log = log
        self._monotonic = monotonic
        self._project = project

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._monotonic()
        answer = _Answer(send)
        stack_trace = ""
        try:
            await self._app(scope, receive, answer.send)
        except Exception:  # noqa: BLE001 - the edge: whatever a route raised is a 500 here.
            stack_trace = traceback.format_exc()
            if answer.status is None:
                await send_json(answer.send, _SERVER_ERROR, {"error": "internal server error"})
        finally:
            self._write(scope, answer, self._monotonic() - began, stack_trace)

    def _write(self, scope: Scope, answer: "_Answer", seconds: float, stack_trace: str) -> None:
        severity = _severity(scope["path"], answer.status, failed=bool(stack_trace))
        if not self._log.writes(severity):
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        request: dict[str, Any] = {
            "requestMethod": scope["method"],
            "requestUrl": scope["path"],
            "latency": f"{seconds:.6f}s",
            "responseSize": str(answer.size),
            "userAgent": headers.get(b"user-agent", ""),
            "protocol": f"HTTP/{scope['http_version']}",
        }
        if answer.status is not None:  # None: given up before it was answered.
            request["status"] = answer.status
        facts: dict[str, Any] = {"httpRequest": request}
        facts.update(trace_fields(headers.get(b"x-cloud-trace-context", ""), self._project))
        if stack_trace:
            facts["stack_trace"] = stack_trace
        self._log.emit(severity, "request.answered", **facts)


class _Answer:
    """Passes an answer on and notes its status and the size of its body."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None
        self.size = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        await self._send(message)


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
