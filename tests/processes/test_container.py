"""What the service says of its container, against this very machine and limits that are real."""

import asyncio
import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from health_service.health.container import Container

ROOT = Path(__file__).parents[2]
GROUPS = Path("/sys/fs/cgroup")
MIB = 1 << 20
pytestmark = pytest.mark.processes

LOADED = """
    import asyncio, json, sys, time
    sys.stdin.readline()  # The group is ready, and this process is in it.
    import psutil  # With so little CPU this takes a while: it is not what is measured.
    from health_service.health.container import Container
    container = Container(time.monotonic, timeout_seconds=30)
    kept = bytearray(b"x" * (24 << 20))

    def look_after_work():
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            pass
        return asyncio.run(container.read())

    for _ in range(10):  # On a busy machine there may be nothing to hold it back from.
        found = look_after_work()
        if found["cpu"]["throttled_ratio"]:
            break
    print(json.dumps(found))
"""


def read() -> Any:
    """Look at this machine, however long a busy one takes."""
    return asyncio.run(Container(time.monotonic, timeout_seconds=30).read())


def python(program: str, **more: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return subprocess.Popen(command, cwd=ROOT, text=True, **more)


def groups_with(file: str) -> list[Path]:
    """Return the groups of this process that have a file, its own first.

    They are found by their lists of processes, which the service does not read.
    """
    for folder, _, files in os.walk(GROUPS):
        if "cgroup.procs" in files and holds_this_process(Path(folder)):
            found = [one for one in (Path(folder), *Path(folder).parents) if (one / file).exists()]
            if found:
                return found
    return []


def holds_this_process(folder: Path) -> bool:
    try:
        return str(os.getpid()) in (folder / "cgroup.procs").read_text().split()
    except OSError:
        return False  # Another program's group has just gone.


def numbers(*files: str) -> list[int]:
    texts = [(group / file).read_text().strip() for file in files for group in groups_with(file)]
    return [int(text) for text in texts if text.isdecimal()]


def test_this_machines_limits_are_told():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [one for one in numbers("memory.max", "memory.limit_in_bytes") if one < memory]

    found = read()

    assert found["memory"]["limit_bytes"] == pytest.approx(min(limits, default=memory), rel=0.001)
    assert found["memory"]["limit_source"] == ("cgroup" if limits else "host")
    assert 0 <= found["memory"]["working_set_bytes"] <= found["memory"]["used_bytes"]
    assert 0 <= found["memory"]["used_ratio"] <= 1
    assert 0 < found["cpu"]["limit_cores"] <= (os.cpu_count() or 0)


def test_this_machines_disk_is_told():
    disk = os.statvfs("/")

    found = read()

    assert found["disk"]["total_bytes"] == disk.f_blocks * disk.f_frsize
    assert 0 < found["disk"]["used_ratio"] <= 1


def test_this_process_is_told():
    seconds = time.process_time()

    found = read()

    assert seconds - 0.1 < found["process"]["cpu_seconds"] < time.process_time() + 60
    assert MIB < found["process"]["memory_bytes"] < 1 << 40
    assert found["process"]["threads"] >= 2
    assert found["process"]["open_files"] >= 3


def test_an_instance_that_nobody_looks_at_starts_without_psutil():
    program = """
        import sys, time
        from health_service.health.container import Container
        Container(time.monotonic)
        sys.exit("psutil" in sys.modules)
    """

    assert python(program).wait(timeout=30) == 0


class Limited:
    """Groups within this process's own, with 64 MiB and a fifth of a core, and one within each."""

    def __init__(self) -> None:
        self._made: list[Path] = []
        self.inner: set[Path] = set()
        try:
            self._make()
        except OSError as error:
            self.remove()
            pytest.skip(f"no control group can be made here: {error}")

    def _make(self) -> None:
        for file, values in LIMITS.items():
            own = groups_with(file)
            if not own:
                continue
            outer = own[0] / f"barq-{os.getpid()}"
            for folder in (outer, outer / "inner"):
                if folder not in self._made:
                    folder.mkdir()
                    self._made.append(folder)
            for name, value in values.items():
                (outer / name).write_text(value)
            self.inner.add(outer / "inner")
        names = {name for values in LIMITS.values() for name in values}
        limited = {name for name in names for inner in self.inner if (inner.parent / name).exists()}
        if len(limited) < len(names) / 2:
            raise OSError("this process is in no groups with limits of memory and CPU")

    def remove(self) -> None:
        for folder in reversed(self._made):
            folder.rmdir()
        self._made.clear()


LIMITS = {
    "memory.limit_in_bytes": {"memory.limit_in_bytes": str(64 * MIB)},
    "cpu.cfs_quota_us": {"cpu.cfs_quota_us": "20000"},
    "cpuacct.usage": {},
    "memory.max": {"memory.max": str(64 * MIB)},
    "cpu.max": {"cpu.max": "20000 100000"},
}


@pytest.fixture
def limited() -> Iterator[Limited]:
    groups = Limited()
    yield groups
    groups.remove()


@pytest.mark.parametrize("depth", ["outer", "inner"])
def test_a_real_limit_is_told_and_felt(limited, depth):
    """The limits are the outer groups'; a process in an inner one obeys them as well."""
    process = python(LOADED, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        for inner in limited.inner:
            group = inner if depth == "inner" else inner.parent
            (group / "cgroup.procs").write_text(str(process.pid))
        text, _ = process.communicate("go\n", timeout=120)
    finally:
        process.kill()
        process.wait()
    found = json.loads(text)

    assert found["memory"]["limit_bytes"] == 64 * MIB
    assert found["memory"]["limit_source"] == found["memory"]["used_source"] == "cgroup"
    assert 24 * MIB < found["memory"]["used_bytes"] <= 64 * MIB
    assert found["cpu"]["limit_cores"] == 0.2
    assert found["cpu"]["limit_source"] == found["cpu"]["used_source"] == "cgroup"
    assert 0 < found["cpu"]["used_cores"] < 0.4
    assert 0 < found["cpu"]["throttled_ratio"] <= 1
    assert 0 < found["cpu"]["seconds"] < 10
