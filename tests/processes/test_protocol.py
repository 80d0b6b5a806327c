"""What comes over the socket before it is a request: too much, an upgrade, no HTTP."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from health_service.protocol import HEAD_MAX
from tests.processes.service_process import ServiceProcess

pytestmark = pytest.mark.processes
ALIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    service = ServiceProcess(tmp_path, {})
    service.until_listening()
    yield service
    service.kill()


def warned(service: ServiceProcess) -> list[str]:
    """End it, and return what it warned of."""
    assert service.end() == 0
    lines = [json.loads(line) for line in service.out.read_text().splitlines()]
    return [line["message"] for line in lines if line["event"] == "server.warned"]


def sent(port: int, *parts: bytes) -> bytes:
    """Send parts one after another; return all that is answered until the other side ends it."""
    answered = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
        try:
            for part in parts:
                raw.sendall(part)
            while some := raw.recv(65536):
                answered += some
        except ConnectionError:  # It was ended before all was sent, or read.
            pass
    return answered


@pytest.mark.parametrize(
    ("begins", "goes_on"),
    [
        (b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: ", b"a" * 100_000),
        (b"GET /health/live HTTP/1.1\r\nHost: x\r\n", b"X: a\r\n" * 20_000),
        (b"GET /", b"a" * 100_000),
        (
            b"POST /vehicles HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
            b"a" * 100_000,
        ),
    ],
    ids=["one header", "many headers", "the path", "a trailer"],
)
def test_a_head_that_never_ends_is_refused_before_it_fills_the_memory(service, begins, goes_on):
    taken = psutil.Process(service.pid).memory_info().rss

    answer = sent(service.port, begins, *([goes_on] * 400))

    assert psutil.Process(service.pid).memory_info().rss - taken < 10_000_000
    assert b" 200 " not in answer
    assert sent(service.port, ALIVE).startswith(b"HTTP/1.1 200 OK")
    assert "Request headers are too large." in warned(service)


def test_a_head_that_is_too_large_is_answered_431(service):
    begins = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: "

    answer = sent(service.port, begins.ljust(HEAD_MAX + 1, b"a"))

    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert json.loads(body) == {"error": "the request headers are too large"}
    assert b"content-length: %d" % len(body) in head


def test_a_head_below_the_limit_and_a_body_above_it_are_taken(service):
    large = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 60_000 + b"\r\n\r\n"
    body = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n"

    answer = sent(service.port, large, large, body, *([b"a" * 100_000] * 40), ALIVE)

    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b"HTTP/1.1 404 Not Found") == 1


def test_an_upgrade_to_websockets_is_no_reason_to_advise_installing_them(service):
    answer = sent(
        service.port,
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\n"
        b"Upgrade: websocket\r\n\r\n",
    )

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert warned(service) == ["Unsupported upgrade request."]


@pytest.mark.parametrize("method", [b"FOO", b"get"])
def test_a_method_that_http_does_not_have_is_answered_400_in_plain_text(service, method):
    answer = sent(service.port, method + b" /health/live HTTP/1.1\r\nHost: x\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\ncontent-type: text/plain" in answer
