"""The real gcloud against a REST door of ours, on loopback, with a clean configuration."""

import http.server
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local_cloud.kit.http import ApiRequest, Router

Gcloud = Callable[..., Any]


@contextmanager
def gcloud_at(
    routes: Router, api: str, folder: Path, words: Sequence[str], more: Sequence[str] = ()
) -> Iterator[Gcloud]:
    """Serve a door, and yield a gcloud that has it for `api`, such as PUBSUB.

    It says `words`, what it is called with, and `more`. Returns its JSON, or its last words if it
    fails.
    """
    server = http.server.HTTPServer(("127.0.0.1", 0), _handler(routes))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    (folder / "token").write_text("local")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CLOUDSDK_CONFIG": str(folder / "config"),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(folder / "token"),
        "CLOUDSDK_CORE_PROJECT": "p1",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"http://127.0.0.1:{server.server_port}/",
    }

    def run(*said: str) -> Any:
        done = subprocess.run(
            ["gcloud", *words, *said, *more, "--format=json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return json.loads(done.stdout or "null") if done.returncode == 0 else done.stderr

    try:
        yield run
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(routes: Router) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
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

        do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """Stay quiet."""

    return Handler
