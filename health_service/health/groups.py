"""Opens the files of the control groups that hold this process, and says what they limit and count.

A group in a group obeys both limits, so the tightest counts, and use is what counts against that
limit: that of the group that has it, with all other groups in it.

Source: https://github.com/openjdk/jdk/pull/20646 (Java takes the lowest limit on the way up)
Source: https://github.com/dotnet/runtime/issues/113193 (why use belongs to the limit's own group)
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from health_service.health.cgroup import (
    Mount,
    Place,
    parse_cores,
    parse_cpu_max,
    parse_limit_bytes,
    parse_mounts,
    parse_number,
    parse_table,
    places,
)

_READ_BYTES_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class GroupMemory:
    """Bytes; None: no limit, or not to be read. `working_set` leaves out idle cache of files."""

    limit: int | None
    used: int | None
    working_set: int | None


@dataclass(frozen=True, slots=True)
class GroupCpu:
    """`folder` says whose counters these are; two looks compare only if it is the same."""

    limit_cores: float | None
    folder: str
    seconds: float | None
    periods: int | None
    throttled_periods: int | None


class Groups:
    """Reads below two folders, so that a test can give trees of its own. Never raises."""

    def __init__(self, proc: Path = Path("/proc"), root: Path = Path("/")) -> None:
        self._proc = proc
        self._root = root

    def mounts(self) -> list[Mount]:
        return parse_mounts(_read(self._proc / "self/mountinfo"))

    def memory(self) -> GroupMemory:
        """Read what memory the container may use and uses."""
        found = self._places("memory")
        limits = [(self._memory_limit(place), place) for place in found]
        # Version 1 also tells the limits of groups above those to be seen.
        limits += [(self._memory_limit_above(place), place) for place in found[-1:]]
        limit, holders = _tightest(limits)
        for place in holders or found:
            name = "memory.usage_in_bytes" if place.version == 1 else "memory.current"
            used = parse_number(self._text(place, name))
            if used is not None:
                return GroupMemory(limit, used, self._working_set(place, used))
        return GroupMemory(limit, None, None)

    def cpu(self) -> GroupCpu:
        """Read how much CPU the container may use, has used and was refused."""
        found = self._places("cpu")
        limit, holders = _tightest([(self._cores(place), place) for place in found])
        for place in holders or found:
            seconds = self._cpu_seconds(place)
            if holders or seconds is not None:
                table = self._table(place, "cpu.stat")
                periods, throttled = table.get("nr_periods"), table.get("nr_throttled")
                return GroupCpu(limit, place.folder, seconds, periods, throttled)
        return GroupCpu(None, "", None, None, None)

    def _places(self, controller: str) -> list[Place]:
        return places(controller, _read(self._proc / "self/cgroup"), self.mounts())

    def _memory_limit(self, place: Place) -> int | None:
        name = "memory.limit_in_bytes" if place.version == 1 else "memory.max"
        return parse_limit_bytes(self._text(place, name))

    def _memory_limit_above(self, place: Place) -> int | None:
        table = self._table(place, "memory.stat") if place.version == 1 else {}
        return parse_limit_bytes(str(table.get("hierarchical_memory_limit", "")))

    def _working_set(self, place: Place, used: int) -> int | None:
        """Leave out what the kernel gives back first, as Kubernetes does before it evicts.

        Source: https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/
        """
        # In version 1 the bare name leaves out the groups within this one.
        name = "total_inactive_file" if place.version == 1 else "inactive_file"
        idle = self._table(place, "memory.stat").get(name)
        return None if idle is None else max(used - idle, 0)

    def _cores(self, place: Place) -> float | None:
        if place.version > 1:
            return parse_cpu_max(self._text(place, "cpu.max"))
        quota, period = (self._text(place, f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        return parse_cores(quota, period)

    def _cpu_seconds(self, place: Place) -> float | None:
        if place.version > 1:
            used = self._table(place, "cpu.stat").get("usage_usec")
            return None if used is None else used / 1e6
        # Version 1 counts use in a controller of its own, often but not always mounted with `cpu`.
        counting = self._places("cpuacct")
        same = [one for one in counting if one.path == place.path]
        for one in [*same, *counting]:
            used = parse_number(self._text(one, "cpuacct.usage"))
            if used is not None:
                return used / 1e9
        return None

    def _table(self, place: Place, name: str) -> dict[str, int]:
        return parse_table(self._text(place, name))

    def _text(self, place: Place, name: str) -> str:
        return _read(self._root / place.folder.lstrip("/") / name)


_Amount = TypeVar("_Amount", int, float)


def _tightest(
    limits: Iterable[tuple[_Amount | None, Place]],
) -> tuple[_Amount | None, list[Place]]:
    """Return the lowest limit with the innermost group that has it; no group without a limit."""
    known = [(limit, place) for limit, place in limits if limit is not None]
    if not known:
        return None, []
    limit, place = min(known, key=lambda one: one[0])
    return limit, [place]


def _read(path: Path) -> str:
    """Return a file's text; nothing where there is no such file, or it went away meanwhile."""
    try:
        with path.open("rb") as file:
            return os.fsdecode(file.read(_READ_BYTES_MAX))
    except (OSError, ValueError):  # ValueError: a name that no file can have.
        return ""
