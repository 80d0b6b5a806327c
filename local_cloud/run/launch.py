"""Starting the containers of a revision: command, environment, port, and the startup probe."""

import asyncio
import contextlib
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_cloud.kit.errors import Refused
from local_cloud.run import probe, secret_variables
from local_cloud.run.container import Running, base_environment, last_lines
from local_cloud.run.guard import Guard
from local_cloud.run.resources import Container, Revision
from local_cloud.run.virtual import not_listening

Environment = Callable[[Revision], Mapping[str, str]]

# A process that ends while it starts may have met a port that was taken in between.
_ATTEMPTS_MAX: Final = 2
_PROBE_EVERY_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """How processes are started and stopped."""

    startup_seconds: float = 60.0
    """For a container without a startup probe of its own; Cloud Run gives it 240 s."""
    idle_seconds: float = 900.0
    """After the last request, unless it has traffic or minimum instances."""
    queue_seconds: float = 10.0
    """How long a request waits for room at the maximum of instances, until it gets a 429.
    Source: https://cloud.google.com/run/docs/about-instance-autoscaling"""
    stop_grace_seconds: float = 10.0
    """From SIGTERM to SIGKILL. Source: https://cloud.google.com/run/docs/container-contract"""


class NotStartedError(Exception):
    """A revision's process did not come up; the text says why, for its condition.

    `exited`: it ended by itself, instead of staying deaf until its startup probe's deadline.
    """

    def __init__(self, text: str, *, instance_id: str | None = None, exited: bool = False) -> None:
        super().__init__(text)
        self.instance_id = instance_id
        self.exited = exited


class NoRoomError(Exception):
    """No instance had room for a request in time, and no more may be started."""


@dataclass(eq=False, slots=True)
class Instance:
    """A running revision. Use between `acquire` and `release`."""

    revision: Revision
    id: str
    port: int
    containers: list[Running]
    in_flight: int = 0
    used: float = 0.0
    """When the last request ended, on the monotonic clock."""

    @property
    def full(self) -> bool:
        limit = self.revision.requests_max
        return limit is not None and self.in_flight >= limit

    def exit_code(self) -> int | None:
        """Return the code of the first container that has ended, None while all run."""
        codes = [container.exit_code() for container in self.containers]
        return next((code for code in codes if code is not None), None)

    @property
    def pids(self) -> list[int]:
        return [container.pid for container in self.containers]


class Launcher:
    """Starts and ends instances, and knows every process that may still run."""

    def __init__(
        self,
        folder: Path,
        settings: ProcessSettings,
        environment: Environment,
        read_secret: secret_variables.ReadSecret,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._environment_for = environment
        self._read_secret = read_secret
        self._homes = folder / "home"
        self._guard = Guard()
        self._running: set[Running] = set()

    def log_path(self, revision: Revision) -> Path:
        key = revision.key
        return self._folder / "logs" / key.project / key.region / f"{revision.name}.log"

    async def launch(self, revision: Revision) -> Instance:
        """Start a revision and wait until its startup probe passes. Raises NotStartedError."""
        for _ in range(_ATTEMPTS_MAX):
            instance = self._spawn(revision)
            if await self._answers(instance):
                return instance
            code = instance.exit_code()
            await self.end(instance)
            if code is None:
                break
        raise NotStartedError(
            self._explain(revision, code), instance_id=instance.id, exited=code is not None
        )

    async def end(self, instance: Instance) -> None:
        """Stop an instance, politely and then not."""
        grace = self._settings.stop_grace_seconds
        await asyncio.gather(*(running.stop(grace) for running in instance.containers))
        self._running.difference_update(instance.containers)

    async def end_all(self) -> None:
        grace = self._settings.stop_grace_seconds
        await asyncio.gather(*(running.stop(grace) for running in list(self._running)))
        self.kill_all()

    def kill_all(self) -> None:
        """End every process at once. Safe to repeat."""
        for running in list(self._running):
            running.kill()
        self._running.clear()
        self._guard.close()

    def _spawn(self, revision: Revision) -> Instance:
        instance = Instance(revision, uuid.uuid4().hex, free_port(), [])
        # Each has a home of its own, as in reality: servers leave sockets there. A short name,
        # because a socket's path has room for some 100 characters.
        home = self._homes / instance.id[:8]
        for container in revision.containers:
            image = revision.images[container.name]
            try:
                running = Running(
                    [*(container.command or image.command), *container.args],
                    directory=image.workdir or home,
                    environment=self._environment(revision, container, instance.port, home),
                    log=self.log_path(revision),
                    guard=self._guard,
                )
            except (OSError, Refused) as error:
                for started in instance.containers:
                    started.kill()
                text = f"{self._explain(revision, None)}\n{error}"
                raise NotStartedError(text, exited=True) from error
            self._running.add(running)
            instance.containers.append(running)
        return instance

    def _environment(
        self, revision: Revision, container: Container, port: int, home: Path
    ) -> dict[str, str]:
        found = {
            **base_environment(home),
            **revision.images[container.name].env,
            **container.env,
            **secret_variables.resolved(revision, container, self._read_secret),
            "K_SERVICE": revision.key.name,
            "K_REVISION": revision.name,
            "K_CONFIGURATION": revision.key.name,
            **self._environment_for(revision),
        }
        if container.port is not None:
            found["PORT"] = str(port)
        return found

    async def _answers(self, instance: Instance) -> bool:
        settings = instance.revision.ingress_container.startup_probe
        path = probe.path(settings)
        allowed = probe.allowed_seconds(settings, self._settings.startup_seconds)
        deadline = time.monotonic() + allowed
        while time.monotonic() < deadline and instance.exit_code() is None:
            if await probe.answers(instance.port, path):
                return instance.exit_code() is None
            await asyncio.sleep(_PROBE_EVERY_SECONDS)
        return False

    def _explain(self, revision: Revision, code: int | None) -> str:
        log = self.log_path(revision)
        lines = [not_listening(revision.ingress_container.port or 8080)]
        if code is not None:
            lines.append(f"Container called exit({code}).")
        quoted = last_lines(log)
        if quoted:
            lines += [f"Last lines of {log}:", *(f"  {line}" for line in quoted)]
        return "\n".join(lines)


_handed_out: Final[set[int]] = set()


def free_port() -> int:
    """Return a loopback port that nothing listened on a moment ago, and that was not returned yet.

    A program takes a while to bind its port. Until then the kernel may offer the same one again,
    and a probe would find the wrong program well.
    """
    while True:
        with contextlib.closing(socket.socket()) as candidate:
            candidate.bind(("127.0.0.1", 0))
            port = int(candidate.getsockname()[1])
        if port not in _handed_out:
            _handed_out.add(port)
            return port
