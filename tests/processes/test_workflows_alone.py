"""`python -m local_cloud.workflows` as a process: exit statuses, signals, ports, hot reload.

What it says and does is in tests/unit/local_cloud/workflows/alone; here is what needs a process.
"""

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.cloud.workflows import executions_v1
from google.cloud.workflows.executions_v1.services.executions import transports

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 30.0
PARENT = "projects/local/locations/us-central1/workflows"
HELLO = "main:\n  params: [a]\n  steps:\n    - r:\n        return: '${\"v1 \" + a}'\n"
BROKEN = "- r:\n    next: nowhere\n"
NAP = "- nap:\n    call: sys.sleep\n    args: {seconds: 3600}\n"
WAITS = """\
- make:
    call: events.create_callback_endpoint
    args: {http_callback_method: PUT}
    result: made
- wait:
    call: events.await_callback
    args: {callback: "${made}", timeout: 60}
    result: got
- give:
    return: ${got.http_request.body}
"""


class Program:
    """The command line in a process; what it writes is in two files."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
            command = [sys.executable, "-m", "local_cloud.workflows", *words]
            self.process = subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT)

    def text(self, stream: str) -> str:
        return (self.folder / stream).read_text("utf-8")

    def until(self, stream: str, pattern: str) -> re.Match[str]:
        """Wait until something has been written."""
        limit = time.monotonic() + LIMIT_SECONDS
        while (found := re.search(pattern, self.text(stream))) is None:
            assert time.monotonic() < limit, f"no {pattern!r} in {self.text(stream)!r}"
            assert self.process.poll() is None, self.text("err")
            time.sleep(0.02)
        return found

    def status(self) -> int:
        return self.process.wait(LIMIT_SECONDS)

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.status()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[type[Program]]:
    """Start the command line in a process; all end with the test."""
    begun: list[Program] = []

    def begin(*words: str) -> Program:
        folder = tmp_path / f"process-{len(begun)}"
        folder.mkdir()
        begun.append(Program(folder, *words))
        return begun[-1]

    yield begin  # type: ignore[misc]
    for program in begun:
        program.process.kill()
        program.process.wait()


def client(target: str, roots: bytes | None = None) -> executions_v1.ExecutionsClient:
    if roots is None:
        channel = grpc.insecure_channel(target)
    else:
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(roots))
    transport = transports.ExecutionsGrpcTransport(channel=channel)
    return executions_v1.ExecutionsClient(transport=transport)


def executed(executions: executions_v1.ExecutionsClient, workflow: str) -> str:
    """Execute with the argument "x"; return the result."""
    given = executions_v1.Execution(argument='"x"')
    name = executions.create_execution(parent=f"{PARENT}/{workflow}", execution=given).name
    limit = time.monotonic() + LIMIT_SECONDS
    while (found := executions.get_execution(name=name)).state == 1:
        assert time.monotonic() < limit
        time.sleep(0.02)
    return str(found.result)


@pytest.mark.parametrize(
    ("source", "status", "out", "err"),
    [
        (HELLO, 0, '"v1 x"\n', "succeeded in "),
        ("- r:\n    raise: no\n", 1, "", "error: the execution failed"),
        (BROKEN, 1, "", ":2:11: error in step r: next step 'nowhere' not found"),
    ],
)
def test_the_exit_status_is_the_executions(start, tmp_path, source, status, out, err):
    (tmp_path / "w.yaml").write_text(source)

    program = start("run", str(tmp_path / "w.yaml"), "--data", '"x"')

    assert program.status() == status
    assert program.text("out") == out
    assert err in program.text("err")


def test_ctrl_c_cancels_and_says_where(start, tmp_path):
    (tmp_path / "w.yaml").write_text(NAP)
    program = start("run", str(tmp_path / "w.yaml"))
    program.until("err", r"nap +call sys\.sleep")

    assert program.end() == 130
    assert re.search(r"cancelled in step 'nap' of 'main' .*: Ctrl-C\n$", program.text("err"))


def test_a_callback_comes_in_from_outside(start, tmp_path):
    (tmp_path / "w.yaml").write_text(WAITS)
    program = start("run", str(tmp_path / "w.yaml"), "--no-trace")
    url = program.until("err", r"callback: curl -X PUT (http://127\S+)").group(1)

    request = urllib.request.Request(url, b'{"yes": 1}', method="PUT")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200

    assert program.status() == 0
    assert json.loads(program.text("out")) == {"yes": 1}


def test_files_are_served_and_follow_their_changes_and_a_port_is_had_once(start, tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    file = folder / "hello.yaml"
    file.write_text(HELLO)
    program = start("serve", str(folder), "--port", "0", "--grpc-port", "0")
    port = program.until("out", r"gRPC localhost:(\d+)").group(1)
    executions = client(f"localhost:{port}")
    assert executed(executions, "hello") == '"v1 x"'

    busy = start("serve", "--port", "0", "--grpc-port", port)
    file.write_text(BROKEN)
    program.until("err", r"hello: revision 000001-\w+ keeps serving")
    assert executed(executions, "hello") == '"v1 x"'
    file.write_text(HELLO.replace("v1", "v2"))
    program.until("err", r"deployed hello 000002-")
    assert executed(executions, "hello") == '"v2 x"'

    assert busy.status() == 2
    assert busy.text("err").splitlines()[0] == (
        f"error: port {port} is already in use; nothing was started"
    )
    assert program.end() == 0


def test_over_tls_what_a_store_keeps_is_there_after_a_restart(start, tmp_path):
    (tmp_path / "hello.yaml").write_text(HELLO)
    words = ("--port", "0", "--grpc-port", "0", "--tls", str(tmp_path), "--store")
    store = str(tmp_path / "kept.db")
    results = []
    for files in ((str(tmp_path / "hello.yaml"),), ()):
        program = start("serve", *files, *words, store)
        port = program.until("out", r"gRPC localhost:(\d+)").group(1)
        executions = client(f"localhost:{port}", (tmp_path / "roots.pem").read_bytes())
        results.append(executed(executions, "hello"))
        listed = list(executions.list_executions(parent=f"{PARENT}/hello"))
        assert program.end() == 0

    assert results == ['"v1 x"', '"v1 x"']
    assert len(listed) == 2


def test_what_only_computes_loads_neither_servers_nor_googles_clients(tmp_path):
    (tmp_path / "w.yaml").write_text(HELLO)
    play = "main(['run', sys.argv[1], '--data', '1']); print(sorted(sys.modules))"
    program = f"import sys; from local_cloud.workflows.__main__ import main; {play}"

    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "w.yaml")],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip

    loaded = re.findall(r"'(google\.\w+|\w+)", ran.stdout.splitlines()[-1])
    assert "asyncio" in loaded
    assert not {"grpc", "aiohttp", "cryptography", "sqlite3"} & set(loaded)
