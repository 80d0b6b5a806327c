"""A local cloud with sockets on a thread of its own, and adapters in processes of their own."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from local_cloud.cloud import CloudSettings, LocalCloud
from local_cloud.fronts.environment import clean_environment
from local_cloud.monitoring.model import DEMO
from local_cloud.running import RunningCloud, RunningSettings, running
from tests.unit.functions.gcp.worlds import REF

ROOT = Path(__file__).parents[3]
ACCOUNT = f"barq-test@{REF.project}.iam.gserviceaccount.com"
TOPIC = f"projects/{REF.project}/topics/barq-events"
T = TypeVar("T")


@dataclass
class Local:
    """A running local cloud, from outside its thread."""

    running: RunningCloud
    loop: asyncio.AbstractEventLoop
    folder: Path

    def do(self, action: Callable[[LocalCloud], T]) -> T:
        """Call `action` where all models live, and return what it returned."""

        async def call() -> T:
            return action(self.running.cloud)

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(30)

    def until(self, look: Callable[[LocalCloud], T]) -> T:
        """Return the first true answer of `look`, within 20 s."""
        ends = time.monotonic() + 20
        while not (found := self.do(look)):
            assert time.monotonic() < ends, "waited for 20 s in vain"
            time.sleep(0.02)
        return found

    def adapters(self, scenario: str, **asked: Any) -> Any:
        """Run a scenario of child.py as ACCOUNT, with this cloud's endpoints and no other."""
        account = self.do(lambda _cloud: self.running.metadata.environment_for(ACCOUNT))
        extra = {
            **account,
            **self.running.endpoints(),
            "EVENTS_TOPIC": TOPIC,
            "PYTHONPATH": os.pathsep.join((str(ROOT / "functions"), str(ROOT))),
        }
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        done = subprocess.run(
            [
                *(sys.executable, "-W", "error::ResourceWarning"),
                *("-m", "tests.contract.gcp.child"),
                json.dumps({"scenario": scenario, **asked}),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
            cwd=home,
            env=clean_environment(extra, home=home),
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    folder = tmp_path_factory.mktemp("local")
    started: list[Local] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def live() -> None:
        settings = RunningSettings(CloudSettings(monitoring=DEMO))
        async with running(folder, settings) as cloud:
            started.append(Local(cloud, asyncio.get_running_loop(), folder))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    try:
        assert ready.wait(30), "the local cloud did not start"
        yield started[0]
    finally:
        if started:
            started[0].loop.call_soon_threadsafe(stop.set)
        thread.join(30)
