"""A tiny Google for one function: a metadata server and canned answers, over plain HTTP.

Every request finds the same service with a canary at 10 % under way, so each run is a rollback.
"""

import datetime as dt
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

PROJECT: Final = "barq-production"
REGION: Final = "europe-west1"
SERVICE: Final = "fleet"
REPOSITORY: Final = "europe-west1-docker.pkg.dev/barq-build/fleet/health-service"
EXECUTION: Final = "projects/p/locations/l/workflows/w/executions/e"
RECORD: Final = "rollout.barq.dev/record"
DELIVERY: Final = {
    "services": {
        "fleet": {
            "image": REPOSITORY,
            "targets": {"production": {"project": PROJECT, "region": REGION, "service": SERVICE}},
        }
    }
}


def service(record: str) -> dict[str, Any]:
    """A service in Google's own shape, with a canary at 10 %."""
    traffic = [
        {"revisionName": "fleet-old", "percent": 90},
        {"revisionName": "fleet-new", "percent": 10, "tag": "canary"},
    ]
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": SERVICE,
            "namespace": "123456789012",
            "resourceVersion": "AAYtcXQ9wZU",
            "generation": 7,
            "annotations": {RECORD: record},
        },
        "spec": {
            "template": {"spec": {"containers": [{"image": f"{REPOSITORY}@sha256:{'a' * 64}"}]}},
            "traffic": traffic,
        },
        "status": {
            "observedGeneration": 7,
            "latestReadyRevisionName": "fleet-new",
            "url": "https://fleet-abc-ew.a.run.app",
            "traffic": traffic,
        },
    }


def entries() -> dict[str, Any]:
    """Ten requests that the canary failed just now."""
    now = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    return {
        "entries": [
            {
                "insertId": str(number),
                "timestamp": now.isoformat(),
                "resource": {"labels": {"revision_name": "fleet-new"}},
                "labels": {"instanceId": "i"},
                "httpRequest": {"status": 500, "latency": "0.1s"},
            }
            for number in range(10)
        ]
    }


class Cloud(ThreadingHTTPServer):
    """Answers, and notes what it was asked for: one word a call."""

    daemon_threads = True

    def __init__(self, record: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.service = service(record)
        self.calls: list[str] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def environment(self) -> dict[str, str]:
        """Return what a function must be told to take this for Google."""
        api = f"http://{self.address}"
        return {
            "RUN_ENDPOINT": api,
            "LOGGING_ENDPOINT": api,
            "PUBSUB_ENDPOINT": api,
            "CALLBACKS_ENDPOINT": api,
            "EVENTS_TOPIC": "projects/p/topics/events",
            "GCE_METADATA_HOST": self.address,
            "GCE_METADATA_IP": self.address,
            "GCE_METADATA_ROOT": self.address,
        }


class _Handler(BaseHTTPRequestHandler):
    server: Cloud
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece: else it is this server's 40 ms of delayed ACK that is measured.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._read()
        if "/services/" in self.path:
            self._say("read", self.server.service)
        elif "/token" in self.path:
            self._say("token", {"access_token": "t", "expires_in": 3599, "token_type": "Bearer"})
        elif self.path.endswith("/project-id"):
            self._text("project", PROJECT)
        elif "/service-accounts/" in self.path:
            account = {"email": "rollback@p.iam.gserviceaccount.com", "scopes": [], "aliases": []}
            self._say("account", account)
        elif self.path.endswith("/universe-domain"):
            self._text("universe", "googleapis.com")
        else:
            self._text("metadata", "")

    def do_PUT(self) -> None:
        self._read()
        self._say("write", self.server.service)

    def do_POST(self) -> None:
        self._read()
        if self.path.endswith("entries:list"):
            self._say("log", entries())
        elif "/callbacks/" in self.path:
            self._say("wake", {})
        else:
            self._say("tell", {"messageIds": ["1"]})

    def _read(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _say(self, word: str, document: Any) -> None:
        self._answer(word, json.dumps(document).encode(), "application/json")

    def _text(self, word: str, text: str) -> None:
        self._answer(word, text.encode(), "application/text")

    def _answer(self, word: str, body: bytes, kind: str) -> None:
        self.server.calls.append(word)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_given: Any) -> None:
        """Say nothing."""


@contextmanager
def cloud(record: str) -> Iterator[Cloud]:
    """Serve on a free port of loopback until left."""
    server = Cloud(record)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
