"""The REST doors of Workflows v1 and Workflow Executions v1.

Source: reference/workflows.md section 6: the paths that gcloud and the client libraries use.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.workflows.service import messages
from local_cloud.workflows.service.events import event_of
from local_cloud.workflows.service.model import WorkflowsModel

_LOCATION: Final = "/v1/projects/{project}/locations/{location}"
_WORKFLOWS: Final = _LOCATION + "/workflows"
_WORKFLOW: Final = _WORKFLOWS + "/{workflow}"
_EXECUTION: Final = _WORKFLOW + "/executions/{execution}"
_ENTRY: Final = _EXECUTION + "/stepEntries/{entry}"
# Source: StandardQueryParameters, which every method takes, with or without "$".
_STANDARD: Final = frozenset(
    (
        *("$.xgafv", "access_token", "alt", "callback", "fields", "key", "oauth_token"),
        *("prettyPrint", "quotaUser", "trace", "uploadType", "upload_protocol"),
    )
)
_PAGES: Final = {"pageSize": "INT32", "pageToken": "STRING"}
_LIST: Final = {"filter": "STRING", "orderBy": "STRING", **_PAGES}
_MODE: Final = "__GCP_CloudEventsMode"
Query = Mapping[str, Any]
Answer = Callable[[ApiRequest, str, Query], Any]
"""Gets the request, the resource's name from the path, and the query's values."""


def router(model: WorkflowsModel) -> Router:
    """Return the routes of both APIs."""
    found = Router()
    _add_workflows(found, model)
    _add_operations(found, model)
    _add_executions(found, model)
    _add_entries(found, model)
    _add_callbacks(found, model)
    return found


def _add(
    found: Router, method: str, path: str, answer: Answer, query: Mapping[str, Any] | None = None
) -> None:
    """Add a route. `query` are the parameters that it takes, by JSON name."""
    kinds = query or {}
    resource = path.removeprefix("/v1/").partition(":")[0]

    def handle(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        document = answer(request, resource.format_map(values), _query(request, kinds))
        return ApiResponse.of({} if document is None else document)

    found.add(method, path, handle)


def _query(request: ApiRequest, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query's values by JSON name. Raises Refused(INVALID_ARGUMENT)."""
    names = {spelling: name for name in kinds for spelling in (name, messages.snake(name))}
    given: dict[str, Any] = {}
    for spelling, values in request.query.items():
        name = names.get(spelling)
        if name is not None:
            given[name] = values[-1]
        elif spelling not in _STANDARD and spelling.removeprefix("$") not in _STANDARD:
            why = f"Cannot bind query parameter. Field '{spelling}' could not be found in request"
            raise messages.unknown(spelling, "", f"{why} message.")
    return messages.read(kinds, given)


def _pages(query: Query) -> dict[str, Any]:
    return {
        "page_size": query.get("pageSize", 0),
        "page_token": query.get("pageToken", ""),
    }


def _list(query: Query) -> dict[str, Any]:
    return {
        "filter_": query.get("filter", ""),
        "order_by": query.get("orderBy", ""),
        **_pages(query),
    }


