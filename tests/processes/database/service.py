"""The service as a process, asked over HTTP, and all that it said."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.processes.service_process import PATIENCE_SECONDS, ServiceProcess, migrator


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
    """A process, and `said`: every answer, and its log once it has ended."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.process = ServiceProcess(folder, env)
        self.said: list[str] = []
        self._env = env

    def migrate(self) -> None:
        """Run the migrator beside it, to its end."""
        process = migrator(self._env)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, errors

    async def get(self, path: str) -> Answer:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.process.port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        finally:
            writer.close()
        self.said.append(head + body)
        return Answer(int(head.split()[1]), json.loads(body), time.monotonic() - began)

    async def until_ready(self) -> Answer:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (answer := await self.get("/health/ready")).status != 200:
            assert time.monotonic() < deadline, answer.document
            await asyncio.sleep(0.02)
        return answer

    def end(self) -> int:
        """End the process within Cloud Run's ten seconds, and return its exit status."""
        try:
            return self.process.end()
        finally:
            self.said.append(self.process.out.read_text() + self.process.errors.read_text())
