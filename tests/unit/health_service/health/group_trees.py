"""Trees of files as a kernel shows them to a container, below a folder of the test."""

from collections.abc import Mapping
from pathlib import Path

from health_service.health.groups import Groups

UNLIMITED_V1 = "9223372036854771712\n"


class Tree:
    """A `/proc` and a `/sys` to fill. Text is what the files hold; mounts come in their order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mounts = ["27 1 254:0 / / rw,relatime - overlay overlay rw"]
        self.groups = Groups(folder / "proc", folder)

    def membership(self, *lines: str) -> None:
        self.write("/proc/self", {"cgroup": "".join(f"{line}\n" for line in lines)})

    def mount(self, point: str, kind: str, options: str = "rw", root: str = "/") -> None:
        number = 40 + len(self._mounts)
        self._mounts.append(
            f"{number} 27 0:{number} {root} {point} rw shared:7 - {kind} {kind} {options}"
        )
        self.write("/proc/self", {"mountinfo": "".join(f"{line}\n" for line in self._mounts)})

    def write(self, folder: str, files: Mapping[str, object]) -> None:
        place = self.folder / folder.lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (place / name).write_text(str(text))

    def remove(self, path: str) -> None:
        (self.folder / path.lstrip("/")).unlink()


def memory_v1(limit: object = UNLIMITED_V1, used: int = 0, idle: int = 0, above: int = 0):
    return {
        "memory.limit_in_bytes": limit,
        "memory.usage_in_bytes": f"{used}\n",
        # The kernel's own line leaves out the groups within: taking it would be a mistake.
        "memory.stat": f"cache 1\ninactive_file 1\nhierarchical_memory_limit "
        f"{above or UNLIMITED_V1.strip()}\ntotal_cache 9\ntotal_inactive_file {idle}\n",
    }


def cpu_v1(quota: int = -1, period: int = 100_000, periods: int = 0, throttled: int = 0):
    return {
        "cpu.cfs_quota_us": f"{quota}\n",
        "cpu.cfs_period_us": f"{period}\n",
        "cpu.stat": f"nr_periods {periods}\nnr_throttled {throttled}\nthrottled_time 5\n",
    }


def memory_v2(limit: object = "max", used: int = 0, idle: int = 0):
    return {
        "memory.max": f"{limit}\n",
        "memory.current": f"{used}\n",
        "memory.stat": f"anon 12\nfile 7\ninactive_file {idle}\nslab 3\n",
    }


def cpu_v2(limit: str = "max 100000", usec: int = 0, periods: int = 0, throttled: int = 0):
    return {
        "cpu.max": f"{limit}\n",
        "cpu.stat": f"usage_usec {usec}\nuser_usec 1\nsystem_usec 1\nnr_periods {periods}\n"
        f"nr_throttled {throttled}\nthrottled_usec 5\n",
    }
