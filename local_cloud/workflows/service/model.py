"""The emulated Workflows: executions of deployed workflows that run on a Scheduler.

One object, two APIs (Workflows v1 in `workflows_api`, Executions v1 in `executions_api`; here
what begins and ends executions); resources are the REST documents. Nothing here opens a socket
or knows how a request came.
"""

import collections
import contextlib
import datetime as dt
import random
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Sender
from local_cloud.kit.scheduler import Scheduler
from local_cloud.kit.tokens import Tokens
from local_cloud.workflows.engine.watching import Watcher
from local_cloud.workflows.language import json_text
from local_cloud.workflows.service.endpoints import Directed
from local_cloud.workflows.service.executions import Executions
from local_cloud.workflows.service.executions_api import API, ExecutionsApi
from local_cloud.workflows.service.keeping import deployment_of
from local_cloud.workflows.service.names import Projects, WorkflowName
from local_cloud.workflows.service.observers import Observers
from local_cloud.workflows.service.requests import UNBUFFERED, execution_document, quotas
from local_cloud.workflows.service.run import Run
from local_cloud.workflows.service.settings import WorkflowsSettings
from local_cloud.workflows.service.store import (
    Kept,
    StoreFailed,
    StoreUnusable,
    damaged,
    open_store,
)
from local_cloud.workflows.service.watchers import Histories, history_of
from local_cloud.workflows.service.world import World

__all__ = ["WorkflowsModel", "WorkflowsSettings"]

KEPT_FOR: Final = dt.timedelta(days=90)
"""Source: https://cloud.google.com/workflows/quotas, retention of executions that have ended."""


