"""Polling: how each kind of operation is read, when it is over, and whether it failed.

Source: https://cloud.google.com/workflows/docs/connectors, "Long-running operations".
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from local_cloud.workflows.connectors.documents import Method
from local_cloud.workflows.connectors.requests import Request
from local_cloud.workflows.connectors.session import Session, Steps
from local_cloud.workflows.connectors.special import CONDITIONS, Condition
from local_cloud.workflows.language.faults import Fault, fault

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of operation. A document is the first answer, or that of a poll.

    `read` and the two others raise KeyError, TypeError or AttributeError for a document that is
    none of the kind.
    """

    read: Callable[[Document], Request]
    is_done: Callable[[Document], bool]
    failure: Callable[[Document], Any]
    """Asked of what is done; None for success."""
    message: str
    """Of the error."""
    value: Callable[[Document], Any] = lambda document: document
    shows_failure: bool = False
    """Whether what `failure` found stands in the error, as `error`."""


def until_done(session: Session, waiting: Waiting, first: Any) -> Steps:
    """Poll until the operation is over; return its value.

    Raises Fault: OperationError, ResponseTypeError, TimeoutError, and what a request raises.
    """
    document = first
    for delay in session.delays():
        following = _following(waiting, document)
        if following is None:
            return waiting.value(document)
        yield from session.sleep(delay)
        document = yield from session.send(following)
    raise AssertionError("delays have no end")


def operation_error(tag: str, message: str, document: Document, error: Any = None) -> Fault:
    """Return the error of an operation that failed.

    Source: reference/workflows.md 4.5 for message, operation and tags (observed); 5 for `error`.
    """
    value: dict[str, Any] = {"message": message, "operation": document, "tags": [tag]}
    if error is not None:
        value["error"] = error
    return Fault(value, message)


def _following(waiting: Waiting, document: Any) -> Request | None:
    """Return what to ask next, None when it is over. Raises the error of one that failed."""
    try:
        if not waiting.is_done(document):
            return waiting.read(document)
        failure = waiting.failure(document)
    except (KeyError, TypeError, AttributeError):
        raise fault("ResponseTypeError", "the answer is not a long-running operation") from None
    if failure is not None:
        shown = failure if waiting.shows_failure else None
        raise operation_error("OperationError", waiting.message, document, shown)
    return None


def waiting_for(method: Method, root: str, *, whole: bool) -> Waiting | None:
    """Return how `method` waits, if it does. `whole`: its value is the operation itself."""
    condition = CONDITIONS.get(method.short_name)
    if condition is not None:
        return _knative(condition, root)
    if method.waits == "operation" and method.operations:
        return _long_running(root + method.operations, whole=whole)
    if method.waits == "status":
        return _with_status(root)
    if method.waits == "job":
        return _job(root + method.path.partition("projects/")[0])
    return None


_FAILED: Final = "Long-running operation failed."
"""A guess: no page shows the message of an operation other than those below."""


def _long_running(template: str, *, whole: bool) -> Waiting:
    """google.longrunning.Operation: `done`, then `error` or `response`."""

    def read(document: Document) -> Request:
        return Request("GET", template.replace("{+name}", _quoted(document["name"])))

    return Waiting(
        read,
        is_done=lambda document: document.get("done", False) is True,
        failure=lambda document: document.get("error"),
        message=_FAILED,
        value=lambda document: document if whole else document.get("response"),
        shows_failure=True,
    )


def _with_status(root: str) -> Waiting:
    """Operations of Compute Engine, Cloud SQL and GKE, which are DONE and link to themselves."""

    def read(document: Document) -> Request:
        # Only the path is taken from the answer: the token goes nowhere else.
        return Request("GET", root + urlsplit(document["selfLink"]).path.lstrip("/"))

    return Waiting(
        read,
        is_done=lambda document: bool(document["status"] == "DONE"),
        failure=lambda document: document.get("error"),
        message=_FAILED,
        shows_failure=True,
    )


def _job(root: str) -> Waiting:
    """A BigQuery job. Source: sample poll_bigquery_job_auto; `status.errorResult` of the API."""

    def read(document: Document) -> Request:
        job = document["jobReference"]
        path = f"projects/{_quoted(job['projectId'])}/jobs/{_quoted(job['jobId'])}"
        query = {"location": job["location"]} if job.get("location") else {}
        return Request("GET", root + path, query)

    return Waiting(
        read,
        is_done=lambda document: bool(document["status"]["state"] == "DONE"),
        failure=lambda document: document["status"].get("errorResult"),
        message="BigQuery job failed.",  # A guess.
    )


def _knative(condition: Condition, root: str) -> Waiting:
    """An object of Cloud Run v1, whose controller has to catch up and to decide a condition.

    Source: reference/workflows.md 4.5 for the message (observed for jobs.run).
    """

    def read(document: Document) -> Request:
        metadata = document["metadata"]
        names = {key: _quoted(metadata[key]) for key in ("namespace", "name")}
        return Request("GET", root + condition.path.format(**names))

    def decided(document: Document) -> str:
        metadata, status = document["metadata"], document.get("status") or {}
        if status.get("observedGeneration", metadata["generation"]) != metadata["generation"]:
            return "Unknown"
        conditions = status.get("conditions") or []
        return str(next((c["status"] for c in conditions if c["type"] == condition.kind), ""))

    return Waiting(
        read,
        is_done=lambda document: decided(document) in ("True", "False"),
        failure=lambda document: True if decided(document) == "False" else None,
        message="Cloud Run long-running operation failed.",
    )


def _quoted(name: Any) -> str:
    if type(name) is not str or not name:
        raise TypeError
    return quote(name)
