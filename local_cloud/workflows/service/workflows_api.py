"""The Workflows v1 half of the model: deployed workflows, their revisions and operations."""

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import Scheduler
from local_cloud.workflows.engine.compiler import BuildFailed
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.service import deployments
from local_cloud.workflows.service.checks import check_document, masked
from local_cloud.workflows.service.deployments import Deployment
from local_cloud.workflows.service.filter_fields import Field, instant, ordered
from local_cloud.workflows.service.filters import parse_filter
from local_cloud.workflows.service.keeping import kept_workflow
from local_cloud.workflows.service.locations import location, locations
from local_cloud.workflows.service.messages import CALL_LOG_LEVELS, HISTORY_LEVELS
from local_cloud.workflows.service.names import Projects, WorkflowName, check_workflow_id
from local_cloud.workflows.service.operations_log import (
    Operations,
    empty_response,
    workflow_response,
)
from local_cloud.workflows.service.pages import Asked, listed, page
from local_cloud.workflows.service.store import Store, StoreFailed

_API: Final = "google.cloud.workflows.v1.Workflows."


def _text(name: str) -> Field:
    return Field("text", lambda workflow: workflow.get(name))


def _time(name: str) -> Field:
    return Field("time", lambda workflow: instant(workflow.get(name)))


def _enum(name: str, values: tuple[str, ...], prefix: str = "") -> Field:
    return Field("enum", lambda workflow: workflow.get(name, values[0]), values, prefix)


# Source: the reference page names no fields for workflows; these are the resource's own.
_FIELDS: Final[Mapping[str, Field]] = {
    "name": _text("name"),
    "workflowId": Field("text", lambda workflow: workflow["name"].rpartition("/")[2]),
    "description": _text("description"),
    "state": _enum("state", ("STATE_UNSPECIFIED", "ACTIVE", "UNAVAILABLE")),
    "revisionId": _text("revisionId"),
    "createTime": _time("createTime"),
    "updateTime": _time("updateTime"),
    "revisionCreateTime": _time("revisionCreateTime"),
    "labels": Field("map", lambda workflow: workflow.get("labels"), sortable=False),
    "label": Field("map", lambda workflow: workflow.get("labels"), sortable=False),
    "serviceAccount": _text("serviceAccount"),
    "cryptoKeyName": _text("cryptoKeyName"),
    "callLogLevel": _enum("callLogLevel", CALL_LOG_LEVELS),
    "executionHistoryLevel": _enum("executionHistoryLevel", HISTORY_LEVELS),
}


class WorkflowsApi(ABC):
    """Workflows by name. What executions they have, the other half knows."""

    def __init__(
        self,
        scheduler: Scheduler,
        audit: Audit,
        rng: random.Random,
        projects: Projects,
        store: Store,
        choices: Choices,
    ) -> None:
        self.projects = projects
        self._choices = choices
        self._store = store
        self._scheduler = scheduler
        self._audit = audit
        self._rng = rng
        self._deployments: dict[WorkflowName, Deployment] = {}
        self._operations = Operations(rng, store)

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
        check_document(document)
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
        """Change the fields of the mask, or without one all of them; as an operation."""
        name = self.projects.workflow(workflow)
        self._audit.note(caller, _API + "UpdateWorkflow", str(name))
        deployment = self._deployment(name)
        before = deployment.current().document
        changed = masked(before, document, update_mask)
        check_document(changed)
        return self._revise(deployment, {**before, **changed}, "update")

    def delete_workflow(self, workflow: str, *, caller: str | None = None) -> dict[str, Any]:
        """Delete a workflow with its executions; running ones are cancelled."""
        name = self.projects.workflow(workflow)
        self._audit.note(caller, _API + "DeleteWorkflow", str(name))
        self._deployment(name)
        self._deleted(name)
        self._store.drop_workflow(str(name))
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
        """List workflows by name, those of every location for the location `-`."""
        self._audit.note(caller, _API + "ListWorkflows", parent)
        project, location = self.projects.location(parent)
        test = parse_filter(filter_, _FIELDS)
        shown = [
            self._shown(name)
            for name in sorted(self._deployments, key=str)
            if name.project == project and location in (name.location, "-")
        ]
        found = [workflow for workflow in shown if test is None or test(workflow)]
        if order_by.strip():
            found = ordered(found, order_by, _FIELDS)
        scope = ("workflows", parent, filter_, order_by)
        items, token = page(found, Asked(page_size, page_token), scope, default=500, most=1000)
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
        deployment = self._deployment(name)
        scope, asked = ("revisions", str(name)), Asked(page_size, page_token)
        items, token = page(deployment.revisions[::-1], asked, scope, default=20, most=100)
        shown = [deployments.as_json(deployment, revision, name.project) for revision in items]
        return listed("workflows", shown, token)

    def get_operation(self, name: str, *, caller: str | None = None) -> dict[str, Any]:
        self._audit.note(caller, "google.longrunning.Operations.GetOperation", name)
        return self._operations.get(name)

    def list_operations(
        self,
        parent: str,
        *,
        filter_: str = "",
        page_size: int = 0,
        page_token: str = "",
        caller: str | None = None,
    ) -> dict[str, Any]:
        self._audit.note(caller, "google.longrunning.Operations.ListOperations", parent)
        self.projects.location(parent)
        return self._operations.list(parent, filter_, Asked(page_size, page_token))

    def delete_operation(self, name: str, *, caller: str | None = None) -> None:
        """Forget an operation; what it did stays done."""
        self._audit.note(caller, "google.longrunning.Operations.DeleteOperation", name)
        self._operations.delete(name)

    def get_location(self, name: str, *, caller: str | None = None) -> dict[str, Any]:
        self._audit.note(caller, "google.cloud.location.Locations.GetLocation", name)
        return location(*self.projects.location(name))

    def list_locations(
        self, name: str, *, page_size: int = 0, page_token: str = "", caller: str | None = None
    ) -> dict[str, Any]:
        self._audit.note(caller, "google.cloud.location.Locations.ListLocations", name)
        return locations(self.projects.project(name), Asked(page_size, page_token))

    def _revise(
        self, deployment: Deployment, document: dict[str, Any], verb: str
    ) -> dict[str, Any]:
        name = deployment.name
        number = self.projects.number(name.project)
        before = list(deployment.revisions)
        try:
            deployments.revise(
                deployment,
                document,
                now=self._scheduler.now(),
                rng=self._rng,
                default_account=f"{number}-compute@developer.gserviceaccount.com",
                choices=self._choices,
            )
            self._store.workflow(kept_workflow(deployment, number))
            shown = deployments.as_json(deployment, deployment.current(), name.project)
            outcome = workflow_response(shown)
        except StoreFailed:
            deployment.revisions[:] = before
            raise
        except BuildFailed as failed:
            outcome = {"error": {"code": 3, "message": failed.problems[0].text()}}
        return self._operations.add(name.parent(), str(name), verb, self._scheduler.now(), outcome)

    def _deployment(self, name: WorkflowName) -> Deployment:
        if name not in self._deployments:
            raise Refused("NOT_FOUND", f"Workflow '{name}' was not found")
        return self._deployments[name]

    def _shown(self, name: WorkflowName, revision_id: str = "") -> dict[str, Any]:
        deployment = self._deployment(name)
        return deployments.as_json(deployment, deployment.revision(revision_id), name.project)
