"""The two subjects of the contract: our Pub/Sub, and Google's own emulator.

Both are reached by the official clients through PUBSUB_EMULATOR_HOST, over real sockets.
"""

import asyncio
import contextlib
import http.server
import json
import random
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.cloud import pubsub_v1

from local_cloud.kit.audit import Audit
from local_cloud.kit.grpc_door import add_service
from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.kit.scheduler import LoopScheduler
from local_cloud.pubsub.methods import methods
from local_cloud.pubsub.model import PubSubModel
from local_cloud.pubsub.streaming import add_streaming_pull
from local_cloud.pubsub.values import PubSubSettings


def _find_emulator() -> Path | None:
    gcloud = shutil.which("gcloud")
    if not gcloud or not shutil.which("java"):
        return None
    libraries = Path(gcloud).resolve().parents[1] / "platform/pubsub-emulator/lib"
    return max(libraries.glob("cloud-pubsub-emulator-*-all.jar"), default=None)


EMULATOR = _find_emulator()
"""Google's own, if this machine has it: part of gcloud, needs java."""


@dataclass
class Subject:
    """A running Pub/Sub with official clients. `ours` tells where the two are known to differ."""

    ours: bool
    publisher: Any
    subscriber: Any


@pytest.fixture(scope="session", params=["ours", "google"] if EMULATOR else ["ours"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    ours = request.param == "ours"
    with _our_server() if ours else _google_emulator() as host, pytest.MonkeyPatch.context() as env:
        env.setenv("PUBSUB_EMULATOR_HOST", host)
        env.setenv("PUBSUB_PROJECT_ID", "p1")
        publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
        yield Subject(ours, publisher, subscriber)
        publisher.stop()
        publisher.transport.close()
        subscriber.close()


class NoTokens:
    """Everyone is the developer: the emulator knows no identities either."""

    def access_token(self, email: str) -> str:
        return f"access-{email}"

    def id_token(self, email: str, audience: str) -> str:
        return f"id-{email}-{audience}"

    def caller(self, authorization: str | None) -> str | None:
        return None

    def invoker(self, authorization: str | None, audiences: tuple[str, ...]) -> str | None:
        return None


class ThreadSender:
    """Sends each request from a thread of its own and answers on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        def work() -> None:
            answer = _fetch(request)
            with contextlib.suppress(RuntimeError):  # The loop has ended: nobody waits.
                self._loop.call_soon_threadsafe(done, answer)

        threading.Thread(target=work, daemon=True).start()


def _fetch(request: Outbound) -> Inbound | NoAnswer:
    wire = urllib.request.Request(
        request.url, request.body, dict(request.headers), method=request.method
    )
    try:
        with urllib.request.urlopen(wire, timeout=request.timeout_seconds) as answer:
            return Inbound(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return Inbound(error.code)
    except OSError as error:
        return NoAnswer("never_connected", str(error))


@contextlib.contextmanager
def _our_server() -> Iterator[str]:
    ready: list[int] = []
    started = threading.Event()
    ended = asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        clock = LoopScheduler(loop)
        model = PubSubModel(
            clock,
            ThreadSender(loop),
            NoTokens(),
            Audit(clock),
            random.Random(1),
            PubSubSettings(),
        )
        server = grpc.aio.server(options=[("grpc.max_receive_message_length", 20_000_000)])
        for service, rpcs in methods(model).items():
            add_service(server, service, rpcs, NoTokens())
        add_streaming_pull(server, model, NoTokens())
        ready.append(server.add_insecure_port("127.0.0.1:0"))
        await server.start()
        started.set()
        await ended.wait()
        await server.stop(None)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert started.wait(10)
    try:
        yield f"127.0.0.1:{ready[0]}"
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


@contextlib.contextmanager
def _google_emulator() -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            ["java", "-jar", str(EMULATOR), "--host=127.0.0.1", f"--port={port}"],
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(port, process)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.05)
    raise AssertionError("the emulator did not start")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Receiver:
    """A push endpoint that answers with the given statuses, then with 204 for ever."""

    def __init__(self, statuses: list[int]) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                receiver.bodies.append(json.loads(self.rfile.read(length)))
                receiver.headers.append({k.lower(): v for k, v in self.headers.items()})
                self.send_response(statuses.pop(0) if statuses else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/push"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def wait_for(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        until = time.monotonic() + seconds
        while time.monotonic() < until and len(self.bodies) < count:
            time.sleep(0.02)
        return self.bodies

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    made: list[Receiver] = []

    def make(*statuses: int) -> Receiver:
        made.append(Receiver(list(statuses)))
        return made[-1]

    yield make
    for one in made:
        one.close()
