import pytest
from hypothesis import given
from hypothesis import strategies as st

from health_service.health.cgroup import (
    Mount,
    Place,
    is_in_memory,
    parse_cores,
    parse_cpu_max,
    parse_limit_bytes,
    parse_mounts,
    parse_number,
    parse_table,
    places,
)

V2 = Mount("/", "/sys/fs/cgroup", "cgroup2", frozenset({"rw"}))
MEMORY_V1 = Mount("/", "/sys/fs/cgroup/memory", "cgroup", frozenset({"rw", "memory"}))


def folders(controller, membership, *mounts):
    return [place.folder for place in places(controller, membership, mounts)]


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("67108864\n", 67_108_864),
        ("max\n", None),
        ("9223372036854771712\n", None),  # 4 KiB pages
        ("9223372036854710272\n", None),  # 64 KiB pages
        ("18446744073709551615\n", None),  # before Linux 3.19
        ("0\n", None),
        ("-1\n", None),
        ("", None),
        ("64M\n", None),
        ("\u0663\n", None),  # a digit, but not the kernel's
        ("9" * 5000, None),  # Python refuses to make a number of it
    ],
)
def test_a_limit_in_bytes_is_a_number_that_a_machine_could_have(text, limit):
    assert parse_limit_bytes(text) == limit


@pytest.mark.parametrize(
    ("text", "cores"),
    [
        ("50000 100000\n", 0.5),
        ("250000 100000\n", 2.5),
        ("max 100000\n", None),
        ("100000 0\n", None),
        ("0 100000\n", None),
        ("100000\n", None),
        ("half a core\n", None),
        ("", None),
    ],
)
def test_cpu_max_is_the_quota_over_the_period(text, cores):
    assert parse_cpu_max(text) == cores


def test_a_quota_of_minus_one_is_no_limit():
    assert parse_cores("-1\n", "100000\n") is None
    assert parse_cores("150000\n", "100000\n") == 1.5


def test_a_table_keeps_the_lines_that_have_a_number():
    text = "anon 12\nfile 7 kB\n\nnonsense\ninactive_file 40960\n"

    assert parse_table(text) == {"anon": 12, "inactive_file": 40960}


def test_a_mount_is_found_behind_its_optional_fields_and_its_escapes():
    text = (
        "24 23 0:20 /docker/a\\040b /sys/fs/cgroup rw,nosuid shared:9 master:1 - cgroup2 cgroup rw\n"
        "25 23 0:21 / /plain rw - tmpfs tmpfs rw,size=64k\n"
        "a line of another shape\n"
    )

    first, second = parse_mounts(text)

    assert first == Mount("/docker/a b", "/sys/fs/cgroup", "cgroup2", frozenset({"rw"}))
    assert (second.point, second.kind) == ("/plain", "tmpfs")


def test_the_groups_go_from_the_process_up_to_the_mount():
    assert places("memory", "0::/pod/app\n", [V2]) == [
        Place(2, "/pod/app", "/sys/fs/cgroup/pod/app"),
        Place(2, "/pod", "/sys/fs/cgroup/pod"),
        Place(2, "/", "/sys/fs/cgroup"),
    ]


def test_in_a_namespace_the_process_is_at_the_root():
    assert folders("memory", "0::/\n", V2) == ["/sys/fs/cgroup"]


def test_the_root_of_a_bind_mount_is_subtracted_from_the_path():
    mount = Mount("/docker/4f2a", "/sys/fs/cgroup", "cgroup2", frozenset())

    found = places("memory", "0::/docker/4f2a/inner\n", [mount])

    assert [place.folder for place in found] == ["/sys/fs/cgroup/inner", "/sys/fs/cgroup"]
    assert [place.path for place in found] == ["/docker/4f2a/inner", "/docker/4f2a"]


def test_a_path_that_only_begins_like_the_mounted_root_is_not_below_it():
    other = Mount("/doc", "/elsewhere", "cgroup2", frozenset())
    mine = Mount("/docker", "/sys/fs/cgroup", "cgroup2", frozenset())

    assert folders("cpu", "0::/docker/a\n", other, mine) == ["/sys/fs/cgroup/a", "/sys/fs/cgroup"]


