"""Instances of revisions as real processes on free loopback ports.

One instance a revision: the local cloud does not scale out. Started at deployment for the health
check and later on demand, stopped when idle, never left behind. One that dies takes the requests
inside it along; the next request waits for a new one, and minimum instances are replaced at once.
"""

import asyncio
import atexit
import contextlib
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local_cloud.run.launch import (
    Environment,
    Instance,
    Launcher,
    NoRoomError,
    NotStartedError,
    ProcessSettings,
)
from local_cloud.run.platform import Reports
from local_cloud.run.resources import Revision
from local_cloud.run.secret_variables import ReadSecret, no_secrets
from local_cloud.run.tail import Tail
from local_cloud.run.virtual import NOT_LISTENING

__all__ = [
    "Environment",
    "Instance",
    "NoRoomError",
    "NotStartedError",
    "ProcessInstances",
    "ProcessSettings",
]

_ROOM_EVERY_SECONDS: Final = 0.02
_WATCH_EVERY_SECONDS: Final = 0.1


@dataclass(eq=False, slots=True)
class _Slot:
    revision: Revision
    instance: Instance | None = None
    starting: asyncio.Task[Instance] | None = None
    gone: bool = False
    """The revision was deleted: stop as soon as no request is in flight."""


def _nothing(_revision: Revision) -> Mapping[str, str]:
    return {}


class ProcessInstances:
    """Runs revisions as processes; everything happens on one asyncio loop.

    `folder` gets a log file per revision and a home folder per instance. `environment_for` adds to
    what the image and the template say, such as the address of a metadata server.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: ProcessSettings | None = None,
        environment_for: Environment = _nothing,
        read_secret: ReadSecret = no_secrets,
    ) -> None:
        self._settings = settings or ProcessSettings()
        self._launcher = Launcher(folder, self._settings, environment_for, read_secret)
        self.log_path = self._launcher.log_path
        self.on_line: list[Callable[[Revision, str], None]] = []
        """Told of each line that a container wrote, moments later."""
        self._slots: dict[Revision, _Slot] = {}
        self._tails: dict[Revision, Tail] = {}
        # Tasks that nobody awaits, kept from being collected.
        self._tasks: set[asyncio.Task[None]] = set()
        self._watcher: asyncio.Task[None] | None = None
        self._reports: Reports | None = None
        self._closed = False
        atexit.register(self._launcher.kill_all)

    def attach(self, reports: Reports) -> None:
        self._reports = reports

    def start(self, revision: Revision) -> None:
        """Start a new revision and report how its health check went."""
        self._spawn(self._check(revision))

    def stop(self, revision: Revision) -> None:
        """Stop a deleted revision, once its requests have ended."""
        slot = self._slots.get(revision)
        if slot is not None:
            slot.gone = True

    async def acquire(self, revision: Revision) -> Instance:
        """Return a running instance, started if need be, and count a request on it.

        Raises NotStartedError and NoRoomError. Give it back with `release`.
        """
        deadline = time.monotonic() + self._settings.queue_seconds
        slot = self._slot(revision)
        instance = await self._living(slot)
        while instance.full:
            if time.monotonic() >= deadline:
                raise NoRoomError
            await asyncio.sleep(_ROOM_EVERY_SECONDS)
            instance = await self._living(slot)
        instance.in_flight += 1
        return instance

    def release(self, instance: Instance) -> None:
        """End a request."""
        instance.in_flight -= 1
        instance.used = time.monotonic()

    def lost(self, instance: Instance) -> bool:
        """Look at once, after an instance did not answer: whether its process has ended."""
        slot = self._slots.get(instance.revision)
        if instance.exit_code() is None:
            return False
        if slot is not None and slot.instance is instance:
            self._retire(slot)
        return True

    def instances(self) -> list[Instance]:
        """Return what runs now."""
        return [slot.instance for slot in self._slots.values() if slot.instance is not None]

    async def close(self) -> None:
        """Stop every process, politely and then not. Safe to repeat."""
        self._closed = True
        waiting: list[asyncio.Task[None] | asyncio.Task[Instance]] = list(self._tasks)
        waiting += [slot.starting for slot in self._slots.values() if slot.starting is not None]
        waiting += [self._watcher] if self._watcher is not None else []
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        self._slots.clear()
        await self._launcher.end_all()
        atexit.unregister(self._launcher.kill_all)

    async def _check(self, revision: Revision) -> None:
        assert self._reports is not None
        slot = self._slot(revision)
        try:
            await self._started(slot)
        except NotStartedError as error:
            self._reports.revision_failed(revision.key, revision.name, NOT_LISTENING, str(error))
        else:
            self._reports.revision_ready(revision.key, revision.name)

    def _slot(self, revision: Revision) -> _Slot:
        if revision not in self._tails:
            self._tails[revision] = Tail(self.log_path(revision))
        return self._slots.setdefault(revision, _Slot(revision))

    async def _living(self, slot: _Slot) -> Instance:
        """Return the slot's instance, a new one in the place of none and of one that died."""
        if slot.instance is not None and slot.instance.exit_code() is not None:
            self._retire(slot)
        return slot.instance or await self._started(slot)

    async def _started(self, slot: _Slot) -> Instance:
        """Wait for the one start that is under way, or begin it."""
        if self._closed or slot.gone:
            raise NotStartedError("The revision is gone.")
        loop = asyncio.get_running_loop()
        if slot.starting is None:
            slot.starting = loop.create_task(self._boot(slot))
        if self._watcher is None:
            self._watcher = loop.create_task(self._watch())
        # Shielded: a caller that gives up must not end the start for the others.
        return await asyncio.shield(slot.starting)

    async def _boot(self, slot: _Slot) -> Instance:
        try:
            instance = await self._launcher.launch(slot.revision)
        finally:
            slot.starting = None
        instance.used = time.monotonic()
        slot.instance = instance
        return instance

    def _retire(self, slot: _Slot) -> None:
        """Take an instance out of service; its processes end in their own time."""
        instance, slot.instance = slot.instance, None
        if instance is not None:
            self._spawn(self._launcher.end(instance))

    async def _watch(self) -> None:
        """Notice processes that died, and stop those that nobody needs."""
        while True:
            await asyncio.sleep(_WATCH_EVERY_SECONDS)
            self._tell_lines()
            for slot in list(self._slots.values()):
                if slot.instance is None:
                    if slot.gone and slot.starting is None:
                        del self._slots[slot.revision]
                        self._tails.pop(slot.revision, None)
                elif slot.instance.exit_code() is not None:
                    self._retire(slot)
                    self._keep_minimum(slot)
                elif self._idle(slot, slot.instance):
                    self._retire(slot)

    def _keep_minimum(self, slot: _Slot) -> None:
        """Start the next instance where one must be without requests too."""
        assert self._reports is not None
        if slot.revision.instances_min and self._reports.keeps_warm(slot.revision):
            self._spawn(self._replace(slot))

    async def _replace(self, slot: _Slot) -> None:
        with contextlib.suppress(NotStartedError):  # The next request tries again, and tells.
            await self._started(slot)

    def _tell_lines(self) -> None:
        for revision, tail in self._tails.items():
            for line in tail.lines():
                for tell in self.on_line:
                    tell(revision, line)

    def _idle(self, slot: _Slot, instance: Instance) -> bool:
        assert self._reports is not None
        if instance.in_flight:
            return False
        if slot.gone:
            return True
        if time.monotonic() - instance.used < self._settings.idle_seconds:
            return False
        return not self._reports.keeps_warm(slot.revision)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
