import asyncio
import json
import threading
from typing import Any

import pytest

from health_service.health.container import Container
from health_service.health.machine import Disk, Machine, MachineMemory, Process
from tests.unit.health_service.health.group_trees import (
    Tree,
    cpu_v1,
    cpu_v2,
    memory_v1,
    memory_v2,
)

MIB = 1 << 20


class FakeMachine(Machine):
    """A host of 8 processors and 1 GiB."""

    def __init__(self):
        self.of_memory = MachineMemory(1024 * MIB, 700 * MIB, 500 * MIB)
        self.of_disk = Disk(1000, 300, 100)
        self.of_process = Process(30 * MIB, 1.23456, 4, 9)
        self.has_cores = 8
        self.used_seconds = 0.0

    def memory(self):
        return self.of_memory

    def cores(self):
        return self.has_cores

    def cpu_seconds(self):
        return self.used_seconds

    def process(self):
        return self.of_process

    def disk(self, path):
        return self.of_disk


class Stage:
    """A container over a tree of files and a machine, with a clock that the test moves."""

    def __init__(self, folder):
        self.tree = Tree(folder)
        self.machine = FakeMachine()
        self.now = 100.0
        self.container: Any = None

    def start(self, *, timeout_seconds=30.0, **more):
        self.container = Container(
            lambda: self.now,
            groups=self.tree.groups,
            machine=self.machine,
            timeout_seconds=timeout_seconds,
            **more,
        )

    def read(self, after_seconds=2.0, **more):
        if self.container is None:
            self.start(**more)
        self.now += after_seconds
        return asyncio.run(self.container.read())


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


@pytest.fixture
def in_v2(stage):
    stage.tree.membership("0::/")
    stage.tree.mount("/sys/fs/cgroup", "cgroup2", "rw,nsdelegate")
    return stage


def test_the_limits_are_those_of_the_group_and_not_of_the_host(in_v2):
    in_v2.tree.write("/sys/fs/cgroup", memory_v2(64 * MIB, used=48 * MIB, idle=16 * MIB))
    in_v2.tree.write("/sys/fs/cgroup", cpu_v2("50000 100000", 7_000_000, 100, 50))
    in_v2.start()
    in_v2.tree.write("/sys/fs/cgroup", cpu_v2("50000 100000", 7_600_000, 120, 55))

    found = in_v2.read(after_seconds=2.0)

    assert found["cpu"] == {
        "limit_cores": 0.5,
        "limit_source": "cgroup",
        "used_cores": 0.3,
        "used_source": "cgroup",
        "used_ratio": 0.6,
        "throttled_ratio": 0.25,
        "seconds": 7.6,
    }
    assert found["memory"] == {
        "limit_bytes": 64 * MIB,
        "limit_source": "cgroup",
        "used_bytes": 48 * MIB,
        "working_set_bytes": 32 * MIB,
        "used_source": "cgroup",
        "used_ratio": 0.75,
    }


def test_version_1_is_told_in_the_same_words(stage):
    stage.tree.membership("4:memory:/app", "2:cpu,cpuacct:/app")
    for point in ("memory", "cpu,cpuacct"):
        stage.tree.mount(f"/sys/fs/cgroup/{point}", "cgroup", f"rw,{point}", "/app")
    stage.tree.write("/sys/fs/cgroup/memory", memory_v1(64 * MIB, used=48 * MIB, idle=16 * MIB))
    stage.tree.write("/sys/fs/cgroup/cpu,cpuacct", cpu_v1(50_000, periods=100, throttled=50))
    stage.tree.write("/sys/fs/cgroup/cpu,cpuacct", {"cpuacct.usage": "7000000000"})
    stage.start()
    stage.tree.write("/sys/fs/cgroup/cpu,cpuacct", cpu_v1(50_000, periods=120, throttled=55))
    stage.tree.write("/sys/fs/cgroup/cpu,cpuacct", {"cpuacct.usage": "7600000000"})

    found = stage.read(after_seconds=2.0)

    assert (found["cpu"]["used_cores"], found["cpu"]["throttled_ratio"]) == (0.3, 0.25)
    assert (found["cpu"]["limit_cores"], found["cpu"]["seconds"]) == (0.5, 7.6)
    assert (found["memory"]["used_ratio"], found["memory"]["working_set_bytes"]) == (0.75, 32 * MIB)


def test_without_a_limit_the_hosts_is_told_and_called_so(in_v2):
    in_v2.tree.write("/sys/fs/cgroup", memory_v2(used=256 * MIB) | cpu_v2(usec=1_000_000))

    found = in_v2.read()

    assert (found["cpu"]["limit_cores"], found["cpu"]["limit_source"]) == (8, "host")
    assert (found["memory"]["limit_bytes"], found["memory"]["limit_source"]) == (1024 * MIB, "host")
    assert (found["memory"]["used_bytes"], found["memory"]["used_source"]) == (256 * MIB, "cgroup")
    assert found["memory"]["used_ratio"] == 0.25
    assert found["cpu"]["throttled_ratio"] is None


def test_a_group_that_may_have_more_than_there_is_has_what_there_is(in_v2):
    in_v2.tree.write("/sys/fs/cgroup", memory_v2(4096 * MIB, used=MIB) | cpu_v2("1600000 100000"))

    found = in_v2.read()

    assert (found["cpu"]["limit_cores"], found["cpu"]["limit_source"]) == (8, "host")
    assert (found["memory"]["limit_bytes"], found["memory"]["limit_source"]) == (1024 * MIB, "host")


