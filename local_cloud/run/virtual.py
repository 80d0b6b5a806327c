"""Instances that only say how a start went: for tests and the simulation, in virtual time."""

from collections.abc import Callable

from local_cloud.kit.scheduler import Scheduler
from local_cloud.run.platform import Reports
from local_cloud.run.resources import Revision

Outcome = tuple[str, str] | None
"""None: ready. Otherwise reason and message of the failure."""

NOT_LISTENING = "HealthCheckContainerError"


def not_listening(port: int = 8080) -> str:
    """Source: https://github.com/googlecodelabs/monolith-to-microservices/issues/110."""
    return (
        "The user-provided container failed to start and listen on the port defined provided by"
        f" the PORT={port} environment variable within the allocated timeout. This can happen"
        " when the container port is misconfigured or if the timeout is too short. The health"
        " check timeout can be extended. Logs for this revision might contain more information."
    )


class VirtualInstances:
    """Every revision settles as `outcome` says, so many seconds after its start."""

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        seconds: float = 0.0,
        outcome: Callable[[Revision], Outcome] = lambda _revision: None,
        longer: Callable[[Revision], float] = lambda _revision: 0.0,
    ) -> None:
        self._scheduler = scheduler
        self.seconds = seconds
        """For every revision; `longer` adds to it."""
        self.outcome = outcome
        self.longer = longer
        self.started: list[str] = []
        self.stopped: list[str] = []
        self._reports: Reports | None = None

    def attach(self, reports: Reports) -> None:
        self._reports = reports

    def start(self, revision: Revision) -> None:
        self.started.append(revision.name)
        seconds = self.seconds + self.longer(revision)
        self._scheduler.call_later(seconds, lambda: self._settle(revision))

    def stop(self, revision: Revision) -> None:
        self.stopped.append(revision.name)

    def _settle(self, revision: Revision) -> None:
        outcome = self.outcome(revision)
        assert self._reports is not None
        if outcome is None:
            self._reports.revision_ready(revision.key, revision.name)
        else:
            self._reports.revision_failed(revision.key, revision.name, *outcome)
