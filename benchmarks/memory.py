"""The memory of `make up` at rest, process by process.

    python -m benchmarks.memory [--idle-seconds 10]

PSS where the system tells it (Linux): memory that processes share is divided among them, so the
column adds up to what the machine is short of. Elsewhere USS, which leaves shared memory out.
"""

import argparse
import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
STARTS_WITHIN_SECONDS = 120
IDLE_CPU_PERCENT = 5.0


@contextlib.contextmanager
def up(folder: Path) -> Iterator[psutil.Process]:
    """Start `up` on free ports and wait for its exports; end it afterwards."""
    names = ("rest", "grpc", "pubsub", "local", "services")
    ports = [word for name in names for word in (f"--{name}-port", "0")]
    process = subprocess.Popen(
        [sys.executable, "-m", "local_cloud", "up", "--folder", str(folder), *ports],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + STARTS_WITHIN_SECONDS
        while not (folder / "env").exists():
            if process.poll() is not None or time.monotonic() > until:
                sys.exit("error: `up` did not start")
            time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_until_idle(top: psutil.Process, seconds: float) -> None:
    """Wait until all processes together have used next to no CPU for `seconds`."""
    before, since = cpu_seconds(top), time.monotonic()
    while True:
        time.sleep(seconds)
        now, at = cpu_seconds(top), time.monotonic()
        if (now - before) / (at - since) * 100 < IDLE_CPU_PERCENT:
            return
        before, since = now, at


def cpu_seconds(top: psutil.Process) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in tree(top))


def tree(top: psutil.Process) -> list[psutil.Process]:
    return [top, *top.children(recursive=True)]


def name(process: psutil.Process, top: psutil.Process) -> str:
    if process.pid == top.pid:
        return "the local cloud"
    variables = process.environ()
    service = variables.get("K_SERVICE")
    if service is None:
        return "guard"
    parent = process.parent()
    role = "" if parent is None or parent.pid == top.pid else ", worker"
    return f"{service}{role}"


def used(process: psutil.Process) -> tuple[int, int]:
    """Return (PSS or USS, RSS) in bytes."""
    memory = process.memory_full_info()
    return getattr(memory, "pss", memory.uss), memory.rss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--idle-seconds", type=float, default=10.0, help="without CPU, before")
    idle = parser.parse_args().idle_seconds
    with tempfile.TemporaryDirectory() as temporary, up(Path(temporary) / ".barq") as top:
        wait_until_idle(top, idle)
        rows = [(name(one, top), *used(one)) for one in tree(top)]
    rows.sort(key=lambda row: -row[1])
    rows.append(("sum", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    column = "PSS" if sys.platform == "linux" else "USS"
    print(f"{'process':<34}{column + ', MiB':>12}{'RSS, MiB':>12}")
    for title, own, resident in rows:
        print(f"{title:<34}{own / 2**20:>12.1f}{resident / 2**20:>12.1f}")


if __name__ == "__main__":
    main()
