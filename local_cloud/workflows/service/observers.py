"""Who is told of executions: of their logs and states, and who sees their steps."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from local_cloud.kit.scheduler import Scheduler
from local_cloud.workflows.engine import effects
from local_cloud.workflows.engine.watching import Watcher
from local_cloud.workflows.service import call_logs
from local_cloud.workflows.service.entries import History
from local_cloud.workflows.service.messages import HISTORY_LEVELS
from local_cloud.workflows.service.names import timestamp
from local_cloud.workflows.service.run import Run
from local_cloud.workflows.service.settings import WorkflowsSettings
from local_cloud.workflows.service.watchers import together

_LOGGED: Final = ("ACTIVE", "SUCCEEDED", "FAILED", "CANCELLED")
"""The states that ExecutionsSystemLog has."""


class Observers:
    """`on_log` gets log entries, `on_state_change` gets executions as `shown` has them.

    `watcher` says who else sees the steps of an execution; it is asked before the first.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        settings: WorkflowsSettings,
        watcher: Callable[[Run], Watcher | None],
        shown: Callable[[Run], dict[str, Any]],
    ) -> None:
        self.on_log: list[Callable[[dict[str, Any]], None]] = []
        self.on_state_change: list[Callable[[dict[str, Any]], None]] = []
        self._scheduler = scheduler
        self._settings = settings
        self._watcher = watcher
        self._shown = shown

    def watch(self, run: Run) -> Watcher | None:
        """Return who sees the steps of an execution: nobody costs nothing."""
        every: list[Watcher] = []
        asked = self._watcher(run)
        if asked is not None:
            every.append(asked)
        level = run.document.get("callLogLevel")
        if level in ("LOG_ALL_CALLS", "LOG_ERRORS_ONLY"):
            emit = partial(self._log, run)
            later = partial(self._later, run)
            every.append(call_logs.CallLog(run.execution_id, level, emit, later))
        if self._settings.step_entries == "default":
            detailed = run.document.get("executionHistoryLevel") == HISTORY_LEVELS[2]
            every.append(History(detailed=detailed))
        return together(every)

    def changed(self, run: Run) -> None:
        """Tell that an execution has another state."""
        if self.on_log and run.state in _LOGGED:
            at = timestamp(self._scheduler.now())
            self._log(run, call_logs.EXECUTIONS_SYSTEM, *call_logs.system_log(run.full(), at))
        for observer in self.on_state_change:
            observer(self._shown(run))

    def logged(self, run: Run, log: effects.Log) -> None:
        """Tell what `sys.log` writes."""
        self._log(run, call_logs.OWN, log.severity, log.payload)

    def _log(self, run: Run, log: str, severity: str, payload: Any) -> None:
        if self.on_log and not run.replaying:
            entry = call_logs.log_entry(run, log, severity, payload, self._scheduler.now())
            for observer in self.on_log:
                observer(entry)

    def _later(self, run: Run, action: Callable[[], None]) -> None:
        """Run what writes a log when the present turn is over; one that runs again is."""
        if run.replaying:
            action()
        else:
            self._scheduler.call_later(0, action)
