"""Workflow Executions v1 over gRPC, for the official clients."""

from typing import Any, Final

from google.cloud.workflows import executions_v1

from local_cloud.kit.grpc_door import Method
from local_cloud.workflows.service.grpc_messages import as_json, message_of
from local_cloud.workflows.service.messages import EXECUTION_VIEW, enum_value
from local_cloud.workflows.service.model import WorkflowsModel

SERVICE: Final = "google.cloud.workflows.executions.v1.Executions"


class ExecutionsDoor:
    """The calls of one model. Each takes the request and the caller, None for nobody known."""

    def __init__(self, model: WorkflowsModel) -> None:
        self._model = model

    def methods(self) -> list[Method]:
        v1, one = executions_v1, executions_v1.Execution
        listed = v1.ListExecutionsResponse
        return [
            Method("CreateExecution", v1.CreateExecutionRequest, one, self._create),
            Method("GetExecution", v1.GetExecutionRequest, one, self._get),
            Method("ListExecutions", v1.ListExecutionsRequest, listed, self._list),
            Method("CancelExecution", v1.CancelExecutionRequest, one, self._cancel),
        ]

    def _create(self, request: Any, caller: str | None) -> Any:
        given = as_json(request.execution)
        argument, labels = given.get("argument"), given.get("labels")
        document = self._model.create_execution(
            request.parent, argument, labels, options=given, caller=caller
        )
        return message_of(executions_v1.Execution, document)

    def _get(self, request: Any, caller: str | None) -> Any:
        document = self._model.get_execution(request.name, _view(request), caller=caller)
        return message_of(executions_v1.Execution, document)

    def _list(self, request: Any, caller: str | None) -> Any:
        document = self._model.list_executions(
            request.parent,
            filter_=request.filter,
            order_by=request.order_by,
            page_size=request.page_size,
            page_token=request.page_token,
            view=_view(request),
            caller=caller,
        )
        return message_of(executions_v1.ListExecutionsResponse, document)

    def _cancel(self, request: Any, caller: str | None) -> Any:
        document = self._model.cancel_execution(request.name, caller=caller)
        return message_of(executions_v1.Execution, document)


def _view(request: Any) -> str:
    """Raises Refused(INVALID_ARGUMENT) for a number that is no view."""
    return enum_value(EXECUTION_VIEW, int(request.view), "view")
