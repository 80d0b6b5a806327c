"""Platform logs: that executions begin and end, and, where a level asks for it, their calls.

Source: https://cloud.google.com/workflows/docs/log-workflow, the messages EngineCallLog and
ExecutionsSystemLog of googleapis (google/cloud/workflows/type), and for names, labels and
severities https://cloud.google.com/logging/docs/api/platform-logs.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from local_cloud.workflows.engine.watching import CALLS, Entry
from local_cloud.workflows.language import json_text
from local_cloud.workflows.service.names import timestamp, timestamp_of
from local_cloud.workflows.service.redaction import redacted
from local_cloud.workflows.service.run import Run

Emit = Callable[[str, str, dict[str, Any]], None]
"""Gets the log's name, the severity and the JSON payload."""
Later = Callable[[Callable[[], None]], Any]
"""Runs something when the present turn is over."""
ENGINE_CALL: Final = "engine_call"
EXECUTIONS_SYSTEM: Final = "executions_system"
OWN: Final = "Workflows"
"""What `sys.log` writes to. Source: https://cloud.google.com/workflows/docs/reference/stdlib/sys/log"""
# Source: the limit of ExecutionsSystemLog's texts; that of EngineCallLog's is a guess.
TEXT_CHARACTERS_MAX: Final = 1024
_TYPES: Final = "type.googleapis.com/google.cloud.workflows.type."


class CallLog:
    """Logs the call steps of one execution: all that happens to them, or only errors. A Watcher.

    A call's arguments are known a little after it has begun: that is written when the next thing
    happens, or when `later` says so.
    """

    values = True
    __slots__ = ("_all", "_begun", "_emit", "_execution_id", "_later", "_raised")

    def __init__(self, execution_id: str, level: str, emit: Emit, later: Later) -> None:
        self._execution_id = execution_id
        self._all = level == "LOG_ALL_CALLS"
        self._emit = emit
        self._later = later
        self._begun: list[Entry] = []
        self._raised: dict[str, dict[str, Any]] = {}
        """The last error of a call that nobody has handled yet, by thread."""

    def began(self, entry: Entry) -> None:
        self._write_begun()
        if entry.kind == "STEP_EXCEPT":
            handled = self._raised.pop(entry.thread, None)
            if handled is not None:
                document = {**handled, "activityTime": timestamp_of(entry.began)}
                details = document.pop("exceptionRaised")
                self._write(document | {"state": "EXCEPTION_HANDLED", "exceptionHandled": details})
        elif entry.kind in CALLS and self._all:
            self._begun.append(entry)
            self._later(self._write_begun)

    def _write_begun(self) -> None:
        begun, self._begun = self._begun, []
        for entry in begun:
            document = self._call(entry, entry.began, "BEGUN")
            args = redacted((entry.values or {}).get("args"))
            if args:
                named = {name: _plain(value) for name, value in args.items()}
                document["begun"] = {"namedArgs": named}
            self._write(document)

    def ended(self, entry: Entry) -> None:
        self._write_begun()
        if entry.kind not in CALLS or entry.ended is None:
            return
        start = {"callStartTime": timestamp_of(entry.began)}
        if entry.state == "STATE_FAILED":
            document = self._call(entry, entry.ended, "EXCEPTION_RAISED")
            details = {**start, "exception": _text(entry.error), "origin": entry.step}
            document["exceptionRaised"] = details
            self._raised[entry.thread] = document
            self._write(document)
        elif entry.state == "STATE_SUCCEEDED" and self._all:
            document = self._call(entry, entry.ended, "SUCCEEDED")
            result = (entry.values or {}).get("result")
            self._write({**document, "succeeded": {**start, "response": _text(result)}})

    def _call(self, entry: Entry, at: float, state: str) -> dict[str, Any]:
        return {
            "@type": _TYPES + "EngineCallLog",
            "executionId": self._execution_id,
            "activityTime": timestamp_of(at),
            "state": state,
            "step": entry.step,
            "callee": str((entry.values or {}).get("function", "")),
        }

    def _write(self, document: dict[str, Any]) -> None:
        self._emit(ENGINE_CALL, "DEBUG", document)


def system_log(execution: Mapping[str, Any], at: str) -> tuple[str, dict[str, Any]]:
    """Return (severity, payload) of what the system log says of an execution (view FULL)."""
    state = execution["state"]
    document: dict[str, Any] = {
        "@type": _TYPES + "ExecutionsSystemLog",
        "activityTime": at,
        "state": state,
    }
    if state == "ACTIVE":
        document["start"] = {"argument": execution["argument"]}
    elif state == "SUCCEEDED":
        document["success"] = {"result": execution["result"]}
    elif state == "FAILED":
        error = execution.get("error", {})
        exception, _, source = error.get("context", "").partition("\n")
        document["failure"] = {"exception": _short(exception), "source": _short(source)}
    return "ERROR" if state == "FAILED" else "INFO", document


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; one that is large as its text, cut."""
    text = json_text.encode(value, lenient=True)
    return json_text.decode(text) if len(text) <= TEXT_CHARACTERS_MAX else _short(text)


def _text(value: Any) -> str:
    return _short(json_text.encode(value, lenient=True))


def _short(text: str) -> str:
    return text[:TEXT_CHARACTERS_MAX]


def log_entry(run: Run, log: str, severity: str, payload: Any, now: dt.datetime) -> dict[str, Any]:
    """Return a Cloud Logging entry of an execution."""
    name = run.workflow
    full = log if log == OWN else f"workflows.googleapis.com%2F{log}"
    entry: dict[str, Any] = {
        "logName": f"projects/{name.project}/logs/{full}",
        "resource": {
            "type": "workflows.googleapis.com/Workflow",
            "labels": {
                "project_id": name.project,
                "location": name.location,
                "workflow_id": name.workflow,
            },
        },
        "labels": {
            "workflows.googleapis.com/execution_id": run.execution_id,
            "workflows.googleapis.com/revision_id": run.revision.revision_id,
        },
        "severity": severity,
        "timestamp": timestamp(now),
    }
    entry["textPayload" if isinstance(payload, str) else "jsonPayload"] = payload
    return entry


def of_workflows(observer: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """Return an observer of logs that hears only what workflows write themselves."""

    def hear(entry: dict[str, Any]) -> None:
        if entry["logName"].endswith(f"/logs/{OWN}"):
            observer(entry)

    return hear
