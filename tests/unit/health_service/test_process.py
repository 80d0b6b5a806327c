"""The service as its platform sees it: a process with an environment, a port and signals."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local_cloud.run.launch import free_port

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.processes


class Instance:
    """A started service; its first log line says that it listens."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        assert process.stdout is not None
        self.first_line = json.loads(process.stdout.readline())

    def get(self, path: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def end(self, sign: signal.Signals = signal.SIGTERM) -> tuple[int, list[dict[str, Any]]]:
        """Signal, wait, and return the exit status and the rest of the log."""
        self.process.send_signal(sign)
        return self.ended()

    def ended(self) -> tuple[int, list[dict[str, Any]]]:
        """Wait for an end that was asked for: a second signal may meet a process without a server."""
        rest, _ = self.process.communicate(timeout=60)
        return self.process.returncode, [json.loads(line) for line in rest.splitlines()]


def popen(env: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start Python in the folder that holds the package, with a clean environment."""
    return subprocess.Popen(
        [sys.executable, *(arguments or ("-m", "health_service"))],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOST": "127.0.0.1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def start() -> Iterator[Callable[..., Instance]]:
    started: list[subprocess.Popen[str]] = []

    def start_one(env: dict[str, str] | None = None, *arguments: str) -> Instance:
        port = free_port()
        process = popen({"PORT": str(port), **(env or {})}, *arguments)
        started.append(process)
        return Instance(process, port)

    yield start_one
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def outcome(env: dict[str, str]) -> tuple[int, str, str]:
    with popen(env) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_it_serves_logs_and_ends_with_status_0(start):
    instance = start({"K_SERVICE": "fleet", "K_REVISION": "fleet-1", "SERVICE_VERSION": "v1"})

    root, ready = instance.get("/"), instance.get("/health/ready")
    status, lines = instance.end()

    assert instance.first_line["event"] == "service.started"
    assert root[0] == 200
    assert (root[1]["version"], root[1]["revision"]) == ("v1", "fleet-1")
    assert ready == (200, {"status": "ready", "version": "v1", "revision": "fleet-1"})
    assert status == 0
    assert [line["event"] for line in lines] == ["request.answered", "service.stopped"]


def test_ctrl_c_ends_it_with_status_0_too(start):
    status, lines = start().end(signal.SIGINT)

    assert status == 0
    assert lines[-1]["event"] == "service.stopped"


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("module", ["health_service.settings", "health_service.app", "uvicorn"])
def test_a_signal_in_the_middle_of_its_start_ends_it_with_status_0(module, sign):
    """It comes while a module is imported, and whatever is raised there is caught."""
    code = f"""
        import contextlib, os, runpy, sys

        class Signalling:
            def find_spec(self, name, *_):
                if name == {module!r}:
                    with contextlib.suppress(BaseException):
                        os.kill(os.getpid(), {int(sign)})

        sys.meta_path.insert(0, Signalling())
        sys.argv[:] = ["health_service"]
        runpy.run_module("health_service", run_name="__main__")
    """
    with popen({"PORT": str(free_port())}, "-c", textwrap.dedent(code)) as process:
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()

    assert (process.returncode, out, err) == (0, "", "")


def test_on_sigterm_it_stops_accepting_and_finishes_what_is_under_way(start):
    instance = start({"FAULT_LATENCY_MS": "3000"})
    slow: list[tuple[int, Any]] = []
    request = threading.Thread(target=lambda: slow.append(instance.get("/")))
    request.start()
    while not holds_a_connection(instance):
        pass
    # Read in order of arrival: when this one is answered, the slow one has begun.
    instance.get("/health/live")

    instance.process.send_signal(signal.SIGTERM)
    seen_ready = 0
    while True:
        try:
            seen_ready += instance.get("/health/ready")[0] == 200
        except (ConnectionError, http.client.HTTPException):
            break  # Refused, or closed unanswered: it accepts no more.
    refused_before_the_slow_one_ended = not slow
    request.join(timeout=60)

    assert refused_before_the_slow_one_ended
    # A probe that arrived before the signal was handled may still have been answered.
    assert seen_ready <= 1
    assert [status for status, _ in slow] == [200]
    assert instance.ended()[0] == 0


def holds_a_connection(instance: Instance) -> bool:
    connections = psutil.Process(instance.process.pid).net_connections("tcp")
    return any(one.status == psutil.CONN_ESTABLISHED for one in connections)


def test_a_thread_that_hangs_for_good_cannot_keep_the_process(start):
    """Python waits for its threads at the end; the kernel's alarm does not."""
    code = """
        import asyncio, os, random, sys, threading, time, datetime as dt
        from health_service.app import create_app
        from health_service.health.checks import Check
        from health_service.health.lifecycle import Lifecycle
        from health_service.logs import Log
        from health_service.server import listen, serve
        from health_service.settings import parse_settings

        async def stuck():
            await asyncio.to_thread(threading.Event().wait)

        settings, lifecycle = parse_settings(os.environ), Lifecycle()
        log = Log(lambda line: print(line, end="", flush=True), lambda: dt.datetime.now(dt.UTC), "INFO")
        app = create_app(settings, lifecycle=lifecycle, log=log, monotonic=time.monotonic,
            started=0.0, rng=random.Random(1), checks=[Check("stuck", stuck, timeout_seconds=0.2)])
        serve(app, listen("127.0.0.1", settings.port), lifecycle=lifecycle, log=log,
            grace_seconds=1, last_second=2)
    """
    instance = start({}, "-c", textwrap.dedent(code))

    ready = instance.get("/health/ready")
    instance.process.send_signal(signal.SIGTERM)
    instance.process.wait(timeout=60)

    assert ready[0] == 503
    assert ready[1]["failed"] == [{"check": "stuck", "why": "no answer within 0.2 s"}]
    assert instance.process.returncode == -signal.SIGALRM


def test_a_crash_on_purpose_exits_1_with_one_line():
    status, out, err = outcome({"FAULT_CRASH_AT_START": "true"})

    assert (status, out) == (1, "")
    assert err == "error: health_service did not start; FAULT_CRASH_AT_START is true\n"


def test_wrong_settings_exit_2_with_every_problem_and_no_traceback():
    status, out, err = outcome({"PORT": "http", "FAULT_SEED": "x"})

    assert (status, out) == (2, "")
    assert err.splitlines() == [
        "error: health_service did not start; the settings are wrong",
        "PORT is 'http': must be a port from 1 to 65535, such as 8080.",
        "FAULT_SEED is 'x': must be a whole number, such as 42.",
    ]


def test_a_busy_port_exits_1_with_a_clear_sentence():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        status, out, err = outcome({"PORT": str(port)})

    assert (status, out) == (1, "")
    assert f"127.0.0.1:{port} cannot be listened on (Address already in use)" in err
    assert err.splitlines()[1:] == [" hint: set PORT to a free port"]


@pytest.mark.parametrize("host", ["192.0.2.1", "fe80::1%nope", "a..b"])
def test_a_host_that_is_none_of_this_machine_exits_1_and_the_hint_is_of_the_host(host):
    """An address of another machine, an address that cannot be, and what is no name at all."""
    status, out, err = outcome({"HOST": host})

    assert (status, out) == (1, "")
    error, hint = err.splitlines()
    assert error.startswith(f"error: health_service did not start; {host}:8080 cannot be listened")
    assert hint == " hint: set HOST to an address of this machine, such as 127.0.0.1"


def test_garbage_on_the_socket_is_one_log_line_and_harms_nobody(start):
    instance = start()

    with socket.create_connection(("127.0.0.1", instance.port)) as raw:
        raw.sendall(b"\x00\x01 not http\r\n\r\n")
        while raw.recv(4096):
            pass
    alive = instance.get("/health/live")[0]
    _, lines = instance.end()

    assert alive == 200
    assert lines[0]["event"] == "server.warned"
    assert lines[0]["severity"] == "WARNING"
