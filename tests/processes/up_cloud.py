"""A real `python -m local_cloud up`, started and ended as a person would, and a shell beside it."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
NO_GCLOUD = (
    "" if shutil.which("gcloud") else "gcloud is not on this machine: its lines were not run"
)
ANY_PORTS = [
    word
    for name in ("rest", "grpc", "pubsub", "local", "services")
    for word in (f"--{name}-port", "0")
]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "local_cloud", *arguments]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the local cloud to its end."""
    return subprocess.run(
        command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@dataclass
class UpCloud:
    process: "subprocess.Popen[str]"
    folder: Path
    seconds: float
    """From the command to the exports."""
    background: list["subprocess.Popen[str]"] = field(default_factory=list)

    @property
    def guide(self) -> str:
        return (self.folder / "out").read_text()

    def tree(self) -> list[psutil.Process]:
        """Return the process and everything below it."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def shell(self, text: str, seconds: float = 60) -> str:
        """Paste a text into a fresh shell that has read the exports; return what it says."""
        done = subprocess.run(
            ["/bin/sh", "-ec", f'. "{self.folder}/env"\n{text}'],
            cwd=ROOT,
            env=_plain_environment(self.folder),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done.stdout

    def paste_in_background(self, text: str) -> None:
        self.background.append(
            subprocess.Popen(
                ["/bin/sh", "-c", f'. "{self.folder}/env"\n{text}\nwait'],
                env=_plain_environment(self.folder),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
        )

    def status(self, target: str) -> dict[str, Any]:
        done = run("status", "--json", "--folder", str(self.folder))
        assert done.returncode == 0, done.stderr
        listed = json.loads(done.stdout)["targets"]
        found: dict[str, Any] = next(one for one in listed if one["target"] == target)
        return found

    def wait_for(
        self, target: str, right: Callable[[dict[str, Any]], bool], seconds: float = 60
    ) -> dict[str, Any]:
        until = time.monotonic() + seconds
        while not right(seen := self.status(target)):
            assert time.monotonic() < until, f"{json.dumps(seen, indent=2)}\n{self.logs()}"
            time.sleep(0.3)
        return seen

    def logs(self) -> str:
        """Return the newest lines of each log, for a test that failed."""
        logs = sorted((self.folder / "cloud" / "logs").rglob("*.log"))
        return "\n".join(f"{path.name}\n{path.read_text()[-1500:]}" for path in logs)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        for one in self.background:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
            one.wait()
        self.process.send_signal(number)
        return self.process.wait(30)


@contextlib.contextmanager
def up(folder: Path, *arguments: str, ports: list[str] | None = None) -> Iterator[UpCloud]:
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with (folder / "out").open("w") as out:
        process = subprocess.Popen(
            command("up", "--folder", str(folder), *(ports or ANY_PORTS), *arguments),
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
    cloud = UpCloud(process, folder, 0.0)
    try:
        while "See every service" not in cloud.guide:
            assert process.poll() is None, cloud.guide
            assert time.monotonic() - began < 60, cloud.guide
            time.sleep(0.05)
        cloud.seconds = time.monotonic() - began
        yield cloud
    finally:
        if process.poll() is None:
            cloud.end()


def lines(guide: str) -> dict[str, dict[str, list[str]]]:
    """Return what the guide prints: title -> way -> lines."""
    found: dict[str, dict[str, list[str]]] = {}
    title, way = "", "curl"
    for line in guide.splitlines():
        numbered = re.fullmatch(r"\d+\. (.*)", line)
        if numbered:
            title, way = numbered[1], "curl"
            found[title] = {"curl": [], "gcloud": []}
        elif line == "  or":
            way = "gcloud"
        elif title and line.startswith("    "):
            found[title][way].append(line.strip())
    return found


def _plain_environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder)}
