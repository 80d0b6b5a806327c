"""What an Execution resource says of how it went: result, error, and the steps it stands in."""

from typing import Any

from local_cloud.workflows.engine.execution import Execution
from local_cloud.workflows.language.faults import Fault


def outcome(engine: Execution) -> dict[str, Any]:
    """Return the fields that come from the engine, whether it has ended or not."""
    shown: dict[str, Any] = {}
    if engine.state == "succeeded":
        shown["result"] = engine.result
    if engine.failure is not None:
        shown["error"] = {"payload": engine.payload, **_error(engine.failure)}
    steps = engine.current_steps()
    if steps:
        shown["status"] = {
            "currentSteps": [{"routine": routine, "step": step} for routine, step in steps]
        }
    return shown


def unavailable(details: str) -> dict[str, Any]:
    """Return the fields of an execution whose data cannot be used.

    The type is the only one there is besides KMS_ERROR. Source: reference/workflows.md 6.2.
    """
    return {"stateError": {"details": details, "type": "TYPE_UNSPECIFIED"}}


def _error(failure: Fault) -> dict[str, Any]:
    """Return Execution.error but its payload (reference 4.3); int64 values are JSON strings."""
    elements = [
        {
            "step": element.step,
            "routine": element.routine,
            "position": {
                "line": str(element.position.line),
                "column": str(element.position.column),
                "length": str(element.position.length),
            },
        }
        for element in failure.stack or []
    ]
    return {
        "context": failure.context(),
        "stackTrace": {"elements": elements},
    }
