"""A page that fails all of its users from the moment that a file exists: no clock decides it."""

import http.server
import json
import os
from pathlib import Path


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        broken = Path(os.environ["BREAKS_WITH"]).exists() and not self.path.startswith("/health")
        body = json.dumps({"version": os.environ["SERVICE_VERSION"]}).encode()
        self.send_response(500 if broken else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay quiet."""


if __name__ == "__main__":
    address = (os.environ["HOST"], int(os.environ["PORT"]))
    http.server.ThreadingHTTPServer(address, Page).serve_forever()
