"""Workflows v1 over gRPC, for the official clients."""

from typing import Any, Final

from google.cloud import workflows_v1
from google.longrunning import operations_pb2

from local_cloud.kit.grpc_door import Method
from local_cloud.workflows.service.grpc_messages import as_json, message_of, operation_of
from local_cloud.workflows.service.model import WorkflowsModel

SERVICE: Final = "google.cloud.workflows.v1.Workflows"


class WorkflowsDoor:
    """The calls of one model. Each takes the request and the caller, None for nobody known."""

    def __init__(self, model: WorkflowsModel) -> None:
        self._model = model

    def methods(self) -> list[Method]:
        v1, done = workflows_v1, operations_pb2.Operation
        listed, revisions = v1.ListWorkflowsResponse, v1.ListWorkflowRevisionsResponse
        asked = v1.ListWorkflowRevisionsRequest
        return [
            Method("CreateWorkflow", v1.CreateWorkflowRequest, done, self._create),
            Method("UpdateWorkflow", v1.UpdateWorkflowRequest, done, self._update),
            Method("DeleteWorkflow", v1.DeleteWorkflowRequest, done, self._delete),
            Method("GetWorkflow", v1.GetWorkflowRequest, v1.Workflow, self._get),
            Method("ListWorkflows", v1.ListWorkflowsRequest, listed, self._list),
            Method("ListWorkflowRevisions", asked, revisions, self._list_revisions),
        ]

    def _create(self, request: Any, caller: str | None) -> Any:
        document = as_json(request.workflow)
        return operation_of(
            self._model.create_workflow(
                request.parent, request.workflow_id, document, caller=caller
            )
        )

    def _update(self, request: Any, caller: str | None) -> Any:
        mask = ",".join(request.update_mask.paths)
        document = as_json(request.workflow)
        return operation_of(
            self._model.update_workflow(request.workflow.name, document, mask, caller=caller)
        )

    def _delete(self, request: Any, caller: str | None) -> Any:
        return operation_of(self._model.delete_workflow(request.name, caller=caller))

    def _get(self, request: Any, caller: str | None) -> Any:
        document = self._model.get_workflow(request.name, request.revision_id, caller=caller)
        return message_of(workflows_v1.Workflow, document)

    def _list(self, request: Any, caller: str | None) -> Any:
        document = self._model.list_workflows(
            request.parent,
            filter_=request.filter,
            order_by=request.order_by,
            page_size=request.page_size,
            page_token=request.page_token,
            caller=caller,
        )
        return message_of(workflows_v1.ListWorkflowsResponse, document)

    def _list_revisions(self, request: Any, caller: str | None) -> Any:
        document = self._model.list_revisions(
            request.name,
            page_size=request.page_size,
            page_token=request.page_token,
            caller=caller,
        )
        return message_of(workflows_v1.ListWorkflowRevisionsResponse, document)
