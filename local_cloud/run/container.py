"""One running container: an OS process group with a clean environment and a log file."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from local_cloud.fronts.environment import clean_environment
from local_cloud.run.guard import Guard

_POLL_SECONDS: Final = 0.02


def base_environment(home: Path) -> dict[str, str]:
    """Return the environment that every container starts from: no way but to this machine.

    `home` is empty, and so is the gcloud folder in it: google-auth looks there before it asks
    the metadata server, and would find the developer's own credentials.
    Source: reference/gcp.md section 6, "Identity without Google".
    """
    folder = home / "gcloud"
    folder.mkdir(parents=True, exist_ok=True)
    return clean_environment({"CLOUDSDK_CONFIG": str(folder)}, home=home)


class Running:
    """A process and all its children, in a session of their own."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        log: Path,
        guard: Guard,
    ) -> None:
        """Start it. Raises OSError if there is no such program."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - images run what they say.
                list(command),
                cwd=directory,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._guard = guard
        self._guard.watch(self.pid)
        self._over = False

    @property
    def pid(self) -> int:
        """The process, and its group."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return how it ended, None while it runs. Its children end with it."""
        code = self._process.poll()
        if code is not None and not self._over:
            self._over = True
            self._signal(signal.SIGKILL)
            self._guard.forget(self.pid)
        return code

    async def stop(self, grace_seconds: float) -> None:
        """Ask it to end (SIGTERM), and end it after `grace_seconds`. Safe to repeat."""
        if self.exit_code() is not None:
            return
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                await self._ended()
                return
        self._signal(signal.SIGKILL)
        await self._ended()

    def kill(self) -> None:
        """End it at once, without a loop: for the very end of this process."""
        if self.exit_code() is None:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self.exit_code()

    async def _ended(self) -> None:
        # Polled: a child watcher needs a thread for each process on Python 3.11.
        while self.exit_code() is None:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def last_lines(log: Path, count: int = 10, bytes_max: int = 4000) -> list[str]:
    """Return the newest lines of a log file."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - bytes_max))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return []
