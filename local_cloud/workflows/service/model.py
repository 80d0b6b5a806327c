"""The emulated Workflows: executions of deployed workflows that run on a Scheduler.

One object, two APIs (Workflows v1 in `workflows_api`, Executions v1 here); resources are the
REST documents. Nothing here opens a socket or knows how a request came.
"""

import collections
import datetime as dt
import random
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, Sender
from local_cloud.kit.quota import MinuteQuota
from local_cloud.kit.scheduler import Scheduler
from local_cloud.kit.tokens import Tokens
from local_cloud.workflows.engine import effects
from local_cloud.workflows.language import json_text
from local_cloud.workflows.service import deployments, filters
from local_cloud.workflows.service.callbacks import request_map
from local_cloud.workflows.service.deployments import Revision
from local_cloud.workflows.service.endpoints import Directed
from local_cloud.workflows.service.names import Projects, WorkflowName, timestamp
from local_cloud.workflows.service.run import Run, World
from local_cloud.workflows.service.settings import WorkflowsSettings
from local_cloud.workflows.service.workflows_api import WorkflowsApi, listed

__all__ = ["WorkflowsModel", "WorkflowsSettings"]

ARGUMENT_BYTES_MAX: Final = 512 * 1024
_RUN_API: Final = "google.cloud.workflows.executions.v1.Executions."
_REQUEST_FIELDS: Final = (
    *("callLogLevel", "executionHistoryLevel", "disableConcurrencyQuotaOverflowBuffering"),
)


class WorkflowsModel(WorkflowsApi):
    """Observers: `on_log` gets log entries, `on_state_change` gets executions (view FULL)."""

    def __init__(
        self,
        scheduler: Scheduler,
        sender: Sender,
        tokens: Tokens,
        audit: Audit,
        rng: random.Random,
        settings: WorkflowsSettings,
        *,
        project_number: str = "123456789012",
    ) -> None:
        self.on_log: list[Callable[[dict[str, Any]], None]] = []
        self.on_state_change: list[Callable[[dict[str, Any]], None]] = []
        super().__init__(scheduler, audit, rng, Projects(project_number))
        self._settings = settings
        self._world = World(
            scheduler,
            Directed(sender, settings.endpoints),
            tokens,
            rng,
            settings.callback_base_url,
            self._ended,
            self._logged,
        )
        self._runs: dict[WorkflowName, dict[str, Run]] = {}
        self._active: collections.Counter[str] = collections.Counter()
        self._queued: dict[str, collections.deque[Run]] = {}
        self._quotas = {
            kind: MinuteQuota(
                scheduler,
                metric=f"workflowexecutions.googleapis.com/{kind}_requests",
                limit=f"{kind.capitalize()} requests per minute per region",
                service="workflowexecutions.googleapis.com",
                per_minute=per_minute,
            )
            for kind, per_minute in (
                ("write", settings.writes_per_minute),
                ("read", settings.reads_per_minute),
                ("list", settings.lists_per_minute),
            )
        }

    def _created(self, name: WorkflowName) -> None:
        self._runs[name] = {}

    def _deleted(self, name: WorkflowName) -> None:
        # The queued first: they must not start when the running ones make room.
        for run in reversed(list(self._runs[name].values())):
            if run.ended is None:
                run.cancel()
        del self._runs[name]

    def create_execution(
        self,
        parent: str,
        argument_json: str | None = None,
        labels: Mapping[str, str] | None = None,
        *,
        options: Mapping[str, Any] | None = None,
        caller: str | None = None,
    ) -> dict[str, Any]:
        """Start an execution; return it ACTIVE, or QUEUED beyond the concurrency quota.

        `options` are further fields of the Execution in the request, by JSON name.
        """
        name = self.projects.workflow(parent)
        self._audit.note(caller, _RUN_API + "CreateExecution", str(name))
        given = dict(options or {})
        buffered = not given.get("disableConcurrencyQuotaOverflowBuffering", False)
        return self._create(name, argument_json, labels or {}, given, buffered=buffered)

    def trigger_pubsub_execution(
        self, workflow_name: str, cloud_event: dict[str, Any], *, caller: str | None = None
    ) -> dict[str, Any]:
        """Deliver an event as Eventarc does; returns once the execution has started.

        Beyond the concurrency quota it is refused, not queued, for the transport to try again.
        """
        name = self.projects.workflow(workflow_name)
        self._audit.note(caller, _RUN_API + "TriggerPubsubExecution", str(name))
        return self._create(name, json_text.encode(cloud_event), {}, {}, buffered=False)

    def get_execution(
        self, name: str, view: str = "FULL", *, caller: str | None = None
    ) -> dict[str, Any]:
        self._audit.note(caller, _RUN_API + "GetExecution", name)
        run = self._run(name)
        self._take("read", run.workflow)
        return run.basic() if view == "BASIC" else run.full()

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
        self._audit.note(caller, _RUN_API + "ListExecutions", str(name))
        self._deployment(name)
        self._take("list", name)
        runs = {run.name: run for run in reversed(self._runs[name].values())}
        shown = [{**run.basic(), "labels": run.document.get("labels")} for run in runs.values()]
        test = filters.parse_filter(filter_)
        found = filters.ordered([document for document in shown if test(document)], order_by)
        full = view == "FULL"
        items, token = filters.page(
            found, page_size, page_token, default=100, most=100 if full else 1000
        )
        picked = [runs[document["name"]] for document in items]
        return listed("executions", [run.full() if full else run.basic() for run in picked], token)

    def cancel_execution(self, name: str, *, caller: str | None = None) -> dict[str, Any]:
        """Cancel now. One that has ended is refused (its real code is not documented)."""
        self._audit.note(caller, _RUN_API + "CancelExecution", name)
        run = self._run(name)
        self._take("write", run.workflow)
        if run.ended is not None:
            raise Refused(
                "FAILED_PRECONDITION", f"Execution '{name}' has ended and cannot be cancelled"
            )
        run.cancel()
        return run.full()

    def list_callbacks(self, name: str, *, caller: str | None = None) -> dict[str, Any]:
        self._audit.note(caller, _RUN_API + "ListCallbacks", name)
        run = self._run(name)
        endpoints = sorted(run.endpoints.values(), key=lambda endpoint: endpoint.callback_id)
        return listed("callbacks", [endpoint.as_json(run.name) for endpoint in endpoints], "")

    def send_callback(self, execution: str, callback_id: str, request: ApiRequest) -> None:
        """Bring a request to a callback endpoint; its door has read `request.caller`.

        Raises Refused: NOT_FOUND (no such endpoint, other method, or the execution has ended),
        RESOURCE_EXHAUSTED (a request is waiting already).
        """
        method = _RUN_API + "SendHttpCallback"
        self._audit.note(request.caller, method, f"{execution}/callbacks/{callback_id}")
        run = self._run(execution)
        endpoint = run.endpoints.get(callback_id)
        if run.ended is not None or endpoint is None or endpoint.method != request.method:
            raise Refused("NOT_FOUND", f"Callback '{callback_id}' was not found")
        run.offer(endpoint, request_map(request, endpoint.url, self._scheduler.now()))

    def _create(
        self,
        name: WorkflowName,
        argument_json: str | None,
        labels: Mapping[str, str],
        options: Mapping[str, Any],
        *,
        buffered: bool,
    ) -> dict[str, Any]:
        revision = self._deployment(name).current()
        self._take("write", name)
        document = _execution_document(argument_json, labels, options, revision)
        run = Run(
            self._world,
            name,
            self._new_id(),
            revision,
            document,
            self.projects.number(name.project),
        )
        has_room = self._has_room(name, buffered=buffered)
        self._runs[name][run.execution_id] = run
        if has_room:
            self._begin(run)
        else:
            self._queued.setdefault(name.parent(), collections.deque()).append(run)
            self._changed(run)
        return run.full()

    def _has_room(self, name: WorkflowName, *, buffered: bool) -> bool:
        """Whether one more may run now; raises Refused if it may not even wait."""
        place = name.parent()
        if self._active[place] < self._settings.concurrent_executions_max:
            return True
        waiting = len(self._queued.get(place, ()))
        if not buffered or waiting >= self._settings.queued_executions_max:
            raise Refused(
                "RESOURCE_EXHAUSTED",
                "Quota exceeded for quota metric 'Concurrent executions' and limit 'Concurrent"
                f" executions per region' of '{place}'.",
            )
        return False

    def _begin(self, run: Run) -> None:
        self._active[run.workflow.parent()] += 1
        run.begin(json_text.decode(run.document["argument"]))
        self._changed(run)

    def _ended(self, run: Run) -> None:
        place = run.workflow.parent()
        queued = self._queued.get(place, collections.deque())
        if run.started is None:
            queued.remove(run)
        else:
            self._active[place] -= 1
        self._changed(run)
        if queued and self._active[place] < self._settings.concurrent_executions_max:
            self._begin(queued.popleft())

    def _changed(self, run: Run) -> None:
        for observer in self.on_state_change:
            observer(run.full())

    def _logged(self, run: Run, log: effects.Log) -> None:
        entry = _log_entry(run, log, self._scheduler.now())
        for observer in self.on_log:
            observer(entry)

    def _run(self, name: str) -> Run:
        workflow, execution_id = self.projects.execution(name)
        run = self._runs.get(workflow, {}).get(execution_id)
        if run is None:
            raise Refused("NOT_FOUND", f"Execution '{name}' was not found")
        return run

    def _take(self, kind: str, name: WorkflowName) -> None:
        self._quotas[kind].take(name.parent())

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))


