"""How `make up` ends, and how it refuses to begin: sentences, and no process left behind."""

import contextlib
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.processes.up_cloud import ANY_PORTS, ROOT, command, run, up

pytestmark = pytest.mark.processes


def _alive(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return alive


def _of_postgres(processes: list[psutil.Process]) -> list[str]:
    """Return the state of each of its processes; others may end meanwhile."""
    found: list[str] = []
    for one in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [one.status()] if one.name() == "postgres" else []
    return found


@dataclass(frozen=True)
class Life:
    """What was seen of one local cloud from its start to its end."""

    guide: str
    exports: list[str]
    processes: list[psutil.Process]
    alive: list[psutil.Process]
    """Of those, the ones that its end left behind."""


@dataclass(frozen=True)
class Lives:
    """Two in the same folder, one after the other: ended by SIGTERM, and by SIGKILL."""

    first: Life
    second: Life
    code: int
    """Exit status of the first."""
    exports_left: bool
    beside: "subprocess.CompletedProcess[str]"
    """Another one, begun in the folder of the first."""


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Lives:
    """Starts are what costs: 14 processes each. So two clouds answer for all that ends one."""
    folder = tmp_path_factory.mktemp("ends") / ".barq"
    first_port = _free_ports(20)
    names = ("rest", "grpc", "pubsub", "local", "services")
    ports = [w for i, name in enumerate(names) for w in (f"--{name}-port", str(first_port + i))]
    with up(folder, ports=ports) as cloud:
        beside = run("up", "--folder", str(folder), *ANY_PORTS)
        exports, processes = _exports(folder), cloud.tree()
        code = cloud.end(signal.SIGTERM)
        first = Life(cloud.guide, exports, processes, _alive(processes, 1))
    exports_left = (folder / "env").exists()
    with up(folder, "--workflows-apart", ports=ports) as cloud:
        # Halted, it cannot notice by itself that its parent is gone.
        cloud.shell('curl -sS "$BARQ_LOCAL_URL/database" -d \'{"state": "paused"}\'')
        until = time.monotonic() + 10
        while set(_of_postgres(cloud.tree())) != {"stopped"}:
            assert time.monotonic() < until
            time.sleep(0.02)
        exports, processes = _exports(folder), cloud.tree()
        apart = [one for one in processes if "local_cloud.apart.engine" in one.cmdline()]
        cloud.end(signal.SIGKILL)
        assert apart
        second = Life(cloud.guide, exports, processes, _alive(processes, 10))
    return Lives(first, second, code, exports_left, beside)


def _exports(folder: Path) -> list[str]:
    """Return the lines of `env` that stay: an engine apart has free ports of its own."""
    text = (folder / "env").read_text()
    fleeting = ("GCE_METADATA", "WORKFLOW", "CALLBACKS_ENDPOINT")
    return [line for line in text.splitlines() if not any(word in line for word in fleeting)]


def test_a_signal_ends_every_process(lives):
    assert len(lives.first.processes) > 10
    assert lives.code == 0
    assert lives.first.alive == []
    assert lives.first.guide.endswith("stopped; nothing is left running\n")
    assert not lives.exports_left


def test_a_kill_ends_every_process_too(lives):
    """SIGKILL cannot be heard: the guard does it, and an engine apart hears its input end."""
    assert len(lives.second.processes) > 10
    assert lives.second.alive == []


def test_addresses_are_the_same_after_a_restart(lives):
    assert "  database  PostgreSQL at " in lives.first.guide
    assert "  database  PostgreSQL at " in lives.second.guide
    assert lives.first.exports == lives.second.exports


def test_a_folder_has_one_local_cloud(lives):
    assert lives.beside.returncode == 2
    assert lives.beside.stderr.startswith("error: a local cloud runs in ")
    assert any("BARQ_STATUS_URL" in line for line in lives.first.exports)


def test_ctrl_c_while_it_starts_ends_every_process(tmp_path):
    process = subprocess.Popen(
        command("up", "--folder", str(tmp_path), *ANY_PORTS),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    top = psutil.Process(process.pid)
    until = time.monotonic() + 30
    while len(top.children(recursive=True)) < 5:
        assert time.monotonic() < until
        time.sleep(0.02)
    processes = top.children(recursive=True)

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert (process.returncode, said) == (0, "")
    assert _alive(processes, 1) == []


def test_a_busy_port_is_a_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = run("up", "--folder", str(tmp_path), *ANY_PORTS, "--grpc-port", str(port))

    assert done.returncode == 2
    assert done.stderr == (
        f"error: port {port} is already in use; nothing was started\n"
        " hint: stop what listens there, or choose another: `--grpc-port 0` takes any free one\n"
    )


def test_a_store_that_cannot_be_used_is_a_sentence(tmp_path):
    store = tmp_path / "store"
    store.write_text("something else")

    done = run("up", "--folder", str(tmp_path), *ANY_PORTS, "--workflows-store", str(store))

    assert done.returncode == 2
    assert done.stderr == (
        f"error: the store {store} is damaged, or no store; nothing was changed\n"
        " hint: keep a copy of it, and choose another file\n"
    )
    assert store.read_text() == "something else"


def test_a_broken_delivery_file_is_told_whole_before_anything_starts(tmp_path):
    broken = tmp_path / "delivery.yaml"
    broken.write_text("services: {api: {image: x/y, targets: {production: {steps: [50, 5]}}}}\n")

    done = run("up", "--folder", str(tmp_path / ".barq"), "--delivery", str(broken))

    assert done.returncode == 2
    assert done.stdout == ""
    assert "services.api.targets.production.project is missing" in done.stderr
    assert "services.api.targets.production.steps is [50, 5]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".barq").exists()


@pytest.mark.parametrize("content", [None, "services: ["])
def test_a_delivery_file_that_cannot_be_read_is_a_sentence(tmp_path, content):
    file = tmp_path / "delivery.yaml"
    if content:
        file.write_text(content)

    done = run("up", "--delivery", str(file))

    assert done.returncode == 2
    assert "cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("asked", [("status",), ("explain", "eb06d8ea"), ("explain",)])
def test_asking_without_a_local_cloud_is_a_sentence(tmp_path, asked):
    done = run(*asked, "--folder", str(tmp_path))

    assert done.returncode == 1
    assert done.stderr == (
        f"error: {tmp_path}/env is not there, so no local cloud runs here\n"
        " hint: start one: make up\n"
    )


def test_status_of_a_local_cloud_that_was_killed_is_a_sentence(tmp_path: Path):
    (tmp_path / "env").write_text(
        "export BARQ_STATUS_URL=http://127.0.0.1:9\nexport BARQ_LOCAL_URL=http://127.0.0.1:9/local\n"
    )

    done = run("status", "--folder", str(tmp_path))

    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert done.stderr.endswith(" hint: start it again: make up\n")


def _free_ports(count: int) -> int:
    """Return the first of some neighbouring ports that nothing listens on."""
    for first in range(18_000, 30_000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as candidate:
                    candidate.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")
