"""`serve --store` is killed while executions sleep, await and have a request under way."""

import http.server
import json
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 60.0
PARENT = "projects/local/locations/us-central1/workflows/w"
SOURCE = """
main:
  params: [asked]
  steps:
    - note:
        assign: [{id: "${uuid.generate()}"}]
    - which:
        switch:
          - condition: ${asked.what == "sleep"}
            steps:
              - nap: {call: sys.sleep, args: {seconds: 2}}
          - condition: ${asked.what == "await"}
            steps:
              - make:
                  call: events.create_callback_endpoint
                  args: {http_callback_method: POST}
                  result: endpoint
              - wait:
                  call: events.await_callback
                  args: {callback: "${endpoint}", timeout: 600}
                  result: came
              - give: {return: "${came.http_request.body}"}
          - condition: ${asked.what == "request"}
            steps:
              - get: {call: http.get, args: {url: "${asked.url}"}, result: answer}
              - tell: {return: "${answer.body}"}
    - back: {return: "${id}"}
"""


class Slow(http.server.ThreadingHTTPServer):
    """Answers when it may."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.came: list[str] = []
        self.may_answer = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Slow

    def do_GET(self) -> None:
        self.server.came.append(self.path)
        self.server.may_answer.wait(LIMIT_SECONDS)
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'"answered"')
        except OSError:
            pass  # Who asked was killed.

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Served:
    """`serve`, until it is killed."""

    def __init__(self, folder: Path, *files: str) -> None:
        self._out, self._err = folder / "out", folder / "err"
        words = ["serve", *files, "--store", str(folder / "kept.db"), "--port", "0"]
        command = [sys.executable, "-m", "local_cloud.workflows", *words, "--grpc-port", "0"]
        with self._out.open("w") as out, self._err.open("w") as err:
            self._process = subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT)
        self._url = until(lambda: re.search(r"http://127\.0\.0\.1:\d+", self._out.read_text()))[0]

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/v1/{path}", data)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=LIMIT_SECONDS) as answer:
            return json.loads(answer.read() or b"null")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def until(found: Any) -> Any:
    limit = time.monotonic() + LIMIT_SECONDS
    while not (there := found()):
        assert time.monotonic() < limit
        time.sleep(0.02)
    return there


@pytest.fixture
def slow() -> Iterator[Slow]:
    server = Slow()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.may_answer.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_executions_go_on_after_kill_9(tmp_path: Path, slow: Slow) -> None:
    (tmp_path / "w.yaml").write_text(SOURCE)
    served = Served(tmp_path, str(tmp_path / "w.yaml"))
    try:
        names = []
        for what in ("sleep", "await", "request"):
            argument = json.dumps({"what": what, "url": slow.url})
            names.append(served.ask(f"{PARENT}/executions", {"argument": argument})["name"])
        until(lambda: slow.came and served.ask(f"{names[1]}/callbacks").get("callbacks"))

        served.kill()
        slow.may_answer.set()
        served = Served(tmp_path)

        [callback] = served.ask(f"{names[1]}/callbacks")["callbacks"]
        served.ask(callback["name"], {"come": "back"})
        until(lambda: all(served.ask(name)["state"] != "ACTIVE" for name in names))
        slept, awaited, requested = (served.ask(name) for name in names)
    finally:
        served.kill()
    assert [one["state"] for one in (slept, awaited, requested)] == ["SUCCEEDED"] * 3
    assert 2 <= float(slept["duration"].rstrip("s")) < LIMIT_SECONDS
    assert json.loads(awaited["result"]) == {"come": "back"}
    assert json.loads(requested["result"]) == "answered"
    assert slow.came == ["/", "/"]
