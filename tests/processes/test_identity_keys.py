"""The keys over a real socket: whatever the other side does, the caller is answered in time."""

import asyncio
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from health_service.health import ByIdentity, keys_at

AUDIENCE = "https://fleet.example.com"
ANNA = "anna@example.com"
HANGS_SECONDS = 30
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
JWK = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "one"}


class Keys(http.server.BaseHTTPRequestHandler):
    release = threading.Event()

    def do_GET(self):
        if self.path == "/hangs":
            self.release.wait(HANGS_SECONDS)
        status = 500 if self.path == "/broken" else 200
        body = {"/long": b" " * (1 << 21)}.get(self.path, json.dumps({"keys": [JWK]}).encode())
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@contextmanager
def served() -> Iterator[str]:
    Keys.release = threading.Event()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            Keys.release.set()
            server.shutdown()
            thread.join()


def status_of(url: str) -> tuple[int, float]:
    """Return the answer to one who may, and how many seconds it took."""
    now = int(time.time())
    claims = {"iss": "https://accounts.google.com", "aud": AUDIENCE, "iat": now, "exp": now + 60}
    claims |= {"email": ANNA, "email_verified": True}
    token = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "one"})
    callers = ByIdentity([ANNA], AUDIENCE, keys_at(url))
    began = time.monotonic()
    refusal = asyncio.run(callers.refusal([(b"authorization", f"Bearer {token}".encode())]))
    return refusal.status if refusal else 200, time.monotonic() - began


@pytest.mark.processes
@pytest.mark.parametrize(
    ("path", "status"), [("/keys", 200), ("/broken", 503), ("/long", 503), ("/hangs", 503)]
)
def test_whatever_the_keys_server_does_the_caller_is_answered(path, status):
    with served() as url:
        found, seconds = status_of(url + path)

    assert found == status
    assert seconds < HANGS_SECONDS


@pytest.mark.processes
def test_where_nobody_listens_it_is_503_too():
    with served() as url:
        pass

    assert status_of(url + "/keys")[0] == 503
