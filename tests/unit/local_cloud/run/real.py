"""A Cloud Run of real processes and sockets, for one test on one asyncio loop."""

import asyncio
import contextlib
import random
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from local_cloud.identity.signers import HmacSigner
from local_cloud.identity.tokens import LocalTokens
from local_cloud.kit.audit import Audit
from local_cloud.kit.scheduler import LoopScheduler
from local_cloud.kit.traffic import ServedRequest
from local_cloud.registry.images import Images
from local_cloud.run.documents import of_service, service_document
from local_cloud.run.model import RunModel
from local_cloud.run.processes import ProcessInstances, ProcessSettings
from local_cloud.run.proxy import Proxy
from local_cloud.run.resources import Service, ServiceKey
from local_cloud.run.secret_variables import Wanted, no_secrets

REPOSITORY = "europe-west1-docker.pkg.dev/build/shop/api"
KEY = ServiceKey("prod", "europe-west1", "api")

SERVER = """
import json, os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.path = self.path.partition("?")[0]
        if self.path == "/environment":
            return self.answer(json.dumps(dict(os.environ)).encode())
        if self.path == "/headers":
            return self.answer(json.dumps(dict(self.headers)).encode())
        if self.path == "/pid":
            return self.answer(str(os.getpid()).encode())
        if self.path == "/crash":
            os._exit(3)
        if self.path == "/slow":
            time.sleep(1)
        if self.path == "/fault":
            return self.answer(b"no", 500)
        if self.path == "/stream":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for number in range(3):
                self.wfile.write(b"1\\r\\n%d\\r\\n" % number)
                self.wfile.flush()
                time.sleep(0.2)
            return self.wfile.write(b"0\\r\\n\\r\\n")
        if self.path == "/half":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"x" * 1000)
            self.wfile.flush()
            self.close_connection = True
            return
        self.answer(os.environ["VERSION"].encode())

    do_HEAD = do_GET

    def do_POST(self):
        size = 0
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while (length := int(self.rfile.readline(), 16)):
                size += len(self.rfile.read(length))
                self.rfile.readline()
            self.rfile.readline()
        else:
            size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.answer(b"%d" % size)

    def answer(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        pass

class Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True

with open(os.environ["HOME"] + "/../../starts", "a") as starts:
    starts.write("x")
print("starting", os.environ["VERSION"], flush=True)
if os.environ["VERSION"] == "broken":
    sys.exit("no such table")
if os.environ["VERSION"] == "deaf":
    time.sleep(60)
if os.environ["VERSION"] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


class RealWorld:
    def __init__(self, folder: Path, **settings: Any) -> None:
        self.source = folder / "source"
        self.source.mkdir(exist_ok=True)
        (self.source / "server.py").write_text(SERVER)
        scheduler = LoopScheduler(asyncio.get_running_loop())
        self.images = Images()
        self.secrets: dict[tuple[str, str], bytes] = {}
        """By name and version."""
        self.instances = ProcessInstances(
            folder / "run",
            settings=ProcessSettings(
                **{"startup_seconds": 20, "stop_grace_seconds": 2, **settings}
            ),
            environment_for=lambda revision: {"RUNS_AS": revision.service_account},
            read_secret=self.read_secret,
        )
        audit = Audit(scheduler)
        self.model = RunModel(
            scheduler,
            audit,
            self.images,
            self.instances,
            random.Random(1),
            read_secret=self.read_secret,
        )
        self.tokens = LocalTokens(scheduler, b"secret", HmacSigner(b"secret"))
        self.proxy = Proxy(self.model, self.instances, self.tokens)
        self.served: list[ServedRequest] = []
        self.model.on_request.append(self.served.append)

    def read_secret(self, wanted: Wanted) -> bytes:
        if (wanted.secret, wanted.version) not in self.secrets:
            return no_secrets(wanted)
        return self.secrets[wanted.secret, wanted.version]

    def image(self, version: str) -> str:
        return self.images.push(
            REPOSITORY,
            directory=self.source,
            command=[sys.executable, "-u", "server.py"],
            env={"VERSION": version},
        ).reference

    async def create(self, version: str = "v1", *, public: bool = True, **fields: Any) -> Service:
        document = service_document("api", self.image(version), **fields)
        service = self.model.create(KEY, document)
        if public:
            self.model.set_invokers(KEY, ["allUsers"])
        await self.until(lambda: not service.reconciling)
        return service

    async def deploy(self, version: str) -> str:
        document = of_service(self.model.service(KEY))
        document["spec"]["template"]["spec"]["containers"][0]["image"] = self.image(version)
        service = self.model.replace(KEY, document)
        name = service.latest_created
        await self.until(lambda: self.model.revision(KEY, name).state != "pending")
        return name

    def document_with_timeout(self, seconds: int) -> dict[str, Any]:
        document = of_service(self.model.service(KEY))
        document["spec"]["template"]["spec"]["timeoutSeconds"] = seconds
        return document

    def shift(self, *entries: dict[str, Any]) -> None:
        document = of_service(self.model.service(KEY))
        document["spec"]["traffic"] = list(entries)
        self.model.replace(KEY, document)

    async def until(self, true: Callable[[], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def real_world(folder: Path, **settings: Any) -> AsyncIterator[RealWorld]:
    world = RealWorld(folder, **settings)
    try:
        yield world
    finally:
        await world.proxy.close()
        await world.instances.close()
