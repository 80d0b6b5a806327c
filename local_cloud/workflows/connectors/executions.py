"""Workflows that run workflows: the helper `run`, `create`, and experimental.executions.*.

Source: https://cloud.google.com/workflows/docs/reference/googleapis/workflowexecutions and
.../reference/stdlib/experimental.executions/run; errors as observed (reference/workflows.md 4.5).
"""

from collections.abc import Generator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from local_cloud.workflows.connectors import settings as connector_settings
from local_cloud.workflows.connectors.requests import Request
from local_cloud.workflows.connectors.session import Session, Steps
from local_cloud.workflows.connectors.settings import Settings
from local_cloud.workflows.connectors.waiting import Waiting, operation_error, until_done
from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.faults import Fault, fault
from local_cloud.workflows.stdlib.registry import Procedure, listing, parameters, refuse, text

_ROOT: Final = "https://workflowexecutions.googleapis.com/"
_MODULE: Final = "projects.locations.workflows.executions."
_FAILED: Final = "Execution failed or cancelled."
_RUNNING: Final = ("ACTIVE", "QUEUED")
_FIELDS: Final = ("callLogLevel", "disableConcurrencyQuotaOverflowBuffering", "labels")


def created_document(body: Any) -> dict[str, Any]:
    """Return the body of executions.create: it does not queue unless it says so itself.

    Source: https://cloud.google.com/workflows/docs/troubleshooting.
    """
    if body is not None and type(body) is not dict:
        refuse("a map", body)
    return {"disableConcurrencyQuotaOverflowBuffering": True, **(body or {})}


def waiting(execution: Any, root: str, version: str) -> Waiting | None:
    """Return how executions.create waits, if it does (an open question)."""
    return _of_execution(root, version) if execution.choices.executions_create == "waits" else None


def _of_execution(root: str, version: str) -> Waiting:
    def read(document: dict[str, Any]) -> Request:
        return Request("GET", f"{root}{version}/{quote(document['name'])}")

    return Waiting(
        read,
        is_done=lambda document: document["state"] not in _RUNNING,
        failure=lambda document: None if document["state"] == "SUCCEEDED" else document["state"],
        message=_FAILED,
    )


def _run(version: str) -> Procedure:
    wanted = parameters(
        "workflow_id",
        **dict.fromkeys(("location", "project_id", "argument", *_FIELDS, "connector_params")),
    )

    def run(execution: Any, *values: Any) -> Steps:
        given = {one.name: value for one, value in zip(wanted, values, strict=True)}
        settings = connector_settings.read(given["connector_params"])
        session = Session(execution, settings)
        options = {name: given[name] for name in _FIELDS if given[name] is not None}
        parent = _parent(execution, given)
        first = yield from session.send(_create(version, parent, given["argument"], options))
        if settings.skip_polling:
            return None  # Source: the page of executions.create, on what `run` returns.
        return _result((yield from until_done(session, _of_execution(_ROOT, version), first)))

    return Procedure(wanted, run)


def _parent(execution: Any, given: dict[str, Any]) -> str:
    """Return the workflow's name; the caller's project and location are the defaults."""
    environment = execution.host.environment
    project = given["project_id"] or environment["GOOGLE_CLOUD_PROJECT_ID"]
    location = given["location"] or environment["GOOGLE_CLOUD_LOCATION"]
    workflow = text(given["workflow_id"])
    return f"projects/{text(project)}/locations/{text(location)}/workflows/{workflow}"


def _create(version: str, parent: str, argument: Any, options: dict[str, Any]) -> Request:
    body = created_document(options)
    if argument is not None:
        try:
            body["argument"] = json_text.encode(argument)
        except json_text.NotJson as error:
            raise fault("TypeError", str(error)) from None
    return Request("POST", f"{_ROOT}{version}/{quote(parent)}/executions", body=body)


def _result(document: dict[str, Any]) -> Any:
    """Return the value that a child workflow returned."""
    try:
        return json_text.decode(document["result"])
    except (KeyError, TypeError, json_text.NotJson):
        raise fault("ResponseTypeError", "the execution has no result that is JSON") from None


# experimental.executions: deprecated in favour of `run`, and with an error of its own.

_EXPERIMENTAL_SECONDS: Final = 1800.0
"""Source: the page of experimental.executions.run: TimeoutError after 30 minutes."""


def _started(
    session: Session, parent: str, arguments: list[Any]
) -> Generator[Any, Any, list[dict[str, Any]]]:
    started = []
    for argument in arguments:
        document = yield from session.send(_create("v1", parent, argument, {}))
        started.append(document)
    return started


def _ended(session: Session, document: Any) -> Steps:
    try:
        done = yield from until_done(session, _of_execution(_ROOT, "v1"), document)
    except Fault as error:
        if error.value.get("tags") != ["OperationError"]:
            raise
        # That it holds the execution as an OperationError does is a guess.
        raise operation_error("ExecutionError", _FAILED, error.value["operation"]) from None
    return _result(done)


def _experimental_run(
    execution: Any, workflow_id: Any, location: Any, project_id: Any, argument: Any
) -> Steps:
    session = Session(execution, replace(Settings(), timeout_seconds=_EXPERIMENTAL_SECONDS))
    names = {"workflow_id": workflow_id, "location": location, "project_id": project_id}
    (started,) = yield from _started(session, _parent(execution, names), [argument])
    return (yield from _ended(session, started))


def _experimental_map(
    execution: Any, workflow_id: Any, arguments: Any, location: Any, project_id: Any
) -> Steps:
    """Start one execution for each argument, all at once; return the results in that order."""
    session = Session(execution, replace(Settings(), timeout_seconds=_EXPERIMENTAL_SECONDS))
    names = {"workflow_id": workflow_id, "location": location, "project_id": project_id}
    started = yield from _started(session, _parent(execution, names), listing(arguments))
    results = []
    for document in started:
        result = yield from _ended(session, document)
        results.append(result)
    return results


PROCEDURES: Final[dict[str, Procedure]] = {
    f"googleapis.workflowexecutions.v1.{_MODULE}run": _run("v1"),
    f"googleapis.workflowexecutions.v1beta.{_MODULE}run": _run("v1beta"),
    "experimental.executions.run": Procedure(
        parameters("workflow_id", location=None, project_id=None, argument=None),
        _experimental_run,
    ),
    "experimental.executions.map": Procedure(
        parameters("workflow_id", "arguments", location=None, project_id=None), _experimental_map
    ),
}
