"""The demo as a process of its own, watched from outside: what it says, and what it starts."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psutil

from tests.processes.stage import LIMIT_SECONDS, ROOT


class DemoRun:
    """A running demo. Its lines are read as they come."""

    def __init__(self, *arguments: str) -> None:
        # A group of its own, as a shell starts it: Ctrl-C reaches the group, and not us.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "demo", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.started: dict[int, psutil.Process] = {}
        """Every process that was seen below it, in whatever session."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout, self.lines)),
            threading.Thread(target=self._read, args=(self._process.stderr, self.errors)),
        ]
        for reader in self._readers:
            reader.start()

    def until(self, words: str) -> None:
        """Wait for a line that holds `words`."""
        ends = time.monotonic() + LIMIT_SECONDS
        while not any(words in line for line in self.lines):
            assert self._process.poll() is None, (self.lines, self.errors)
            assert time.monotonic() < ends, self.lines
            time.sleep(0.02)

    def interrupt(self) -> None:
        """Do what Ctrl-C in a terminal does."""
        self._note_children()
        os.killpg(self._process.pid, signal.SIGINT)

    def ended(self) -> int:
        """Wait for its end; return the exit status."""
        status = self._process.wait(LIMIT_SECONDS)
        for reader in self._readers:
            reader.join(LIMIT_SECONDS)
        return status

    def left_behind(self) -> list[str]:
        """Return the commands of what it started that outlives it for more than a moment."""
        _, alive = psutil.wait_procs(self.started.values(), timeout=10)
        return [" ".join(one.cmdline()) for one in alive]

    def close(self) -> None:
        """End it, however far it is."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
        self.ended()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()

    def _read(self, pipe: Iterable[str], lines: list[str]) -> None:
        for line in pipe:
            lines.append(line.rstrip("\n"))
            self._note_children()

    def _note_children(self) -> None:
        try:
            below = psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return
        self.started |= {one.pid: one for one in below}


@contextmanager
def demo_run(*arguments: str) -> Iterator[DemoRun]:
    running = DemoRun(*arguments)
    try:
        yield running
    finally:
        running.close()