def test_one_group_mounted_alone_is_the_containers_whatever_the_path_says():
    mount = Mount("/docker/4f2a", "/sys/fs/cgroup", "cgroup2", frozenset())

    assert folders("memory", "0::/system.slice/moved\n", mount) == ["/sys/fs/cgroup"]


@pytest.mark.parametrize("root", ["/", "/.."])
def test_a_group_outside_the_namespace_is_nobodys(root):
    """The process was moved: what is mounted is where it came from."""
    mount = Mount(root, "/sys/fs/cgroup", "cgroup2", frozenset())

    assert folders("memory", "0::/../other\n", mount) == []


def test_a_mount_that_begins_above_the_namespace_is_passed_over():
    """It was there before the namespace: the way down from its root has no name to be seen."""
    above = Mount("/..", "/host/cgroup", "cgroup2", frozenset())

    assert folders("memory", "0::/\n", above) == []
    assert folders("memory", "0::/\n", above, V2) == ["/sys/fs/cgroup"]


def test_where_both_versions_are_mounted_the_controller_says_which():
    membership = "4:memory:/app\n2:cpu,cpuacct:/app\n0::/app\n"
    cpu = Mount("/", "/sys/fs/cgroup/cpu,cpuacct", "cgroup", frozenset({"cpu", "cpuacct"}))
    unified = Mount("/", "/sys/fs/cgroup/unified", "cgroup2", frozenset())
    mounts = (unified, cpu, MEMORY_V1)

    assert folders("memory", membership, *mounts)[0] == "/sys/fs/cgroup/memory/app"
    assert folders("cpuacct", membership, *mounts)[0] == "/sys/fs/cgroup/cpu,cpuacct/app"
    assert folders("pids", membership, *mounts)[0] == "/sys/fs/cgroup/unified/app"


def test_without_a_mounted_group_the_usual_folders_are_tried():
    assert folders("memory", "") == ["/sys/fs/cgroup", "/sys/fs/cgroup/memory"]


@pytest.mark.parametrize(
    ("kinds", "in_memory"),
    [
        (["tmpfs"], True),
        (["ext4"], False),
        (["rootfs", "ext4"], False),
        (["ext4", "tmpfs"], True),
        (["overlay"], None),
        (["fuse.sshfs"], None),
        ([], None),
    ],
)
def test_the_last_mount_says_whether_a_disk_is_memory(kinds, in_memory):
    mounts = [Mount("/", "/", kind, frozenset()) for kind in kinds]
    elsewhere = Mount("/", "/tmp", "tmpfs", frozenset())

    assert is_in_memory("/", [*mounts, elsewhere]) is in_memory


LINES = ["0::", "/", "..", ":", "cpu", "memory", "\\040", "\\777", " - ", "cgroup", "cgroup2", "\n"]
NUMBERS = ["max", "-1", "100000", "9" * 30, "\u0663", " ", "\0", "\ud800", "\x85"]
words = st.sampled_from([*LINES, *NUMBERS])
texts = st.one_of(st.text(), st.lists(words, max_size=60).map("".join))


@given(texts, texts)
def test_no_text_is_an_error(one, other):
    for parse in (parse_number, parse_limit_bytes, parse_cpu_max, parse_table):
        parse(one)
    parse_cores(one, other)
    mounts = parse_mounts(one)
    is_in_memory(other, mounts)
    for controller in ("memory", "cpu"):
        for place in places(controller, other, mounts):
            assert ".." not in place.path.split("/")


@given(st.lists(st.text("ab", min_size=1, max_size=2), max_size=6), st.integers(0, 6))
def test_wherever_a_tree_is_cut_for_a_mount_the_same_groups_are_found(names, cut):
    root = "/" + "/".join(names[:cut])
    mount = Mount(root, "/mnt", "cgroup2", frozenset())

    found = places("memory", f"0::/{'/'.join(names)}\n", [mount])

    below = names[cut:]
    assert [place.folder for place in found] == [
        "/".join(["/mnt", *below[:depth]]) for depth in range(len(below), -1, -1)
    ]
    assert found[0].path == "/" + "/".join(names)
