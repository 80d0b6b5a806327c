"""Starts a function as production does, asks it once, and takes the time."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

GIVE_UP_SECONDS = 30.0
POLL_SECONDS = 0.001


@dataclass(frozen=True)
class Case:
    """One function and the one request that it is asked."""

    name: str
    folder: Path
    source: str
    target: str
    signature: str
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Started:
    """What one start came to, in seconds since the process was started."""

    listens: float
    """It has taken a connection."""
    answered: float
    """The first answer was read whole."""
    processor: float
    """What all its processes have used by then: tells less of what else the machine does."""


def start(case: Case, environment: Mapping[str, str]) -> Started:
    """Run one cold start. Raises RuntimeError if the answer is no 2xx, or none comes."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "functions_framework"),
        *("--target", case.target, "--source", case.source, "--signature-type", case.signature),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    given = {"PATH": os.defpath, "HOME": str(case.folder), "WORKERS": "1", **environment}
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=case.folder,
        env=given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        connection, listens = _connected(process, port, began)
        status = _asked(connection, case)
        answered = time.perf_counter() - began
        processor = _used(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if not 200 <= status < 300:
        raise RuntimeError(f"{case.name} answered {status}")
    return Started(listens, answered, processor)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _used(pid: int) -> float:
    first = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:2]) for one in (first, *first.children(recursive=True)))


def _connected(
    process: subprocess.Popen[bytes], port: int, began: float
) -> tuple[http.client.HTTPConnection, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS)
    while True:
        try:
            connection.connect()
        except ConnectionRefusedError:
            if process.poll() is not None or time.perf_counter() - began > GIVE_UP_SECONDS:
                raise RuntimeError("the function did not start") from None
            time.sleep(POLL_SECONDS)
        else:
            return connection, time.perf_counter() - began


def _asked(connection: http.client.HTTPConnection, case: Case) -> int:
    headers = {"Content-Type": "application/json", **case.headers}
    connection.request("POST", "/", json.dumps(case.body), headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status
