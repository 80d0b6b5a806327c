"""CPU, memory, disk and process as `/health/detailed` tells them: of the container, not its host.

Limits and use are those of the control group; where none speaks, those of the machine, which on
Cloud Run is the container's own. `limit_source` and `used_source` say which. What cannot be read
is None, never an error. No name of a host, a device or a group is told.
"""

from collections.abc import Callable
from typing import Final

from health_service.health.cgroup import is_in_memory
from health_service.health.checks import Check, Checks
from health_service.health.cpu_meter import Counters, CpuMeter
from health_service.health.groups import GroupCpu, Groups
from health_service.health.machine import Machine
from health_service.health.threads import in_thread
from health_service.health.values import JSON, Details

TIMEOUT_SECONDS: Final = 1.0
"""How long a look may take, whatever hangs."""
CACHE_SECONDS: Final = 1.0


class Container:
    """Looks when asked, in a thread: at most one look per second, shared by all who ask.

    `disk_in_memory` is what the platform is known for, for a disk whose kind does not tell it.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        *,
        groups: Groups | None = None,
        machine: Machine | None = None,
        disk_path: str = "/",
        disk_in_memory: bool | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._monotonic = monotonic
        self._groups = groups or Groups()
        self._machine = machine or Machine()
        self._disk_path = disk_path
        self._disk_in_memory = disk_in_memory
        self._meter = CpuMeter()
        # Use is a mean since an earlier look: without this one, the first to ask would learn none.
        self._meter.use(self._counters(self._groups.cpu()), monotonic())
        self._looks = Checks(monotonic)
        # Apart: the disk may be a remote one that hangs, and the rest is still to be told.
        for name, look in (("most", self._look), ("disk", self._look_at_disk)):
            check = Check(
                name, in_thread(look), timeout_seconds=timeout_seconds, cache_seconds=CACHE_SECONDS
            )
            self._looks.add(check)

    async def read(self) -> Details:
        """Return `cpu`, `memory`, `disk` and `process`, within the time limit."""
        found: dict[str, JSON] = dict.fromkeys(("cpu", "memory", "disk", "process"))
        for result in await self._looks.results():
            found.update({name: result.details[name] for name in found if name in result.details})
        return found

    def _look(self) -> Details:
        return {"cpu": self._cpu(), "memory": self._memory(), "process": self._process()}

    def _cpu(self) -> Details:
        group, cores = self._groups.cpu(), self._machine.cores()
        counters = self._counters(group)
        use = self._meter.use(counters, self._monotonic())
        limit, limit_source = _lower(group.limit_cores, cores)
        limited = limit_source == "cgroup"
        return {
            "limit_cores": _rounded(limit, 3),
            "limit_source": limit_source,
            "used_cores": _rounded(use.cores, 3),
            "used_source": "process" if group.seconds is None else "cgroup",
            "used_ratio": _ratio(use.cores, limit),
            "throttled_ratio": _rounded(use.throttled_ratio, 4) if limited else None,
            "seconds": _rounded(counters.seconds, 3),
        }

    def _counters(self, group: GroupCpu) -> Counters:
        if group.seconds is None:
            seconds = self._machine.cpu_seconds()
            return Counters("", seconds, group.periods, group.throttled_periods)
        return Counters(group.folder, group.seconds, group.periods, group.throttled_periods)

    def _memory(self) -> Details:
        group, machine = self._groups.memory(), self._machine.memory()
        limit, limit_source = _lower(group.limit, machine.total if machine else None)
        used, working_set = group.used, group.working_set
        used_source = None if used is None else "cgroup"
        # The machine's use beside a group's limit would say nothing of either.
        if used is None and machine is not None and group.limit is None:
            used, working_set, used_source = machine.used, machine.working_set, "host"
        return {
            "limit_bytes": limit,
            "limit_source": limit_source,
            "used_bytes": used,
            "working_set_bytes": working_set,
            "used_source": used_source,
            "used_ratio": _ratio(used, limit),
        }

    def _process(self) -> Details:
        process = self._machine.process()
        return {
            "memory_bytes": process.memory_bytes,
            "cpu_seconds": _rounded(process.cpu_seconds, 3),
            "threads": process.threads,
            "open_files": process.open_files,
        }

    def _look_at_disk(self) -> Details:
        disk, mounts = self._machine.disk(self._disk_path), self._groups.mounts()
        in_memory = is_in_memory(self._disk_path, mounts)
        if in_memory is None and mounts:
            in_memory = self._disk_in_memory
        facts: dict[str, JSON] = {"path": self._disk_path, "in_memory": in_memory}
        if disk is None:
            return {"disk": {**facts, "total_bytes": None, "used_bytes": None, "used_ratio": None}}
        # Of what this user may fill, as df says it: a file system keeps some for root alone.
        ratio = _ratio(disk.used, disk.used + disk.free)
        facts |= {"total_bytes": disk.total, "used_bytes": disk.used, "used_ratio": ratio}
        return {"disk": facts}


def _lower(group: float | None, machine: float | None) -> tuple[float | None, str | None]:
    """Return the limit that is met first, and whose it is.

    A group may be allowed more than there is: then the machine is the limit, as Java has it.
    """
    if group is not None and (machine is None or group <= machine):
        return group, "cgroup"
    return (None, None) if machine is None else (machine, "host")


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else round(part / whole, 4)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
