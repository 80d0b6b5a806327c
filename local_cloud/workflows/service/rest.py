"""The REST doors of Workflows v1 and Workflow Executions v1.

Source: reference/workflows.md section 6: the paths that gcloud and the client libraries use.
"""

from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.workflows.service.model import WorkflowsModel

_LOCATION: Final = "/v1/projects/{project}/locations/{location}"
_WORKFLOWS: Final = _LOCATION + "/workflows"
_WORKFLOW: Final = _WORKFLOWS + "/{workflow}"
_EXECUTION: Final = _WORKFLOW + "/executions/{execution}"


def router(model: WorkflowsModel) -> Router:
    """Return the routes of both APIs."""
    found = Router()
    _add_workflows(found, model)
    _add_operations(found, model)
    _add_executions(found, model)
    _add_callbacks(found, model)
    return found


def _workflow(values: dict[str, str]) -> str:
    return f"{_location(values)}/workflows/{values['workflow']}"


def _location(values: dict[str, str]) -> str:
    return f"projects/{values['project']}/locations/{values['location']}"


def _execution(values: dict[str, str]) -> str:
    return f"{_workflow(values)}/executions/{values['execution']}"


def _document(request: ApiRequest) -> dict[str, Any]:
    document = request.json()
    if not isinstance(document, dict):
        raise Refused("INVALID_ARGUMENT", "Invalid JSON payload received. Root must be an object.")
    return document


def _paging(request: ApiRequest) -> dict[str, Any]:
    size = request.first("pageSize", "0")
    if not size.isdigit():
        raise Refused("INVALID_ARGUMENT", f"Invalid value at 'page_size': {size}")
    return {"page_size": int(size), "page_token": request.first("pageToken")}


def _add_workflows(found: Router, model: WorkflowsModel) -> None:
    def create(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return ApiResponse.of(
            model.create_workflow(
                _location(values),
                request.first("workflowId"),
                _document(request),
                caller=request.caller,
            )
        )

    def update(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return ApiResponse.of(
            model.update_workflow(
                _workflow(values),
                _document(request),
                request.first("updateMask"),
                caller=request.caller,
            )
        )

    def get(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        revision = request.first("revisionId")
        return ApiResponse.of(
            model.get_workflow(_workflow(values), revision, caller=request.caller)
        )

    def list_(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return ApiResponse.of(
            model.list_workflows(
                _location(values),
                filter_=request.first("filter"),
                order_by=request.first("orderBy"),
                caller=request.caller,
                **_paging(request),
            )
        )

    def delete(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return ApiResponse.of(model.delete_workflow(_workflow(values), caller=request.caller))

    def revisions(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return ApiResponse.of(
            model.list_revisions(_workflow(values), caller=request.caller, **_paging(request))
        )

    found.add("POST", _WORKFLOWS, create)
    found.add("GET", _WORKFLOWS, list_)
    found.add("GET", _WORKFLOW, get)
    found.add("PATCH", _WORKFLOW, update)
    found.add("DELETE", _WORKFLOW, delete)
    found.add("GET", _WORKFLOW + ":listRevisions", revisions)


def _add_operations(found: Router, model: WorkflowsModel) -> None:
    def get(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        name = f"{_location(values)}/operations/{values['operation']}"
        return ApiResponse.of(model.get_operation(name, caller=request.caller))

    def list_(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return ApiResponse.of(model.list_operations(_location(values), caller=request.caller))

    found.add("GET", _LOCATION + "/operations", list_)
    found.add("GET", _LOCATION + "/operations/{operation}", get)


def _add_executions(found: Router, model: WorkflowsModel) -> None:
    def create(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        document = _document(request)
        return ApiResponse.of(
            model.create_execution(
                _workflow(values),
                document.get("argument"),
                document.get("labels"),
                options=document,
                caller=request.caller,
            )
        )

    def get(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        view = request.first("view", "FULL")
        return ApiResponse.of(model.get_execution(_execution(values), view, caller=request.caller))

    def list_(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return ApiResponse.of(
            model.list_executions(
                _workflow(values),
                filter_=request.first("filter"),
                order_by=request.first("orderBy"),
                view=request.first("view", "BASIC"),
                caller=request.caller,
                **_paging(request),
            )
        )

    def cancel(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return ApiResponse.of(model.cancel_execution(_execution(values), caller=request.caller))

    def trigger(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        mode = request.first("__GCP_CloudEventsMode")
        event = pubsub_event(values["project"], mode, _document(request))
        return ApiResponse.of(
            model.trigger_pubsub_execution(_workflow(values), event, caller=request.caller)
        )

    found.add("POST", _WORKFLOW + "/executions", create)
    found.add("GET", _WORKFLOW + "/executions", list_)
    found.add("GET", _EXECUTION, get)
    found.add("POST", _EXECUTION + ":cancel", cancel)
    found.add("POST", _WORKFLOW + ":triggerPubsubExecution", trigger)


def _add_callbacks(found: Router, model: WorkflowsModel) -> None:
    def list_(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return ApiResponse.of(model.list_callbacks(_execution(values), caller=request.caller))

    def send(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        model.send_callback(_execution(values), values["callback"], request)
        return ApiResponse()

    found.add("GET", _EXECUTION + "/callbacks", list_)
    found.add("*", _EXECUTION + "/callbacks/{callback}", send)


def pubsub_event(project: str, mode: str, push: dict[str, Any]) -> dict[str, Any]:
    """Return the CloudEvent that Workflows makes of a Pub/Sub push.

    Source: reference/workflows.md section 7.
    """
    message = push.get("message")
    if not isinstance(message, dict):
        raise Refused("INVALID_ARGUMENT", "message is missing")
    topic = mode.removeprefix("CUSTOM_PUBSUB_")
    if not topic.startswith("projects/"):
        topic = f"projects/{project}/topics/{topic}"
    identity = message.get("messageId") or message.get("message_id") or ""
    published = message.get("publishTime") or message.get("publish_time") or ""
    both = {"messageId": identity, "message_id": identity}
    both |= {"publishTime": published, "publish_time": published}
    return {
        "data": {"message": {**message, **both}, "subscription": push.get("subscription", "")},
        "datacontenttype": "application/json",
        "id": identity,
        "source": f"//pubsub.googleapis.com/{topic}",
        "specversion": "1.0",
        "time": published,
        "type": "google.cloud.pubsub.topic.v1.messagePublished",
    }
