"""The Workflows v1 half of the model: deployed workflows, their revisions and operations."""

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import Scheduler
from local_cloud.workflows.engine.compiler import BuildFailed
from local_cloud.workflows.service import deployments, filters
from local_cloud.workflows.service.deployments import Deployment
from local_cloud.workflows.service.names import Projects, WorkflowName, check_workflow_id
from local_cloud.workflows.service.operations_log import (
    Operations,
    empty_response,
    workflow_response,
)

_API: Final = "google.cloud.workflows.v1.Workflows."


class WorkflowsApi(ABC):
    """Workflows by name. What executions they have, the other half knows."""

    def __init__(
        self, scheduler: Scheduler, audit: Audit, rng: random.Random, projects: Projects
    ) -> None:
        self.projects = projects
        self._scheduler = scheduler
        self._audit = audit
        self._rng = rng
        self._deployments: dict[WorkflowName, Deployment] = {}
        self._operations = Operations(rng)

    @abstractmethod
    def _created(self, name: WorkflowName) -> None:
        """A workflow of this name is there from now on."""

    @abstractmethod
    def _deleted(self, name: WorkflowName) -> None:
        """The workflow is being deleted: its executions go with it."""

    def deploy(
        self,
        project: str,
        location: str,
        workflow_id: str,
        source: str,
        *,
        service_account: str = "",
        env: Mapping[str, str] | None = None,
        caller: str | None = None,
    ) -> dict[str, Any]:
        """Create or update a workflow; return the resource. Raises Refused with its errors."""
        document = {
            "sourceContents": source,
            "serviceAccount": service_account,
            "userEnvVars": dict(env or {}),
        }
        parent = f"projects/{project}/locations/{location}"
        if self.projects.workflow(f"{parent}/workflows/{workflow_id}") in self._deployments:
            operation = self.update_workflow(
                f"{parent}/workflows/{workflow_id}", document, ",".join(document), caller=caller
            )
        else:
            operation = self.create_workflow(parent, workflow_id, document, caller=caller)
        if "error" in operation:
            raise Refused("INVALID_ARGUMENT", operation["error"]["message"])
        return self._shown(self.projects.workflow(f"{parent}/workflows/{workflow_id}"))

    def create_workflow(
        self, parent: str, workflow_id: str, document: dict[str, Any], *, caller: str | None = None
    ) -> dict[str, Any]:
        """Return the operation; what does not build is an error in it, code 3."""
        project, location = self.projects.location(parent)
        name = WorkflowName(project, location, workflow_id)
        self._audit.note(caller, _API + "CreateWorkflow", str(name))
        check_workflow_id(workflow_id)
        deployments.check_document(document)
        if name in self._deployments:
            raise Refused("ALREADY_EXISTS", f"Resource '{name}' already exists")
        self.projects.number(project)
        made = Deployment(name, self._scheduler.now())
        operation = self._revise(made, document, "create")
        if "error" not in operation:
            self._deployments[name] = made
            self._created(name)
        return operation

    def update_workflow(
        self,
        workflow: str,
        document: dict[str, Any],
        update_mask: str = "",
        *,
        caller: str | None = None,
    ) -> dict[str, Any]:
        """Change the fields of the mask, or without one all that are given; as an operation."""
        name = self.projects.workflow(workflow)
        self._audit.note(caller, _API + "UpdateWorkflow", str(name))
        deployment = self._deployment(name)
        mask = [_camel(path) for path in update_mask.split(",") if path.strip()]
        unknown = [path for path in mask if path.partition(".")[0] not in deployments.WRITABLE]
        if unknown:
            raise Refused("INVALID_ARGUMENT", f"invalid field in update_mask: {unknown[0]}")
        wanted = [path.partition(".")[0] for path in mask] or [
            key for key in document if key in deployments.WRITABLE
        ]
        changes = {key: document.get(key) or deployments.WRITABLE[key] for key in wanted}
        deployments.check_document(changes)
        return self._revise(deployment, {**deployment.current().document, **changes}, "update")

    def delete_workflow(self, workflow: str, *, caller: str | None = None) -> dict[str, Any]:
        """Delete a workflow with its executions; running ones are cancelled."""
        name = self.projects.workflow(workflow)
        self._audit.note(caller, _API + "DeleteWorkflow", str(name))
        self._deployment(name)
        self._deleted(name)
        del self._deployments[name]
        return self._operations.add(
            name.parent(), str(name), "delete", self._scheduler.now(), empty_response()
        )

    def get_workflow(
        self, workflow: str, revision_id: str = "", *, caller: str | None = None
    ) -> dict[str, Any]:
        name = self.projects.workflow(workflow)
        self._audit.note(caller, _API + "GetWorkflow", str(name))
        return self._shown(name, revision_id)

    def list_workflows(
        self,
        parent: str,
        *,
        filter_: str = "",
        order_by: str = "",
        page_size: int = 0,
        page_token: str = "",
        caller: str | None = None,
    ) -> dict[str, Any]:
        self._audit.note(caller, _API + "ListWorkflows", parent)
        place = self.projects.location(parent)
        test = filters.parse_filter(filter_)
        shown = [
            self._shown(name)
            for name in sorted(self._deployments, key=str)
            if place in {(name.project, name.location), (name.project, "-")}
        ]
        found = filters.ordered([workflow for workflow in shown if test(workflow)], order_by)
        items, token = filters.page(found, page_size, page_token, default=500, most=1000)
        return listed("workflows", items, token)

    def list_revisions(
        self,
        workflow: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        caller: str | None = None,
    ) -> dict[str, Any]:
        """List the revisions, the newest first."""
        name = self.projects.workflow(workflow)
        self._audit.note(caller, _API + "ListWorkflowRevisions", str(name))
        newest_first = self._deployment(name).revisions[::-1]
        items, token = filters.page(newest_first, page_size, page_token, default=20, most=100)
        shown = [deployments.as_json(revision, name.project) for revision in items]
        return listed("workflows", shown, token)

    def get_operation(self, name: str, *, caller: str | None = None) -> dict[str, Any]:
        self._audit.note(caller, "google.longrunning.Operations.GetOperation", name)
        return self._operations.get(name)

    def list_operations(self, parent: str, *, caller: str | None = None) -> dict[str, Any]:
        self._audit.note(caller, "google.longrunning.Operations.ListOperations", parent)
        return listed("operations", self._operations.of(parent), "")

    def _revise(
        self, deployment: Deployment, document: dict[str, Any], verb: str
    ) -> dict[str, Any]:
        name = deployment.name
        number = self.projects.number(name.project)
        try:
            deployments.revise(
                deployment,
                document,
                now=self._scheduler.now(),
                rng=self._rng,
                default_account=f"{number}-compute@developer.gserviceaccount.com",
            )
            shown = deployments.as_json(deployment.current(), name.project)
            outcome = workflow_response(shown)
        except BuildFailed as failed:
            outcome = {"error": {"code": 3, "message": failed.problems[0].text()}}
        return self._operations.add(name.parent(), str(name), verb, self._scheduler.now(), outcome)

    def _deployment(self, name: WorkflowName) -> Deployment:
        if name not in self._deployments:
            raise Refused("NOT_FOUND", f"Workflow '{name}' was not found")
        return self._deployments[name]

    def _shown(self, name: WorkflowName, revision_id: str = "") -> dict[str, Any]:
        revision = self._deployment(name).revision(revision_id)
        return deployments.as_json(revision, name.project)


def _camel(path: str) -> str:
    head, *rest = path.strip().split("_")
    return head + "".join(part.capitalize() for part in rest)


def listed(field: str, items: Any, token: str) -> dict[str, Any]:
    """Return a list response; what is empty is left out, as in proto JSON."""
    found: dict[str, Any] = {field: list(items)} if items else {}
    if token:
        found["nextPageToken"] = token
    return found
