"""Reads the texts of Linux control groups: which groups limit this process, and what they say.

Pure: every text is an argument, whatever stands in it is no error, and what cannot be understood
is None. Not here: opening files (`groups.py`) and what follows from the numbers (`container.py`).

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html (version 2, namespaces)
Source: https://docs.kernel.org/admin-guide/cgroup-v1/memory.html (version 1, memory)
Source: https://docs.kernel.org/scheduler/sched-bwc.html (version 1, CPU)
Source: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Without a limit version 1 says the largest number of pages in bytes, which depends on the size of
# a page: 9223372036854771712 with 4 KiB. No machine comes near this floor.
_UNLIMITED_BYTES_MIN = 2**62
_VERSIONS = {"cgroup": 1, "cgroup2": 2}
_USUAL = "/sys/fs/cgroup"
_DIGITS_MAX = 20  # 2**64 has 20; Python refuses to read some thousands of them.
_MOUNT_FIELDS_MIN = 6
_IN_MEMORY = {"tmpfs", "ramfs", "rootfs"}
# They hand on what is written to another file system, or to another machine.
_ANYWHERE = {"overlay", "9p", "gofer", "virtiofs"}
_ESCAPED = re.compile(r"\\([0-3][0-7]{2})")


@dataclass(frozen=True, slots=True)
class Place:
    """A group that holds this process: its path within its hierarchy, its folder and version."""

    version: int
    path: str
    folder: str


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system; `root` is the folder of it that is seen at `point`."""

    root: str
    point: str
    kind: str
    options: frozenset[str]


def parse_mounts(mountinfo: str) -> list[Mount]:
    """Read `/proc/self/mountinfo`; lines of another shape are passed over."""
    mounts = []
    for line in mountinfo.split("\n"):
        before, separator, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")
        if separator and len(fields) >= _MOUNT_FIELDS_MIN:
            root, point = (_ESCAPED.sub(_unescaped, field) for field in fields[3:5])
            mounts.append(Mount(root, point, kind[0], frozenset(kind[-1].split(","))))
    return mounts


def places(controller: str, membership: str, mounts: Iterable[Mount]) -> list[Place]:
    """Return the groups that count for a controller, this process's own first, then its parents.

    `membership` is `/proc/self/cgroup`. A machine may have both versions at once; then a
    controller is in one of them. A group that nobody mounted cannot be read and is left out.
    """
    groups = [mount for mount in mounts if mount.kind in _VERSIONS]
    if not groups:
        # A sandbox may show the files without a word in /proc; this process is then at their root.
        return [Place(2, "/", _USUAL), Place(1, "/", f"{_USUAL}/{controller}")]
    paths = _paths(membership)
    for name, version in ((controller, 1), ("", 2)):
        own = [
            mount
            for mount in groups
            if _VERSIONS[mount.kind] == version and (version > 1 or name in mount.options)
        ]
        climb = _climb(version, paths[name], own) if name in paths else []
        if climb:
            return climb
    return []


def parse_number(text: str) -> int | None:
    """Read a whole number that is not negative."""
    text = text.strip()
    plain = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
    return int(text) if plain else None


def parse_limit_bytes(text: str) -> int | None:
    """Read `memory.max` or `memory.limit_in_bytes`. None: no limit, or not to be understood."""
    limit = parse_number(text)
    return limit if limit and limit < _UNLIMITED_BYTES_MIN else None


def parse_cores(quota: str, period: str) -> float | None:
    """Read microseconds of CPU per microseconds of time. None: no limit (`max`, -1), or unclear."""
    used, of = parse_number(quota), parse_number(period)
    return used / of if used and of else None


def parse_cpu_max(text: str) -> float | None:
    """Read `cpu.max`, such as `50000 100000` for half a core or `max 100000` for no limit."""
    quota, _, period = text.strip().partition(" ")
    return parse_cores(quota, period)


def parse_table(text: str) -> dict[str, int]:
    """Read lines of a name and a number, as in `memory.stat` and `cpu.stat`."""
    table = {}
    for line in text.split("\n"):
        name, _, value = line.partition(" ")
        number = parse_number(value)
        if number is not None:
            table[name] = number
    return table


def is_in_memory(path: str, mounts: Iterable[Mount]) -> bool | None:
    """Whether the file system mounted at a path lives in memory. None: its kind does not tell."""
    kinds = [mount.kind for mount in mounts if mount.point == path]
    if not kinds:
        return None
    kind = kinds[-1]  # What was mounted last covers what was there before.
    if kind in _IN_MEMORY:
        return True
    return None if kind in _ANYWHERE or kind.startswith("fuse") else False


def _paths(membership: str) -> dict[str, str]:
    """Return the path of this process by controller; version 2 has the name ''."""
    paths: dict[str, str] = {}
    for line in membership.split("\n"):
        fields = line.split(":", 2)
        if len(fields) == 3:  # noqa: PLR2004 - id:controllers:path.
            for name in fields[1].split(","):
                paths.setdefault(name, fields[2])
    return paths


def _climb(version: int, path: str, mounts: list[Mount]) -> list[Place]:
    """Return the groups from `path` up to the mounted folder: what is above it cannot be seen.

    A path or root with `..` is out of this process's namespace: those groups are not its own.
    """
    if _leaves(path):
        return []
    mounts = [mount for mount in mounts if not _leaves(mount.root)]
    for mount in mounts:
        names = _names_below(path, mount.root)
        if names is not None:
            return [_place(version, mount, names[:end]) for end in range(len(names), -1, -1)]
    # A runtime that mounts one group alone mounts the container's, whatever the path says.
    return [_place(version, mount, []) for mount in mounts[:1]]


def _place(version: int, mount: Mount, names: list[str]) -> Place:
    path, folder = ("/".join([top.rstrip("/"), *names]) or "/" for top in (mount.root, mount.point))
    return Place(version, path, folder)


def _leaves(path: str) -> bool:
    return ".." in path.split("/")


def _names_below(path: str, root: str) -> list[str] | None:
    """Return the names that lead from `root` to `path`; None if it is not below."""
    names, above = ([name for name in text.split("/") if name] for text in (path, root))
    return names[len(above) :] if names[: len(above)] == above else None


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 8))
