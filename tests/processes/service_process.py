"""`python -m health_service` as a process on a free port: started, waited for, ended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local_cloud.run.launch import free_port

ROOT: Final = Path(__file__).parents[2]
PATIENCE_SECONDS: Final = 60.0
"""How long a busy machine may take for anything that has no limit of its own."""
_END_SECONDS: Final = 10.0
"""Cloud Run's, from SIGTERM to SIGKILL."""


def migrator(env: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start `python -m health_service.migrate`, the image's other program."""
    return subprocess.Popen(
        [sys.executable, "-m", "health_service.migrate", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class ServiceProcess:
    """Begins when it is made. What it prints is in `out` and `errors`, files in `folder`."""

    def __init__(self, folder: Path, env: Mapping[str, str], *interpreter: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.out, self.errors = folder / "stdout", folder / "stderr"
        with self.out.open("w") as out, self.errors.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, *interpreter, "-m", "health_service"],
                cwd=ROOT,
                env={
                    "PATH": os.environ["PATH"],
                    "HOST": "127.0.0.1",
                    "PORT": str(self.port),
                    **env,
                },
                stdout=out,
                stderr=errors,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def until_listening(self) -> None:
        """Wait until it takes connections, and end it if it never does."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while not self._listens():
                assert self._process.poll() is None, self.errors.read_text()
                assert time.monotonic() < deadline, "the service does not listen"
                time.sleep(0.02)
        except BaseException:
            self.kill()
            raise

    def end(self) -> int:
        """Send SIGTERM, and return the exit status."""
        try:
            self._process.send_signal(signal.SIGTERM)
            return self._process.wait(_END_SECONDS)
        finally:
            self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port)):
                return True
        except OSError:
            return False
