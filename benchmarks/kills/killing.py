"""Ends processes by SIGKILL: of a function, of a revision, of the workflow engine."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from benchmarks.kills.cases import PROJECT, WRITE, Moment
from local_cloud.installing import service_name
from local_cloud.kit.audit import Call
from local_cloud.running import RunningCloud


@dataclass(eq=False)
class Armed:
    """A kill that waits for a call of a function's."""

    moment: Moment
    project: str
    right: Callable[[], bool]
    """Whether the service is as the moment wants it, by what is written at present."""
    kill: Callable[[], bool]
    """Whether there was something to kill."""
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Killer:
    """Everything on the cloud's own loop."""

    def __init__(self, running: RunningCloud) -> None:
        self._running = running
        self._armed: list[Armed] = []
        self.last_writer: dict[str, str] = {}
        """Project -> the function of Barq that wrote a service of it last."""
        running.cloud.audit.on_call.append(self._called)

    def arm(self, armed: Armed) -> Armed:
        self._armed.append(armed)
        return armed

    def disarm(self, armed: Armed) -> None:
        if armed in self._armed:
            self._armed.remove(armed)

    def webhook_called(self) -> bool:
        """The chat is told, and `notify` in the middle of it: return whether it was killed."""
        return self._now("notify", "webhook", "")

    def function(self, name: str) -> bool:
        return self._kill("K_SERVICE", service_name(name))

    def revision(self, name: str) -> bool:
        """Kill whatever runs of a revision, or starts."""
        return self._kill("K_REVISION", name)

    def engine(self) -> bool:
        engine = self._running.workflows
        assert engine is not None
        if engine.pid is None:
            return False
        os.kill(engine.pid, signal.SIGKILL)
        return True

    def _called(self, call: Call) -> None:
        account = call.principal.removesuffix(f"@{PROJECT}.iam.gserviceaccount.com")
        if account == call.principal:
            return
        function = account.removeprefix("barq-").replace("-", "_")
        if call.method.endswith(WRITE):
            self.last_writer[call.resource.split("/")[1]] = function
        self._now(function, call.method, call.resource)

    def _now(self, function: str, method: str, resource: str) -> bool:
        killed = False
        for armed in list(self._armed):
            moment = armed.moment
            if moment.by != function or not method.endswith(moment.call):
                continue
            # What `explain` reads and `notify` posts is no matter of the service's own project.
            here = armed.project in resource or moment.by in ("explain", "notify")
            if here and armed.right() and armed.kill():
                self.disarm(armed)
                armed.done.set()
                killed = True
        return killed

    def _kill(self, name: str, value: str) -> bool:
        """Kill all of a container, as its end takes all of it along."""
        homes, found = str(self._running.folder), False
        for process in psutil.Process().children():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                variables = process.environ()
                # Another local cloud of this process has containers of the same names.
                if variables.get(name) == value and variables["HOME"].startswith(homes):
                    os.killpg(process.pid, signal.SIGKILL)
                    found = True
        return found
