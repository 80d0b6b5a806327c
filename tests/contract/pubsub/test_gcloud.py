"""The real gcloud against our REST door: the commands that a person at the keyboard uses."""

import http.server
import json
import os
import random
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.http import ApiRequest, Inbound, NoAnswer, Outbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.pubsub.model import PubSubModel
from local_cloud.pubsub.rest import router
from tests.contract.pubsub.conftest import NoTokens
from tests.unit.local_cloud.pubsub.conftest import START

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is not on this machine"),
]


class Nowhere:
    """No subscription here is pushed."""

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        raise AssertionError(request)


def _handler(model: PubSubModel) -> type[http.server.BaseHTTPRequestHandler]:
    routes = router(model)

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            url = urlsplit(self.path)
            query = {k: tuple(v) for k, v in parse_qs(url.query).items()}
            response = routes.handle(ApiRequest(self.command, url.path, query, {}, body))
            assert response is not None, self.path
            self.send_response(response.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@pytest.fixture
def model() -> PubSubModel:
    clock = VirtualScheduler(START)
    return PubSubModel(clock, Nowhere(), NoTokens(), Audit(clock), random.Random(1))


@pytest.fixture
def gcloud(model: PubSubModel, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Run gcloud with a clean configuration; return its JSON, or its last words if it fails."""
    server = http.server.HTTPServer(("127.0.0.1", 0), _handler(model))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    (tmp_path / "token").write_text("local")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CLOUDSDK_CONFIG": str(tmp_path / "config"),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(tmp_path / "token"),
        "CLOUDSDK_CORE_PROJECT": "p1",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": f"http://127.0.0.1:{server.server_port}/",
    }

    def run(*words: str) -> Any:
        done = subprocess.run(
            ["gcloud", "pubsub", *words, "--format=json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr

    yield run
    server.shutdown()
    thread.join()
    server.server_close()


def test_gcloud_creates_publishes_pulls_and_lists(gcloud, model):
    gcloud("topics", "create", "builds")
    gcloud(
        "subscriptions",
        "create",
        "builds-sub",
        "--topic=builds",
        '--message-filter=attributes.status = "SUCCESS"',
    )
    gcloud("topics", "publish", "builds", "--message=ignored", "--attribute=status=WORKING")
    sent = gcloud("topics", "publish", "builds", "--message=hi", "--attribute=status=SUCCESS")

    (pulled,) = gcloud("subscriptions", "pull", "builds-sub", "--auto-ack", "--limit=5")

    assert sent["messageIds"] == [pulled["message"]["messageId"]]
    assert pulled["message"]["data"] == "aGk="
    assert pulled["message"]["attributes"] == {"status": "SUCCESS"}
    assert model.backlog_count("projects/p1/subscriptions/builds-sub") == 0
    assert [topic["name"] for topic in gcloud("topics", "list")] == ["projects/p1/topics/builds"]
    (listed,) = gcloud("subscriptions", "list")
    assert listed["name"] == "projects/p1/subscriptions/builds-sub"


def test_gcloud_says_what_is_wrong(gcloud):
    assert "Resource not found (resource=nope)." in gcloud(
        "topics", "publish", "nope", "--message=hi"
    )
