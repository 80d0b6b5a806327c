import pytest

from health_service.health.groups import GroupCpu, GroupMemory
from tests.unit.health_service.health.group_trees import (
    Tree,
    cpu_v1,
    cpu_v2,
    memory_v1,
    memory_v2,
)

MIB = 1 << 20
NO_MEMORY = GroupMemory(None, None, None)
NO_CPU = GroupCpu(None, "", None, None, None)


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


@pytest.fixture
def in_v1(tree):
    """Version 1, as Docker shows it: each controller mounted at the container's own group."""
    tree.membership("4:memory:/docker/4f", "2:cpu,cpuacct:/docker/4f", "1:name=systemd:/docker/4f")
    for point in ("memory", "cpu,cpuacct"):
        tree.mount(f"/sys/fs/cgroup/{point}", "cgroup", f"rw,{point}", "/docker/4f")
    return tree


@pytest.fixture
def in_v2(tree):
    """Version 2 in a namespace of its own: the process is at the root of what it sees."""
    tree.membership("0::/")
    tree.mount("/sys/fs/cgroup", "cgroup2", "rw,nsdelegate")
    return tree


def test_version_1(in_v1):
    in_v1.write("/sys/fs/cgroup/memory", memory_v1(64 * MIB, used=40 * MIB, idle=8 * MIB))
    in_v1.write("/sys/fs/cgroup/cpu,cpuacct", cpu_v1(50_000, periods=90, throttled=30))
    in_v1.write("/sys/fs/cgroup/cpu,cpuacct", {"cpuacct.usage": "2500000000\n"})

    assert in_v1.groups.memory() == GroupMemory(64 * MIB, 40 * MIB, 32 * MIB)
    assert in_v1.groups.cpu() == GroupCpu(0.5, "/sys/fs/cgroup/cpu,cpuacct", 2.5, 90, 30)


def test_version_1_without_limits(in_v1):
    in_v1.write("/sys/fs/cgroup/memory", memory_v1(used=40 * MIB))
    in_v1.write("/sys/fs/cgroup/cpu,cpuacct", cpu_v1() | {"cpuacct.usage": "7000000000\n"})

    assert in_v1.groups.memory() == GroupMemory(None, 40 * MIB, 40 * MIB)
    assert in_v1.groups.cpu() == GroupCpu(None, "/sys/fs/cgroup/cpu,cpuacct", 7.0, 0, 0)


@pytest.mark.parametrize("own", [64 * MIB, 9223372036854771712])
def test_version_1_tells_a_limit_of_a_group_that_is_out_of_sight(in_v1, own):
    in_v1.write("/sys/fs/cgroup/memory", memory_v1(own, used=9 * MIB, above=32 * MIB))

    assert in_v1.groups.memory() == GroupMemory(32 * MIB, 9 * MIB, 9 * MIB)


def test_version_1_may_count_use_in_a_tree_apart(tree):
    """There too it is the use of the group that has the limit, here of the pod."""
    tree.membership("3:cpuacct:/pod/app", "2:cpu:/pod/app")
    for name in ("cpu", "cpuacct"):
        tree.mount(f"/sys/fs/cgroup/{name}", "cgroup", f"rw,{name}")
    tree.write("/sys/fs/cgroup/cpu/pod/app", cpu_v1())
    tree.write("/sys/fs/cgroup/cpu/pod", cpu_v1(25_000))
    for folder, seconds in (("pod/app", 1), ("pod", 3), ("", 900)):
        tree.write(f"/sys/fs/cgroup/cpuacct/{folder}", {"cpuacct.usage": seconds * 10**9})

    assert tree.groups.cpu() == GroupCpu(0.25, "/sys/fs/cgroup/cpu/pod", 3.0, 0, 0)