def test_on_cloud_run_a_sandbox_without_groups_is_a_machine_of_its_own(stage):
    """The first generation: what the sandbox calls the machine is the instance."""
    stage.tree.mount("/proc", "proc")
    stage.start(disk_in_memory=True)
    stage.machine.has_cores, stage.machine.used_seconds = 1, 0.5

    found = stage.read(after_seconds=2.0)

    assert found["cpu"] == {
        "limit_cores": 1,
        "limit_source": "host",
        "used_cores": 0.25,
        "used_source": "process",
        "used_ratio": 0.25,
        "throttled_ratio": None,
        "seconds": 0.5,
    }
    assert found["memory"] == {
        "limit_bytes": 1024 * MIB,
        "limit_source": "host",
        "used_bytes": 700 * MIB,
        "working_set_bytes": 500 * MIB,
        "used_source": "host",
        "used_ratio": 0.6836,
    }
    assert found["disk"]["in_memory"] is True


def test_the_hosts_use_is_never_set_against_a_groups_limit(in_v2):
    in_v2.tree.write("/sys/fs/cgroup", {"memory.max": f"{64 * MIB}\n"})

    memory = in_v2.read()["memory"]

    assert (memory["limit_bytes"], memory["used_bytes"]) == (64 * MIB, None)
    assert (memory["used_source"], memory["used_ratio"]) == (None, None)


def test_the_disk_is_as_full_as_its_user_finds_it(stage):
    """600 of 1000 are left, 500 of them for root alone: of 400 to fill, 300 are full."""
    assert stage.read()["disk"] == {
        "path": "/",
        "in_memory": None,
        "total_bytes": 1000,
        "used_bytes": 300,
        "used_ratio": 0.75,
    }


def test_a_known_kind_of_disk_is_believed_before_the_platforms_fame(stage):
    stage.tree.mount("/", "ext4")

    assert stage.read(disk_in_memory=True)["disk"]["in_memory"] is False


def test_the_process_is_told_beside_its_container(stage):
    assert stage.read()["process"] == {
        "memory_bytes": 30 * MIB,
        "cpu_seconds": 1.235,
        "threads": 4,
        "open_files": 9,
    }


def test_where_nothing_can_be_read_every_value_is_none(stage):
    stage.machine.of_memory = stage.machine.of_disk = stage.machine.has_cores = None
    stage.machine.of_process = Process(None, None, None, None)

    found = stage.read()

    assert {value for part in ("memory", "process") for value in found[part].values()} == {None}
    assert found["cpu"]["limit_cores"] is found["cpu"]["used_ratio"] is None
    assert found["disk"]["used_ratio"] is None


def test_the_files_may_vanish_between_two_looks(in_v2):
    in_v2.tree.write("/sys/fs/cgroup", memory_v2(64 * MIB, used=MIB) | cpu_v2("50000 100000", 9))
    assert in_v2.read()["cpu"]["used_source"] == "cgroup"
    for name in ("cpu.max", "cpu.stat", "memory.max", "memory.current"):
        in_v2.tree.remove(f"/sys/fs/cgroup/{name}")

    found = in_v2.read()

    assert (found["cpu"]["limit_source"], found["cpu"]["used_source"]) == ("host", "process")
    assert found["cpu"]["used_cores"] is None
    assert found["memory"]["used_source"] == "host"


def test_many_who_ask_at_once_share_one_look(stage):
    looks = []

    def memory():
        looks.append(1)
        return stage.machine.of_memory

    stage.machine.memory = memory
    stage.start()

    async def ask():
        return await asyncio.gather(*(stage.container.read() for _ in range(20)))

    answers = asyncio.run(ask())

    assert len(looks) == 1
    assert all(answer["memory"]["limit_bytes"] == 1024 * MIB for answer in answers)


def test_a_disk_that_hangs_takes_only_itself_along(stage):
    """As `statvfs` does on a remote disk whose server is gone."""
    back = threading.Event()
    stage.machine.disk = lambda _path: back.wait(60) and stage.machine.of_disk
    stage.start(timeout_seconds=0.2)
    try:
        # On a busy machine the rest may come too late as well, but not every time.
        answers = [stage.read() for _ in range(2)]
        while len(answers) < 50 and not answers[-1]["memory"]:
            answers.append(stage.read())
    finally:
        back.set()

    assert {answer["disk"] for answer in answers} == {None}
    assert answers[-1]["memory"]["limit_bytes"] == 1024 * MIB


def test_a_look_that_fails_is_none_and_not_an_error(stage):
    def fails(*_):
        raise KeyError("MemTotal")

    stage.machine.memory = fails
    stage.start()

    assert stage.read() == {
        "cpu": None,
        "memory": None,
        "process": None,
        "disk": stage.read()["disk"],
    }


def test_an_answer_is_json_and_names_no_group_no_device_and_no_host(stage):
    stage.tree.membership("0::/secret-pod/secret-app")
    stage.tree.mount("/sys/fs/cgroup", "cgroup2")
    stage.tree.mount("/", "secret-kind")
    stage.tree.write("/sys/fs/cgroup/secret-pod", memory_v2(64 * MIB) | cpu_v2("50000 100000", 9))

    text = json.dumps(stage.read())

    assert f'"limit_bytes": {64 * MIB}' in text
    assert "secret" not in text
