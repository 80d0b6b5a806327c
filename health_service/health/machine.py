"""What no control group tells: the machine's size, the disk, and this process, by psutil.

In a sandbox or a small virtual machine of its own, which is what Cloud Run's two generations are,
the machine that psutil sees is the container's.

psutil is imported at the first look: an instance that nobody looks at starts without it. A value
that cannot be read is None: which errors a strange /proc leads to is nobody's promise.

Source: https://psutil.readthedocs.io/
Source: https://cloud.google.com/run/docs/about-execution-environments (gVisor; a microVM)
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class MachineMemory:
    """Bytes. `used` counts the cache of files; `working_set` what no other program could have."""

    total: int
    used: int
    working_set: int


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes of one file system. `free` is what this user may still fill."""

    total: int
    used: int
    free: int


@dataclass(frozen=True, slots=True)
class Process:
    """This process alone. `cpu_seconds` since it began; `open_files` counts sockets as well."""

    memory_bytes: int | None
    cpu_seconds: float | None
    threads: int | None
    open_files: int | None


class Machine:
    """Each method reads anew. None raises."""

    def memory(self) -> MachineMemory | None:
        return _or_none(_memory)

    def cores(self) -> int | None:
        """Return the number of processors that this process may run on."""
        with contextlib.suppress(AttributeError, OSError):  # Linux: a cpuset may leave some out.
            return len(os.sched_getaffinity(0))
        return os.cpu_count()

    def cpu_seconds(self) -> float:
        """Return the CPU time of this process and of its children that ended. Needs no psutil."""
        return sum(os.times()[:4])

    def process(self) -> Process:
        """Read this process's own counters."""
        return _or_none(_process) or Process(None, None, None, None)

    def disk(self, path: str) -> Disk | None:
        """Read one file system. May hang for ever if it is remote and its server is gone."""
        return _or_none(lambda: _disk(path))


def _memory() -> MachineMemory:
    import psutil  # noqa: PLC0415 - see the module's docstring.

    memory = psutil.virtual_memory()
    return MachineMemory(memory.total, memory.total - memory.free, memory.total - memory.available)


def _process() -> Process:
    import psutil  # noqa: PLC0415 - see the module's docstring.

    process = psutil.Process()
    with process.oneshot():
        times = _or_none(process.cpu_times)
        return Process(
            _or_none(lambda: process.memory_info().rss),
            times and times.user + times.system,
            _or_none(process.num_threads),
            _or_none(process.num_fds),
        )


def _disk(path: str) -> Disk:
    import psutil  # noqa: PLC0415 - see the module's docstring.

    usage = psutil.disk_usage(path)
    return Disk(usage.total, usage.used, usage.free)


def _or_none(read: Callable[[], _Value]) -> _Value | None:
    try:
        return read()
    except Exception:  # noqa: BLE001 - see the module's docstring.
        return None