def test_version_2(in_v2):
    in_v2.write("/sys/fs/cgroup", memory_v2(64 * MIB, used=40 * MIB, idle=8 * MIB))
    in_v2.write("/sys/fs/cgroup", cpu_v2("150000 100000", 2_500_000, periods=90, throttled=30))

    assert in_v2.groups.memory() == GroupMemory(64 * MIB, 40 * MIB, 32 * MIB)
    assert in_v2.groups.cpu() == GroupCpu(1.5, "/sys/fs/cgroup", 2.5, 90, 30)


def test_version_2_without_limits(in_v2):
    in_v2.write("/sys/fs/cgroup", memory_v2(used=40 * MIB) | cpu_v2(usec=7_000_000))

    assert in_v2.groups.memory() == GroupMemory(None, 40 * MIB, 40 * MIB)
    assert in_v2.groups.cpu() == GroupCpu(None, "/sys/fs/cgroup", 7.0, 0, 0)


def test_at_the_root_of_a_machine_version_2_counts_cpu_and_nothing_else(in_v2):
    in_v2.write("/sys/fs/cgroup", {"cpu.stat": "usage_usec 5000000\nuser_usec 1\n"})

    assert in_v2.groups.memory() == NO_MEMORY
    assert in_v2.groups.cpu() == GroupCpu(None, "/sys/fs/cgroup", 5.0, None, None)


def test_both_versions_at_once(tree):
    """The controllers are in version 1; version 2 is there for systemd and counts CPU as well."""
    tree.membership("4:memory:/app", "2:cpu,cpuacct:/app", "0::/app")
    tree.mount("/sys/fs/cgroup/unified", "cgroup2")
    for point in ("memory", "cpu,cpuacct"):
        tree.mount(f"/sys/fs/cgroup/{point}", "cgroup", f"rw,{point}")
    tree.write("/sys/fs/cgroup/unified/app", {"cpu.stat": "usage_usec 99000000\n"})
    tree.write("/sys/fs/cgroup/memory/app", memory_v1(64 * MIB, used=MIB))
    tree.write("/sys/fs/cgroup/cpu,cpuacct/app", cpu_v1(50_000) | {"cpuacct.usage": "1000000000"})

    assert tree.groups.memory().limit == 64 * MIB
    assert tree.groups.cpu() == GroupCpu(0.5, "/sys/fs/cgroup/cpu,cpuacct/app", 1.0, 0, 0)


def test_the_tightest_limit_on_the_way_up_counts_with_the_use_of_its_own_group(tree):
    """A sidecar in the same pod fills the limit of both, and both are ended when it is full."""
    tree.membership("0::/pod/app")
    tree.mount("/sys/fs/cgroup", "cgroup2")
    tree.write(
        "/sys/fs/cgroup/pod/app", memory_v2(512 * MIB, 10 * MIB) | cpu_v2("200000 100000", 1)
    )
    tree.write("/sys/fs/cgroup/pod", memory_v2(64 * MIB, 60 * MIB, 4 * MIB))
    tree.write("/sys/fs/cgroup/pod", cpu_v2("50000 100000", 8_000_000, periods=10, throttled=9))
    tree.write("/sys/fs/cgroup", memory_v2(900 * MIB, 700 * MIB) | cpu_v2("400000 100000", 9))

    assert tree.groups.memory() == GroupMemory(64 * MIB, 60 * MIB, 56 * MIB)
    assert tree.groups.cpu() == GroupCpu(0.5, "/sys/fs/cgroup/pod", 8.0, 10, 9)


def test_of_equal_limits_the_innermost_group_counts(tree):
    tree.membership("0::/pod/app")
    tree.mount("/sys/fs/cgroup", "cgroup2")
    tree.write("/sys/fs/cgroup/pod/app", memory_v2(64 * MIB, used=10 * MIB))
    tree.write("/sys/fs/cgroup/pod", memory_v2(64 * MIB, used=12 * MIB))

    assert tree.groups.memory().used == 10 * MIB


