"""What is said of an execution when it is over, and of a source that does not deploy."""

import json
from collections.abc import Sequence
from typing import Any, Final

from local_cloud.workflows.alone.excerpt import excerpt
from local_cloud.workflows.alone.paint import Paint
from local_cloud.workflows.alone.shown import seconds
from local_cloud.workflows.engine.compiler import BuildFailed, compile_source
from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.language.faults import BuildError, Position


def problems_of(text: str, choices: Choices) -> Sequence[BuildError]:
    """Return why a source does not deploy; nothing if it does."""
    try:
        compile_source(text, choices)
    except BuildFailed as failed:
        return failed.problems
    return []


def problem_lines(file: str, problems: Sequence[BuildError]) -> list[str]:
    """Return a line for each problem, which editors and CI systems can read."""
    return [f"{file}{_place(problem.position)}: {problem.message}" for problem in problems]


def problem_documents(file: str, problems: Sequence[BuildError]) -> list[dict[str, Any]]:
    """Return each problem as JSON; one without a place has no line."""
    return [
        {
            "file": file,
            **({"line": at.line, "column": at.column} if (at := problem.position) else {}),
            "message": problem.message,
        }
        for problem in problems
    ]


def _place(position: Position | None) -> str:
    return f":{position.line}:{position.column}" if position else ""


def succeeded(execution: dict[str, Any], paint: Paint) -> list[str]:
    return [paint.green("succeeded") + paint.dim(f" in {_duration(execution)}")]


def failed(execution: dict[str, Any], source: str, file: str, paint: Paint) -> list[str]:
    """Return the error as Google's console shows it, context and payload, then its place."""
    error = execution["error"]
    lines = [paint.red(f"error: the execution failed after {_duration(execution)}")]
    lines += error["context"].splitlines()
    lines += _payload(error["payload"])
    for element in error.get("stackTrace", {}).get("elements", [])[:1]:
        at = element["position"]
        position = Position(int(at["line"]), int(at["column"]), int(at["length"]))
        lines.append(paint.dim(f"{file}:{position.line}:{position.column}"))
        lines += excerpt(source, position, paint)
    if _KEPT_IN in error["payload"]:
        lines.append(" hint: --internet lets requests out, --endpoint sends them elsewhere")
    return lines


_KEPT_IN: Final = "the local cloud only talks to loopback"
"""What `fronts.sender` says of a request that would leave this machine."""


def cancelled(execution: dict[str, Any], why: str, paint: Paint) -> list[str]:
    """Return that an execution was ended from outside, and which step it was in."""
    steps = execution.get("status", {}).get("currentSteps", [])
    where = f" in step {steps[-1]['step']!r} of {steps[-1]['routine']!r}" if steps else ""
    return [paint.yellow(f"cancelled{where} after {_duration(execution)}: {why}")]


def log_line(entry: dict[str, Any], paint: Paint) -> str:
    """Return a log entry in a line: severity and payload."""
    payload = entry.get("textPayload")
    if payload is None:
        payload = json_text.encode(entry.get("jsonPayload", {}), lenient=True)
    severity = str(entry["severity"])
    colour = {"ERROR": paint.red, "WARNING": paint.yellow}.get(severity, paint.cyan)
    return f"log {colour(severity)}: {payload}"


def _payload(text: str) -> list[str]:
    try:
        value = json_text.decode(text)
    except json_text.NotJson:
        return [text]
    return json.dumps(value, indent=2, ensure_ascii=False).splitlines()


def _duration(execution: dict[str, Any]) -> str:
    return seconds(float(execution.get("duration", "0s").removesuffix("s")))
