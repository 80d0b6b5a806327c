"""CPU and memory of this process, for `/health/detailed`.

psutil is imported at the first look: an instance that nobody looks at starts without it.
"""

from collections.abc import Callable
from dataclasses import dataclass

_SAMPLE_SECONDS_MIN = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What the operating system counts: CPU seconds since the process began, resident bytes."""

    cpu_seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Usage:
    """`cpu_cores` is the mean number of cores in use since the look before, so it may pass 1."""

    cpu_cores: float
    cpu_seconds: float
    memory_bytes: int


def read_process() -> Reading:
    """Read this process's own counters."""
    import psutil  # noqa: PLC0415 - see the module's docstring.

    process = psutil.Process()
    with process.oneshot():
        times = process.cpu_times()
        return Reading(times.user + times.system, process.memory_info().rss)


class UsageMeter:
    """Turns counters into usage. Looks less than a second apart share one CPU sample."""

    def __init__(
        self, uptime: Callable[[], float], read: Callable[[], Reading] = read_process
    ) -> None:
        self._uptime = uptime
        self._read = read
        self._at = 0.0
        self._cpu_seconds = 0.0
        self._cores = 0.0

    def usage(self) -> Usage:
        reading, now = self._read(), self._uptime()
        elapsed = now - self._at
        if elapsed >= _SAMPLE_SECONDS_MIN or self._at == 0:
            self._cores = (reading.cpu_seconds - self._cpu_seconds) / elapsed if elapsed else 0.0
            self._at, self._cpu_seconds = now, reading.cpu_seconds
        return Usage(round(self._cores, 3), round(reading.cpu_seconds, 3), reading.memory_bytes)