def test_a_group_without_the_controller_is_counted_in_the_group_around_it(tree):
    tree.membership("0::/user/session")
    tree.mount("/sys/fs/cgroup", "cgroup2")
    tree.write("/sys/fs/cgroup/user/session", {"cpu.stat": "usage_usec 3000000\n"})
    tree.write("/sys/fs/cgroup/user", memory_v2(used=30 * MIB))

    assert tree.groups.memory() == GroupMemory(None, 30 * MIB, 30 * MIB)
    assert tree.groups.cpu().seconds == 3.0


def test_a_path_that_the_container_cannot_see_ends_at_the_mount(tree):
    """Its `/proc` is the host's view, its `/sys/fs/cgroup` its own group."""
    tree.membership("0::/kubepods/pod1/c1")
    tree.mount("/sys/fs/cgroup", "cgroup2")
    tree.write("/sys/fs/cgroup", memory_v2(64 * MIB, used=9 * MIB))

    assert tree.groups.memory() == GroupMemory(64 * MIB, 9 * MIB, 9 * MIB)


def test_without_any_file_nothing_is_known(tree):
    assert tree.groups.memory() == NO_MEMORY
    assert tree.groups.cpu() == NO_CPU
    assert tree.groups.mounts() == []


def test_a_sandbox_may_show_few_files_and_say_nothing_of_them(tree):
    """gVisor's first cgroups had the use of memory and the quota of CPU alone."""
    tree.write("/sys/fs/cgroup/memory", {"memory.usage_in_bytes": f"{40 * MIB}\n"})
    tree.write("/sys/fs/cgroup/cpu", {"cpu.cfs_quota_us": "100000", "cpu.cfs_period_us": "100000"})

    assert tree.groups.memory() == GroupMemory(None, 40 * MIB, None)
    assert tree.groups.cpu() == GroupCpu(1.0, "/sys/fs/cgroup/cpu", None, None, None)


def test_garbage_is_not_a_number(in_v2):
    names = ("memory.max", "memory.current", "memory.stat", "cpu.max", "cpu.stat")
    in_v2.write("/sys/fs/cgroup", dict.fromkeys(names, "\x00 usage_usec -3 \n???"))

    assert in_v2.groups.memory() == NO_MEMORY
    assert in_v2.groups.cpu() == NO_CPU


def test_bytes_that_are_no_text_are_no_error(in_v2):
    (in_v2.folder / "sys/fs/cgroup").mkdir(parents=True)
    for name in ("memory.max", "memory.current", "cpu.stat"):
        (in_v2.folder / "sys/fs/cgroup" / name).write_bytes(b"\xff\xfe12\n")

    assert in_v2.groups.memory() == NO_MEMORY


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        ("memory.current", GroupMemory(64 * MIB, None, None)),
        ("memory.stat", GroupMemory(64 * MIB, 40 * MIB, None)),
        ("memory.max", GroupMemory(None, 40 * MIB, 40 * MIB)),
    ],
)
def test_a_file_that_vanishes_between_two_looks_takes_only_its_own_value_along(in_v2, gone, left):
    in_v2.write("/sys/fs/cgroup", memory_v2(64 * MIB, used=40 * MIB))
    assert in_v2.groups.memory() == GroupMemory(64 * MIB, 40 * MIB, 40 * MIB)

    in_v2.remove(f"/sys/fs/cgroup/{gone}")

    assert in_v2.groups.memory() == left


def test_a_path_that_no_file_can_have_is_no_error(tree):
    tree.membership("0::/nul\0byte")
    tree.mount("/sys/fs/cgroup", "cgroup2")
    tree.write("/sys/fs/cgroup", memory_v2(64 * MIB, used=MIB))

    assert tree.groups.memory().limit == 64 * MIB


def test_idle_cache_never_makes_the_working_set_negative(in_v2):
    """The two files are read one after the other, and the numbers move in between."""
    in_v2.write("/sys/fs/cgroup", memory_v2(64 * MIB, used=MIB, idle=2 * MIB))

    assert in_v2.groups.memory().working_set == 0
