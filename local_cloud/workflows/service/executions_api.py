"""The Executions v1 half of the model, but what begins and ends executions."""

from abc import abstractmethod
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest
from local_cloud.workflows.language import json_text
from local_cloud.workflows.service import entries
from local_cloud.workflows.service.callbacks import check_method, request_map
from local_cloud.workflows.service.entries import History
from local_cloud.workflows.service.executions import Executions
from local_cloud.workflows.service.filter_fields import ordered
from local_cloud.workflows.service.filters import parse_filter
from local_cloud.workflows.service.names import WorkflowName
from local_cloud.workflows.service.pages import Asked, listed, page
from local_cloud.workflows.service.run import Run
from local_cloud.workflows.service.watchers import history_of
from local_cloud.workflows.service.workflows_api import WorkflowsApi

API: Final = "google.cloud.workflows.executions.v1.Executions."
_HISTORY_API: Final = "google.cloud.workflows.executions.v1.ExecutionHistory."


class ExecutionsApi(WorkflowsApi):
    """What is asked of executions by name."""

    _executions: dict[WorkflowName, Executions]

    @abstractmethod
    def _take(self, kind: str, name: WorkflowName) -> None:
        """Count a call against a quota. Raises Refused(RESOURCE_EXHAUSTED)."""

    @abstractmethod
    def _retire(self) -> None:
        """Forget executions that ended longer ago than they are kept."""

    def get_execution(
        self, name: str, view: str = "FULL", *, caller: str | None = None
    ) -> dict[str, Any]:
        self._audit.note(caller, API + "GetExecution", name)
        run = self._run(name)
        self._take("read", run.workflow)
        return run.basic() if view == "BASIC" else self._full(run)

    def list_executions(
        self,
        parent: str,
        *,
        filter_: str = "",
        order_by: str = "",
        page_size: int = 0,
        page_token: str = "",
        view: str = "BASIC",
        caller: str | None = None,
    ) -> dict[str, Any]:
        """List executions, the newest first unless `order_by` says otherwise."""
        name = self.projects.workflow(parent)
        self._audit.note(caller, API + "ListExecutions", str(name))
        self._deployment(name)
        self._take("list", name)
        self._retire()
        full, asked = view == "FULL", Asked(page_size, page_token)
        runs, token = self._executions[name].page(
            str(name), filter_, order_by, asked, 100 if full else 1000
        )
        return listed(
            "executions", [self._full(one) if full else one.basic() for one in runs], token
        )

    def cancel_execution(self, name: str, *, caller: str | None = None) -> dict[str, Any]:
        """Cancel now. One that has ended is refused (its real code is not documented)."""
        self._audit.note(caller, API + "CancelExecution", name)
        run = self._run(name)
        self._take("write", run.workflow)
        if run.ended is not None:
            raise Refused(
                "FAILED_PRECONDITION", f"Execution '{name}' has ended and cannot be cancelled"
            )
        run.cancel()
        return self._full(run)

    def export_data(self, name: str, *, caller: str | None = None) -> dict[str, Any]:
        """Return what is known of an execution, as JSON text.

        What stands in the text is a guess: the execution and its step entries.
        """
        self._audit.note(caller, API + "ExportData", name)
        run = self._run(name)
        self._take("read", run.workflow)
        documents = self._entries(run)
        data = {"execution": self._full(run), **({"stepEntries": documents} if documents else {})}
        return {"data": json_text.encode(data, lenient=True)}

    def delete_execution_history(self, name: str, *, caller: str | None = None) -> None:
        """Delete the step entries of an execution."""
        self._audit.note(caller, _HISTORY_API + "DeleteExecutionHistory", name)
        run = self._run(name)
        self._take("write", run.workflow)
        history = history_of(run.watcher)
        if history is not None:
            history.clear()

    def list_callbacks(
        self,
        name: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        caller: str | None = None,
    ) -> dict[str, Any]:
        """List callback endpoints, ordered by id."""
        self._audit.note(caller, API + "ListCallbacks", name)
        run = self._run(name)
        self._take("list", run.workflow)
        every = sorted(run.endpoints.values(), key=lambda endpoint: endpoint.callback_id)
        asked, scope = Asked(page_size, page_token), ("callbacks", run.name)
        items, token = page(every, asked, scope, default=100, most=100)
        return listed("callbacks", [one.as_json(run.name) for one in items], token)

    def send_callback(self, execution: str, callback_id: str, request: ApiRequest) -> None:
        """Bring a request to a callback endpoint; its door has read `request.caller`.

        Raises Refused: NOT_FOUND (no such endpoint, other method, or the execution has ended),
        RESOURCE_EXHAUSTED (a request is waiting already).
        """
        method = API + "SendHttpCallback"
        self._audit.note(request.caller, method, f"{execution}/callbacks/{callback_id}")
        run = self._run(execution)
        endpoint = run.endpoints.get(callback_id)
        if run.ended is not None or endpoint is None:
            raise Refused("NOT_FOUND", f"Callback '{callback_id}' was not found")
        check_method(endpoint, request.method, self._choices)
        received = self._scheduler.now()
        run.offer(endpoint, request_map(request, endpoint.url, received, self._choices))

    def get_step_entry(
        self, name: str, view: str = "", *, caller: str | None = None
    ) -> dict[str, Any]:
        self._audit.note(caller, _HISTORY_API + "GetStepEntry", name)
        execution, entry_id = self.projects.inside(name, "stepEntries")
        run = self._run(execution)
        self._take("read", run.workflow)
        history = history_of(run.watcher)
        if history is None:
            raise Refused("NOT_FOUND", f"Step entry '{name}' was not found")
        return _seen(history.document(history.find(entry_id), run.name, run.state), view)

    def list_step_entries(
        self,
        parent: str,
        *,
        filter_: str = "",
        order_by: str = "",
        page_size: int = 0,
        page_token: str = "",
        skip: int = 0,
        view: str = "",
        caller: str | None = None,
    ) -> dict[str, Any]:
        """List step entries by id; `skip` leaves out that many, from where the page begins."""
        self._audit.note(caller, _HISTORY_API + "ListStepEntries", parent)
        run = self._run(parent)
        self._take("list", run.workflow)
        if skip < 0:
            raise Refused("INVALID_ARGUMENT", "skip must not be negative")
        test = parse_filter(filter_, entries.FIELDS)
        found = [one for one in self._entries(run) if test is None or test(one)]
        if order_by.strip():
            found = ordered(found, order_by, entries.FIELDS)
        asked, scope = Asked(page_size, page_token), ("entries", run.name, filter_, order_by)
        items, token = page(found, asked, scope, default=1000, most=1000, skip=skip)
        shown = listed("stepEntries", [_seen(one, view) for one in items], token)
        return {**shown, "totalSize": len(found)} if found else shown

    def _entries(self, run: Run) -> list[dict[str, Any]]:
        history: History | None = history_of(run.watcher)
        if history is None:
            return []
        return [history.document(one, run.name, run.state) for one in history.entries]

    def _full(self, run: Run) -> dict[str, Any]:
        """Return the resource; one that succeeded tells the step that it ended with."""
        shown = run.full()
        history = history_of(run.watcher)
        last = history.last() if history is not None and "status" not in shown else None
        if last is not None and run.ended is not None:
            shown["status"] = {"currentSteps": [{"routine": last.routine, "step": last.step}]}
        return shown

    def _run(self, name: str) -> Run:
        self._retire()
        workflow, execution_id = self.projects.execution(name)
        found = self._executions.get(workflow)
        run = found.get(execution_id) if found is not None else None
        if run is None:
            raise Refused("NOT_FOUND", f"Execution '{name}' was not found")
        return run


def _seen(entry: dict[str, Any], view: str) -> dict[str, Any]:
    if view != "EXECUTION_ENTRY_VIEW_BASIC":
        return entry
    return {name: value for name, value in entry.items() if name != "variableData"}