def _body(request: ApiRequest, kinds: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    return messages.read(kinds, request.json(), path)


def _add_workflows(found: Router, model: WorkflowsModel) -> None:
    def create(request: ApiRequest, name: str, query: Query) -> Any:
        parent = name.removesuffix("/workflows")
        document = _body(request, messages.WORKFLOW, "workflow")
        workflow_id = query.get("workflowId", "")
        return model.create_workflow(parent, workflow_id, document, caller=request.caller)

    def update(request: ApiRequest, name: str, query: Query) -> Any:
        document = _body(request, messages.WORKFLOW, "workflow")
        mask = query.get("updateMask", "")
        return model.update_workflow(name, document, mask, caller=request.caller)

    def get(request: ApiRequest, name: str, query: Query) -> Any:
        return model.get_workflow(name, query.get("revisionId", ""), caller=request.caller)

    def list_(request: ApiRequest, name: str, query: Query) -> Any:
        parent = name.removesuffix("/workflows")
        return model.list_workflows(parent, caller=request.caller, **_list(query))

    def delete(request: ApiRequest, name: str, _query: Query) -> Any:
        return model.delete_workflow(name, caller=request.caller)

    def revisions(request: ApiRequest, name: str, query: Query) -> Any:
        return model.list_revisions(name, caller=request.caller, **_pages(query))

    _add(found, "POST", _WORKFLOWS, create, {"workflowId": "STRING"})
    _add(found, "GET", _WORKFLOWS, list_, _LIST)
    _add(found, "GET", _WORKFLOW, get, {"revisionId": "STRING"})
    _add(found, "PATCH", _WORKFLOW, update, {"updateMask": "STRING"})
    _add(found, "DELETE", _WORKFLOW, delete)
    _add(found, "GET", _WORKFLOW + ":listRevisions", revisions, _PAGES)


def _add_operations(found: Router, model: WorkflowsModel) -> None:
    def get(request: ApiRequest, name: str, _query: Query) -> Any:
        return model.get_operation(name, caller=request.caller)

    def list_(request: ApiRequest, name: str, query: Query) -> Any:
        parent, filter_ = name.removesuffix("/operations"), query.get("filter", "")
        return model.list_operations(
            parent, filter_=filter_, caller=request.caller, **_pages(query)
        )

    def delete(request: ApiRequest, name: str, _query: Query) -> Any:
        return model.delete_operation(name, caller=request.caller)

    def location(request: ApiRequest, name: str, _query: Query) -> Any:
        return model.get_location(name, caller=request.caller)

    def locations(request: ApiRequest, name: str, query: Query) -> Any:
        project = name.removesuffix("/locations")
        return model.list_locations(project, caller=request.caller, **_pages(query))

    listing = {"filter": "STRING", **_PAGES}
    _add(found, "GET", _LOCATION + "/operations", list_, listing)
    _add(found, "GET", _LOCATION + "/operations/{operation}", get)
    _add(found, "DELETE", _LOCATION + "/operations/{operation}", delete)
    _add(found, "GET", _LOCATION, location)
    more = {**listing, "extraLocationTypes": "STRING"}
    _add(found, "GET", "/v1/projects/{project}/locations", locations, more)


def _add_executions(found: Router, model: WorkflowsModel) -> None:
    def create(request: ApiRequest, name: str, _query: Query) -> Any:
        document = _body(request, messages.EXECUTION, "execution")
        argument, labels = document.get("argument"), document.get("labels")
        parent = name.removesuffix("/executions")
        return model.create_execution(
            parent, argument, labels, options=document, caller=request.caller
        )

    def get(request: ApiRequest, name: str, query: Query) -> Any:
        return model.get_execution(name, query.get("view", "FULL"), caller=request.caller)

    def list_(request: ApiRequest, name: str, query: Query) -> Any:
        parent, view = name.removesuffix("/executions"), query.get("view", "BASIC")
        return model.list_executions(parent, view=view, caller=request.caller, **_list(query))

    def cancel(request: ApiRequest, name: str, _query: Query) -> Any:
        _body(request, messages.EMPTY)
        return model.cancel_execution(name, caller=request.caller)

    def export(request: ApiRequest, name: str, _query: Query) -> Any:
        return model.export_data(name, caller=request.caller)

    def trigger(request: ApiRequest, name: str, _query: Query) -> Any:
        push = _body(request, messages.PUSH)
        mode = request.first(_MODE) or request.first("GCPCloudEventsMode")
        project = name.split("/")[1]
        event = event_of(project, mode or push.get("GCPCloudEventsMode", ""), push)
        return model.trigger_pubsub_execution(name, event, caller=request.caller)

    view = {"view": messages.EXECUTION_VIEW}
    _add(found, "POST", _WORKFLOW + "/executions", create)
    _add(found, "GET", _WORKFLOW + "/executions", list_, {**_LIST, **view})
    _add(found, "GET", _EXECUTION, get, view)
    _add(found, "POST", _EXECUTION + ":cancel", cancel)
    _add(found, "GET", _EXECUTION + ":exportData", export)
    mode = {_MODE: "STRING", "GCPCloudEventsMode": "STRING"}
    _add(found, "POST", _WORKFLOW + ":triggerPubsubExecution", trigger, mode)


def _add_entries(found: Router, model: WorkflowsModel) -> None:
    def delete(request: ApiRequest, name: str, _query: Query) -> Any:
        _body(request, messages.EMPTY)
        return model.delete_execution_history(name, caller=request.caller)

    def get(request: ApiRequest, name: str, query: Query) -> Any:
        return model.get_step_entry(name, query.get("view", ""), caller=request.caller)

    def list_(request: ApiRequest, name: str, query: Query) -> Any:
        return model.list_step_entries(
            name.removesuffix("/stepEntries"),
            skip=query.get("skip", 0),
            view=query.get("view", ""),
            caller=request.caller,
            **_list(query),
        )

    view = {"view": messages.ENTRY_VIEW}
    _add(found, "POST", _EXECUTION + ":deleteExecutionHistory", delete)
    _add(found, "GET", _EXECUTION + "/stepEntries", list_, {**_LIST, **view, "skip": "INT32"})
    _add(found, "GET", _ENTRY, get, view)


def _add_callbacks(found: Router, model: WorkflowsModel) -> None:
    def list_(request: ApiRequest, name: str, query: Query) -> Any:
        parent = name.removesuffix("/callbacks")
        return model.list_callbacks(parent, caller=request.caller, **_pages(query))

    def send(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        execution = _EXECUTION.removeprefix("/v1/").format_map(values)
        model.send_callback(execution, values["callback"], request)
        return ApiResponse()

    _add(found, "GET", _EXECUTION + "/callbacks", list_, _PAGES)
    found.add("*", _EXECUTION + "/callbacks/{callback}", send)
