"""The service as a process, asked over HTTP, and all that it said."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local_cloud.run.launch import free_port

ROOT = Path(__file__).parents[3]
LIMIT_SECONDS: Final = 0.3
"""Of the checks."""
SCHEDULING_SECONDS: Final = 1.0
"""What a busy machine may add to any limit."""
_RECOVERY_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    status: int
    document: Any
    seconds: float

    def why(self) -> str:
        """Return what readiness says of the database; empty: nothing."""
        failed = self.document.get("failed", [])
        return "".join(one["why"] for one in failed if one["check"] == "database")


class Service:
    """`python -m health_service` on a port of its own; `said` is every answer and log line."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.port = free_port()
        self.said: list[str] = []
        self._log = (folder / "log").open("w+")
        self._env = {"PATH": os.environ["PATH"], "HOST": "127.0.0.1", **env}
        self.process = self._start("health_service", PORT=str(self.port))

    def run(self, module: str) -> None:
        """Run another program of the image beside it, to its end."""
        done = subprocess.run(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=self._env,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()

    async def get(self, path: str) -> Answer:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        finally:
            writer.close()
        self.said.append(head + body)
        return Answer(int(head.split()[1]), json.loads(body), time.monotonic() - began)

    async def until_listening(self) -> None:
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while True:
            try:
                await self.get("/health/live")
            except OSError:
                assert self.process.poll() is None, "the service ended"
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
            else:
                return

    async def until_ready(self) -> Answer:
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while (answer := await self.get("/health/ready")).status != 200:
            assert time.monotonic() < deadline, answer.document
            await asyncio.sleep(0.02)
        return answer

    def end(self) -> int:
        """Send SIGTERM and return the exit status, within Cloud Run's ten seconds."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self._log.seek(0)
            self.said.append(self._log.read())
            self._log.close()

    def _start(self, module: str, **env: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env={**self._env, **env},
            stdout=self._log,
            stderr=self._log,
        )
