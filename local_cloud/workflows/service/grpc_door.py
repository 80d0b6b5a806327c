"""What the Workflows APIs serve over gRPC: their own two services, operations and locations."""

from collections.abc import Mapping
from typing import Any, Final

from google.cloud.location import locations_pb2
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2

from local_cloud.kit.grpc_door import Method
from local_cloud.workflows.service import grpc_executions, grpc_workflows
from local_cloud.workflows.service.grpc_executions import ExecutionsDoor
from local_cloud.workflows.service.grpc_messages import operation_of, protobuf_of
from local_cloud.workflows.service.grpc_workflows import WorkflowsDoor
from local_cloud.workflows.service.model import WorkflowsModel

WORKFLOWS: Final = grpc_workflows.SERVICE
EXECUTIONS: Final = grpc_executions.SERVICE
OPERATIONS: Final = "google.longrunning.Operations"
LOCATIONS: Final = "google.cloud.location.Locations"


def methods(model: WorkflowsModel) -> Mapping[str, list[Method]]:
    """Return the methods of each service, by its full name."""
    return {
        EXECUTIONS: ExecutionsDoor(model).methods(),
        WORKFLOWS: WorkflowsDoor(model).methods(),
        OPERATIONS: _operations(model),
        LOCATIONS: _locations(model),
    }


def _operations(model: WorkflowsModel) -> list[Method]:
    """Nobody waits for an operation or cancels it: they are done when they are seen."""

    def get(request: Any, caller: str | None) -> Any:
        return operation_of(model.get_operation(request.name, caller=caller))

    def list_(request: Any, caller: str | None) -> Any:
        document = model.list_operations(
            request.name,
            filter_=request.filter,
            page_size=request.page_size,
            page_token=request.page_token,
            caller=caller,
        )
        return protobuf_of(operations_pb2.ListOperationsResponse, document)

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
        return protobuf_of(pb.Location, model.get_location(request.name, caller=caller))

    def list_(request: Any, caller: str | None) -> Any:
        document = model.list_locations(
            request.name, page_size=request.page_size, page_token=request.page_token, caller=caller
        )
        return protobuf_of(pb.ListLocationsResponse, document)

    return [
        Method("GetLocation", pb.GetLocationRequest, pb.Location, get),
        Method("ListLocations", pb.ListLocationsRequest, pb.ListLocationsResponse, list_),
    ]
