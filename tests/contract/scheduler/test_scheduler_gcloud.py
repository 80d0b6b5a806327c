"""The real gcloud against the scheduler's REST door, on loopback."""

import http.server
import json
import os
import shutil
import subprocess
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from local_cloud.kit.http import ApiRequest
from local_cloud.scheduler.rest import router
from tests.unit.local_cloud.scheduler.conftest import World

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is not on this machine"),
]
PLACE = "--location=europe-west1"
ACCOUNT = "barq-scheduler@p1.iam.gserviceaccount.com"


def handler_of(model):
    routes = router(model)

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            url = urlsplit(self.path)
            query = {k: tuple(v) for k, v in parse_qs(url.query).items()}
            response = routes.handle(ApiRequest(self.command, url.path, query, {}, body))
            assert response is not None, (self.command, self.path)
            self.send_response(response.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815

        def log_message(self, *args):
            """Stay quiet."""

    return Handler


@pytest.fixture
def world():
    return World()


@pytest.fixture
def gcloud(world, tmp_path):
    """Run gcloud with a clean configuration; return its JSON, or its last words if it fails."""
    server = http.server.HTTPServer(("127.0.0.1", 0), handler_of(world.model))
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
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER": (
            f"http://127.0.0.1:{server.server_port}/"
        ),
    }

    def run(*words):
        done = subprocess.run(
            ["gcloud", "scheduler", "jobs", *words, PLACE, "--format=json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return json.loads(done.stdout or "null") if done.returncode == 0 else done.stderr

    yield run
    server.shutdown()
    thread.join()
    server.server_close()


def test_gcloud_creates_lists_changes_pauses_runs_and_deletes_a_job(gcloud, world):
    created = gcloud(
        "create",
        "http",
        "sweep",
        "--schedule=*/5 * * * *",
        "--uri=https://sweep.test",
        "--http-method=post",
        "--message-body={}",
        f"--oidc-service-account-email={ACCOUNT}",
        "--attempt-deadline=300s",
    )
    assert created["scheduleTime"] == "2026-03-01T12:05:00Z"
    assert created["attemptDeadline"] == "300s"
    assert created["httpTarget"]["oidcToken"]["serviceAccountEmail"] == ACCOUNT

    (listed,) = gcloud("list")
    assert (listed["name"].rpartition("/")[2], listed["state"]) == ("sweep", "ENABLED")
    changed = gcloud("update", "http", "sweep", "--schedule=* * * * *", "--max-retry-attempts=2")
    assert changed["scheduleTime"] == "2026-03-01T12:01:00Z"
    assert changed["retryConfig"]["retryCount"] == 2
    assert changed["httpTarget"]["uri"] == "https://sweep.test"
    gcloud("pause", "sweep")
    assert gcloud("describe", "sweep")["state"] == "PAUSED"
    gcloud("run", "sweep")
    assert world.endpoint.times() == [0]
    gcloud("resume", "sweep")
    gcloud("delete", "sweep")
    assert gcloud("list") == []


def test_gcloud_says_what_is_wrong(gcloud):
    where = ("--uri=https://sweep.test", f"--oidc-service-account-email={ACCOUNT}")

    assert "Schedule or time zone is invalid." in gcloud(
        "create", "http", "sweep", "--schedule=nonsense", *where
    )
    assert "Job not found." in gcloud("describe", "sweep")