def _execution_document(
    argument_json: str | None,
    labels: Mapping[str, str],
    options: Mapping[str, Any],
    revision: Revision,
) -> dict[str, Any]:
    """Return what an Execution takes over from its request. Raises Refused."""
    argument = argument_json or "null"
    if len(argument.encode("utf-8", "replace")) > ARGUMENT_BYTES_MAX:
        raise Refused("INVALID_ARGUMENT", "argument is larger than 512 KB")
    try:
        json_text.decode(argument)
    except json_text.NotJson:
        raise Refused("INVALID_ARGUMENT", "argument is not valid JSON") from None
    deployments.check_labels(labels)
    every = {**(revision.document["labels"] or {}), **labels}
    document: dict[str, Any] = {"argument": argument}
    if every:
        document["labels"] = every
    document |= {key: options[key] for key in _REQUEST_FIELDS if options.get(key)}
    document.setdefault("callLogLevel", revision.document["callLogLevel"])
    return document


def _log_entry(run: Run, log: effects.Log, now: dt.datetime) -> dict[str, Any]:
    """Return a Cloud Logging entry. The log's name is from memory (reference section 3, [M])."""
    name = run.workflow
    entry: dict[str, Any] = {
        "logName": f"projects/{name.project}/logs/workflows.googleapis.com%2Fstdlib",
        "resource": {
            "type": "workflows.googleapis.com/Workflow",
            "labels": {
                "project_id": name.project,
                "location": name.location,
                "workflow_id": name.workflow,
            },
        },
        "labels": {
            "workflows.googleapis.com/execution_id": run.execution_id,
            "workflows.googleapis.com/revision_id": run.revision.revision_id,
        },
        "severity": log.severity,
        "timestamp": timestamp(now),
    }
    entry["textPayload" if isinstance(log.payload, str) else "jsonPayload"] = log.payload
    return entry
