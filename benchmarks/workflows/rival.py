"""The rival's environment and process. Made by `make bench-workflows`, at pinned versions."""

import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.workflows.programs import Program

ROOT: Final = Path(__file__).parents[2]
PYTHON: Final = ROOT / ".venv-rival" / "bin" / "python"
_THEIRS: Final = Path(__file__).with_name("theirs.py")


class Rival:
    """PyPI's workflows-emulator as a process that is told what to run."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def timed(self, program: Program, n: int, seconds: float) -> tuple[Any, float]:
        """Return the result, and how many units a second were done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([program.source, n, seconds]) + "\n")
        self._process.stdin.flush()
        result, count, spent = json.loads(self._process.stdout.readline())
        return result, program.units(n) * count / spent


@contextlib.contextmanager
def rival() -> Iterator[Rival]:
    process = subprocess.Popen(
        [PYTHON, _THEIRS, "time"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Rival(process)
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def rival_server(path: Path) -> Iterator[str]:
    """Serve a workflow's file; yield the URL to which executions are posted."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([PYTHON, _THEIRS, "serve", str(port), str(path)])
    try:
        yield (
            f"http://127.0.0.1:{port}/v1/projects/local/locations/us-central1/workflows/w/executions"
        )
    finally:
        process.kill()
        process.wait()
