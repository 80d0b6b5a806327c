"""The gRPC doors of Workflows v1 and Workflow Executions v1, for the official clients."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from google.cloud import workflows_v1
from google.cloud.location import locations_pb2
from google.cloud.workflows import executions_v1
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2, json_format

from local_cloud.kit.grpc_door import Method
from local_cloud.workflows.service.messages import EXECUTION_VIEW, enum_value
from local_cloud.workflows.service.model import WorkflowsModel

WORKFLOWS: Final = "google.cloud.workflows.v1.Workflows"
EXECUTIONS: Final = "google.cloud.workflows.executions.v1.Executions"
OPERATIONS: Final = "google.longrunning.Operations"
LOCATIONS: Final = "google.cloud.location.Locations"


def methods(model: WorkflowsModel) -> Mapping[str, list[Method]]:
    """Return the methods of each service, by its full name."""
    return {
        EXECUTIONS: _executions(model),
        WORKFLOWS: _workflows(model),
        OPERATIONS: _operations(model),
        LOCATIONS: _locations(model),
    }


def _as_json(message: Any) -> dict[str, Any]:
    """Return a proto-plus message as the REST API writes it."""
    text = type(message).to_json(
        message, use_integers_for_enums=False, always_print_fields_with_no_presence=False
    )
    document: dict[str, Any] = json.loads(text)
    return document


def _message(kind: Any, document: dict[str, Any]) -> Any:
    return kind.from_json(json.dumps(document), ignore_unknown_fields=True)


def _view(request: Any) -> str:
    """Raises Refused(INVALID_ARGUMENT) for a number that is no view."""
    return enum_value(EXECUTION_VIEW, int(request.view), "view")


def _operation(document: dict[str, Any]) -> Any:
    return json_format.ParseDict(document, operations_pb2.Operation(), ignore_unknown_fields=True)


def _plain(kind: Any, document: dict[str, Any]) -> Any:
    return json_format.ParseDict(document, kind(), ignore_unknown_fields=True)


def _operations(model: WorkflowsModel) -> list[Method]:
    """Nobody waits for an operation or cancels it: they are done when they are seen."""

    def get(request: Any, caller: str | None) -> Any:
        return _operation(model.get_operation(request.name, caller=caller))

    def list_(request: Any, caller: str | None) -> Any:
        document = model.list_operations(
            request.name,
            filter_=request.filter,
            page_size=request.page_size,
            page_token=request.page_token,
            caller=caller,
        )
        return _plain(operations_pb2.ListOperationsResponse, document)

    def delete(request: Any, caller: str | None) -> Any:
        model.delete_operation(request.name, caller=caller)
        return empty_pb2.Empty()

    pb = operations_pb2
    return [
        Method("GetOperation", pb.GetOperationRequest, pb.Operation, get),
        Method("ListOperations", pb.ListOperationsRequest, pb.ListOperationsResponse, list_),
        Method("DeleteOperation", pb.DeleteOperationRequest, empty_pb2.Empty, delete),
    ]


def _locations(model: WorkflowsModel) -> list[Method]:
    pb = locations_pb2

    def get(request: Any, caller: str | None) -> Any:
        return _plain(pb.Location, model.get_location(request.name, caller=caller))

    def list_(request: Any, caller: str | None) -> Any:
        document = model.list_locations(
            request.name, page_size=request.page_size, page_token=request.page_token, caller=caller
        )
        return _plain(pb.ListLocationsResponse, document)

    return [
        Method("GetLocation", pb.GetLocationRequest, pb.Location, get),
        Method("ListLocations", pb.ListLocationsRequest, pb.ListLocationsResponse, list_),
    ]


def _executions(model: WorkflowsModel) -> list[Method]:
    one = executions_v1.Execution

    def create(request: Any, caller: str | None) -> Any:
        given = _as_json(request.execution)
        return _message(
            one,
            model.create_execution(
                request.parent,
                given.get("argument"),
                given.get("labels"),
                options=given,
                caller=caller,
            ),
        )

    def get(request: Any, caller: str | None) -> Any:
        view = _view(request)
        return _message(one, model.get_execution(request.name, view, caller=caller))

    def list_(request: Any, caller: str | None) -> Any:
        return _message(
            executions_v1.ListExecutionsResponse,
            model.list_executions(
                request.parent,
                filter_=request.filter,
                order_by=request.order_by,
                page_size=request.page_size,
                page_token=request.page_token,
                view=_view(request),
                caller=caller,
            ),
        )

    def cancel(request: Any, caller: str | None) -> Any:
        return _message(one, model.cancel_execution(request.name, caller=caller))

    return [
        Method("CreateExecution", executions_v1.CreateExecutionRequest, one, create),
        Method("GetExecution", executions_v1.GetExecutionRequest, one, get),
        Method(
            "ListExecutions",
            executions_v1.ListExecutionsRequest,
            executions_v1.ListExecutionsResponse,
            list_,
        ),
        Method("CancelExecution", executions_v1.CancelExecutionRequest, one, cancel),
    ]


def _workflows(model: WorkflowsModel) -> list[Method]:
    done = operations_pb2.Operation

    def create(request: Any, caller: str | None) -> Any:
        document = _as_json(request.workflow)
        return _operation(
            model.create_workflow(request.parent, request.workflow_id, document, caller=caller)
        )

    def update(request: Any, caller: str | None) -> Any:
        mask = ",".join(request.update_mask.paths)
        document = _as_json(request.workflow)
        return _operation(
            model.update_workflow(request.workflow.name, document, mask, caller=caller)
        )

    def delete(request: Any, caller: str | None) -> Any:
        return _operation(model.delete_workflow(request.name, caller=caller))

    def get(request: Any, caller: str | None) -> Any:
        return _message(
            workflows_v1.Workflow,
            model.get_workflow(request.name, request.revision_id, caller=caller),
        )

    def list_(request: Any, caller: str | None) -> Any:
        return _message(
            workflows_v1.ListWorkflowsResponse,
            model.list_workflows(
                request.parent,
                filter_=request.filter,
                order_by=request.order_by,
                page_size=request.page_size,
                page_token=request.page_token,
                caller=caller,
            ),
        )

    def revisions(request: Any, caller: str | None) -> Any:
        return _message(
            workflows_v1.ListWorkflowRevisionsResponse,
            model.list_revisions(
                request.name,
                page_size=request.page_size,
                page_token=request.page_token,
                caller=caller,
            ),
        )

    kinds: list[tuple[str, Any, Any, Callable[[Any, str | None], Any]]] = [
        ("CreateWorkflow", workflows_v1.CreateWorkflowRequest, done, create),
        ("UpdateWorkflow", workflows_v1.UpdateWorkflowRequest, done, update),
        ("DeleteWorkflow", workflows_v1.DeleteWorkflowRequest, done, delete),
        ("GetWorkflow", workflows_v1.GetWorkflowRequest, workflows_v1.Workflow, get),
        (
            "ListWorkflows",
            workflows_v1.ListWorkflowsRequest,
            workflows_v1.ListWorkflowsResponse,
            list_,
        ),
        (
            "ListWorkflowRevisions",
            workflows_v1.ListWorkflowRevisionsRequest,
            workflows_v1.ListWorkflowRevisionsResponse,
            revisions,
        ),
    ]
    return [Method(name, request, response, call) for name, request, response, call in kinds]