class WorkflowsModel(ExecutionsApi):
    """Observers: `on_log` gets log entries, `on_state_change` gets executions (view FULL).

    `watcher` says who else sees the steps of an execution; it is asked before the first.
    """

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
        watcher: Callable[[Run], Watcher | None] = lambda _: None,
    ) -> None:
        self._observers = Observers(scheduler, settings, watcher, self._full)
        self.on_log = self._observers.on_log
        self.on_state_change = self._observers.on_state_change
        store = open_store(settings.store_path)
        super().__init__(scheduler, audit, rng, Projects(project_number), store, settings.choices)
        self._settings = settings
        self._world = World(
            scheduler,
            Directed(sender, settings.endpoints),
            tokens,
            rng,
            settings.callback_base_url,
            self._ended,
            self._observers.logged,
            self._observers.watch,
            settings.choices,
            store,
        )
        self._executions = {}
        self._active: collections.Counter[str] = collections.Counter()
        self._queued: dict[str, dict[str, Run]] = {}
        """By place, then by execution id, in the order in which they came."""
        self._over: collections.deque[Run] = collections.deque()
        """What has ended, in that order."""
        self._histories = Histories(settings.step_entries_max)
        self._quotas = quotas(scheduler, settings)
        if settings.store_path is not None:
            self._load(settings.store_path)

    def go_on(self) -> None:
        """Do again what was under way when the store was left, once the world is there.

        Executions send their unanswered requests again, and sleep on. Safe to repeat.
        """
        for run in self.runs():
            run.go_on()
        for place in list(self._queued):
            self._fill(place)

    def close(self) -> None:
        """Let go of the store. Nothing may be asked afterwards."""
        self._store.close()

    def _load(self, path: str) -> None:
        try:
            self._learn(self._store.load())
        except StoreUnusable:
            self._store.close()
            raise
        except (LookupError, TypeError, ValueError, Refused) as error:
            self._store.close()
            raise damaged(path) from error

    def _learn(self, kept: Kept) -> None:
        """Take over what the store kept; executions stand still until `go_on`."""
        self._operations.learn(kept.operations)
        for workflow in kept.workflows:
            deployment = deployment_of(workflow, self.projects, self._settings.choices)
            self._deployments[deployment.name] = deployment
            self._executions[deployment.name] = Executions()
        for execution in kept.executions:
            name = self.projects.workflow(execution.workflow)
            revision = self._deployments[name].revision(execution.revision_id)
            number = self.projects.number(name.project)
            run = Run.kept(self._world, name, revision, execution, number)
            self._executions[name].add(run)
            self._active[name.parent()] += run.state == "ACTIVE"
            if run.state == "QUEUED":
                self._queued.setdefault(name.parent(), {})[run.execution_id] = run
        ended = [run for run in self.runs() if run.ended is not None]
        self._over.extend(sorted(ended, key=lambda run: run.ended or run.created))

    def runs(self) -> list[Run]:
        """Return every execution there is."""
        return [run for runs in self._executions.values() for run in runs]

    def _created(self, name: WorkflowName) -> None:
        self._executions[name] = Executions()

    def _deleted(self, name: WorkflowName) -> None:
        # The queued first: they must not start when the running ones make room.
        for run in reversed(list(self._executions[name])):
            if run.ended is None:
                run.cancel()
            _clear(run)
        del self._executions[name]

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
        self._audit.note(caller, API + "CreateExecution", str(name))
        given = dict(options or {})
        buffered = not given.get(UNBUFFERED, False)
        return self._create(name, argument_json, labels or {}, given, buffered=buffered)

    def trigger_pubsub_execution(
        self, workflow_name: str, cloud_event: dict[str, Any], *, caller: str | None = None
    ) -> dict[str, Any]:
        """Deliver an event as Eventarc does; returns once the execution has started.

        Beyond the concurrency quota it is refused, not queued, for the transport to try again.
        """
        name = self.projects.workflow(workflow_name)
        self._audit.note(caller, API + "TriggerPubsubExecution", str(name))
        return self._create(name, json_text.encode(cloud_event), {}, {}, buffered=False)

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
        document = execution_document(argument_json, labels, options, revision)
        run = Run(
            self._world,
            name,
            self._new_id(),
            revision,
            document,
            self.projects.number(name.project),
        )
        has_room = self._has_room(name, buffered=buffered)
        run.keep(active=has_room)
        self._executions[name].add(run)
        if has_room:
            self._begin(run)
        else:
            self._queued.setdefault(name.parent(), {})[run.execution_id] = run
            self._observers.changed(run)
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
        """Raises StoreFailed, and then it stays QUEUED."""
        run.begin()
        self._active[run.workflow.parent()] += 1
        self._observers.changed(run)

    def _ended(self, run: Run) -> None:
        place = run.workflow.parent()
        if run.started is None:
            self._queued[place].pop(run.execution_id, None)
        else:
            self._active[place] -= 1
        if run.ended is not None:
            self._over.append(run)
        history = history_of(run.watcher)
        if history is not None:
            self._histories.add(history)
        self._observers.changed(run)
        self._fill(place)

    def _fill(self, place: str) -> None:
        """Begin the executions that have waited longest, as far as there is room.

        What the store does not take waits on, until another one ends.
        """
        queued = self._queued.get(place)
        while queued and self._active[place] < self._settings.concurrent_executions_max:
            execution_id, run = next(iter(queued.items()))
            del queued[execution_id]
            try:
                self._begin(run)
            except StoreFailed:
                queued = self._queued[place] = {execution_id: run, **queued}
                return

    def _retire(self) -> None:
        oldest = self._scheduler.now() - KEPT_FOR
        while self._over and (self._over[0].ended or oldest) < oldest:
            run = self._over.popleft()
            executions = self._executions.get(run.workflow)
            if executions is not None and executions.get(run.execution_id) is run:
                # What the store does not let go of is there again after a start, and goes then.
                with contextlib.suppress(StoreFailed):
                    self._store.drop(run.number)
                executions.forget(run)
                _clear(run)

    def _take(self, kind: str, name: WorkflowName) -> None:
        self._quotas[kind].take(name.parent())

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))


def _clear(run: Run) -> None:
    history = history_of(run.watcher)
    if history is not None:
        history.clear()
