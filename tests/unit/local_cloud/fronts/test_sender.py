"""Requests over real sockets, and every way of getting no answer."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from local_cloud.fronts import sender as module
from local_cloud.fronts.sender import AiohttpSender
from local_cloud.kit.http import Inbound, NoAnswer, Outbound

Answer = Inbound | NoAnswer
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def exchange(sender: AiohttpSender, request: Outbound) -> Answer:
    answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    sender.send(request, answered.set_result)
    assert not answered.done()
    return await answered


def send_once(request: Outbound) -> Answer:
    """Send without any server."""

    async def run() -> Answer:
        sender = AiohttpSender(asyncio.get_running_loop())
        try:
            return await exchange(sender, request)
        finally:
            await sender.close()

    return asyncio.run(run())


def send_to(handler: Handler, path: str = "/", host: str = "127.0.0.1", **of) -> Answer:
    """Serve `handler` on a free port and send one request there."""

    async def run() -> Answer:
        runner = web.ServerRunner(web.Server(handler))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        sender = AiohttpSender(asyncio.get_running_loop())
        try:
            url = f"http://{host}:{port}{path}"
            return await exchange(sender, Outbound(**{"method": "GET", "url": url, **of}))
        finally:
            await sender.close()
            await runner.cleanup()

    return asyncio.run(run())


async def echo(request: web.BaseRequest) -> web.Response:
    lines = [f"{request.method} {request.raw_path}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items() if name != "Host"]
    lines.append((await request.read()).decode())
    return web.Response(text="\n".join(lines), headers={"X-MiXed-Case": "Kept"})


@pytest.mark.processes
def test_what_is_sent_is_the_request_and_nothing_is_added_but_its_length():
    answer = send_to(echo, "/a%2Fb?q=%20x", method="POST", headers={"X-One": "1"}, body=b"hello")

    assert isinstance(answer, Inbound)
    assert answer.body.decode().split("\n") == [
        "POST /a%2Fb?q=%20x",
        "X-One: 1",
        "Content-Length: 5",
        "Connection: close",
        "hello",
    ]


@pytest.mark.processes
def test_a_big_body_is_sent_whole():
    async def count(request):
        size = sum([len(chunk) async for chunk in request.content.iter_any()])
        return web.Response(text=f"{request.content_length} {size}")

    answer = send_to(count, method="POST", body=bytes(5_000_000))

    assert isinstance(answer, Inbound)
    assert answer.body == b"5000000 5000000"


@pytest.mark.processes
def test_header_names_of_the_answer_keep_their_case():
    answer = send_to(echo)

    assert isinstance(answer, Inbound)
    assert ("X-MiXed-Case", "Kept") in answer.headers


@pytest.mark.processes
@pytest.mark.parametrize("host", ["localhost", "canary---fleet.localhost"])
def test_names_of_loopback_need_no_dns(host):
    answer = send_to(echo, host=host)

    assert isinstance(answer, Inbound)
    assert answer.status == 200


@pytest.mark.processes
def test_a_redirect_is_an_answer_and_is_not_followed():
    async def elsewhere(_request):
        return web.Response(status=302, headers={"Location": "https://run.googleapis.com/"})

    answer = send_to(elsewhere)

    assert isinstance(answer, Inbound)
    assert answer.status == 302


@pytest.mark.processes
def test_redirects_are_followed_as_far_as_the_request_allows():
    async def count_down(request):
        left = int(request.path[1:])
        if left == 0:
            return web.Response(text=f"{request.method} {await request.text()}")
        return web.Response(status=307, headers={"Location": f"/{left - 1}"})

    near, far = (
        send_to(count_down, path, method="PUT", body=b"x", redirects_max=3) for path in ("/3", "/4")
    )

    assert isinstance(near, Inbound)
    assert near.body == b"PUT x"
    assert far == NoAnswer("broken", "too many redirects")


@pytest.mark.processes
def test_a_redirect_leads_nowhere_that_a_request_may_not_go():
    async def elsewhere(_request):
        return web.Response(status=302, headers={"Location": "http://10.0.0.1/"})

    answer = send_to(elsewhere, redirects_max=10)

    assert isinstance(answer, NoAnswer)
    assert answer.kind == "never_connected"


@pytest.mark.processes
def test_the_time_is_that_of_all_redirects_together():
    async def slowly_round(_request):
        await asyncio.sleep(0.04)
        return web.Response(status=302, headers={"Location": "/"})

    answer = send_to(slowly_round, timeout_seconds=0.1, redirects_max=10)

    assert answer == NoAnswer("timeout", "no whole answer within 0.1 s")


@pytest.mark.processes
def test_an_answer_without_end_is_read_no_further_than_its_limit():
    written = 0

    async def endless(request):
        nonlocal written
        answer = web.StreamResponse()
        await answer.prepare(request)
        while written < 1_000_000_000:
            await answer.write(bytes(65536))
            written += 65536
        return answer

    answer = send_to(endless, answer_bytes_max=100_000)

    assert answer == NoAnswer("too_large", "the answer has more than 100000 bytes")
    assert written < 50_000_000


@pytest.mark.processes
def test_an_answer_that_drips_is_a_timeout():
    async def drip(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(100):
            await answer.write(b"x")
            await asyncio.sleep(0.01)
        return answer

    answer = send_to(drip, timeout_seconds=0.08)

    assert answer == NoAnswer("timeout", "no whole answer within 0.08 s")


@pytest.mark.processes
def test_a_packed_answer_stays_packed():
    async def packed(_request):
        return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    answer = send_to(packed)

    assert isinstance(answer, Inbound)
    assert answer.body == b"\x1f\x8b"


def test_a_sender_that_goes_anywhere_looks_names_up():
    async def run() -> Answer:
        sender = AiohttpSender(asyncio.get_running_loop(), anywhere=True)
        try:
            return await exchange(sender, Outbound("GET", "http://nobody.invalid/"))
        finally:
            await sender.close()

    answer = asyncio.run(run())

    assert isinstance(answer, NoAnswer)
    assert answer.kind == "never_connected"
    assert "refused: the local cloud" not in answer.message


@pytest.mark.processes
def test_a_slow_answer_is_a_timeout():
    async def slow(_request):
        await asyncio.sleep(0.3)
        return web.Response()

    answer = send_to(slow, timeout_seconds=0.05)

    assert answer == NoAnswer("timeout", "no whole answer within 0.05 s")


@pytest.mark.processes
def test_a_connection_that_ends_before_the_answer_is_broken():
    async def hang_up(request):
        request.transport.abort()
        return web.Response()

    answer = send_to(hang_up, method="POST")

    assert isinstance(answer, NoAnswer)
    assert answer.kind == "broken"
    assert answer.message


@pytest.mark.processes
@pytest.mark.parametrize(
    "head", [b"HELLO\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n"]
)
def test_what_is_not_http_is_told_in_plain_words(head):
    async def nonsense(request):
        request.transport.write(head)
        request.transport.close()
        return web.Response()

    assert send_to(nonsense) == NoAnswer("broken", "the answer is not HTTP")


@pytest.mark.processes
def test_a_connection_that_ends_within_the_answer_is_broken():
    async def half(request):
        answer = web.StreamResponse(headers={"Content-Length": "100"})
        await answer.prepare(request)
        await answer.write(b"only this")
        request.transport.close()
        return answer

    answer = send_to(half)

    assert isinstance(answer, NoAnswer)
    assert answer.kind == "broken"


@pytest.mark.processes
def test_an_answer_above_the_limit_is_too_large(monkeypatch):
    monkeypatch.setattr(module, "BODY_BYTES_MAX", 1000)

    async def big(request):
        return web.Response(body=bytes(int(request.query["bytes"])))

    whole, cut = (send_to(big, f"/?bytes={size}") for size in (1000, 1001))

    assert isinstance(whole, Inbound)
    assert len(whole.body) == 1000
    assert cut == NoAnswer("too_large", "the answer has more than 1000 bytes")


@pytest.mark.processes
def test_a_port_where_nobody_listens_is_never_connected():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"

        answer = send_once(Outbound("POST", url))

    where = url.removeprefix("http://").rstrip("/")
    expected = f"cannot connect to {where}: connection refused"
    assert answer == NoAnswer("never_connected", expected)


@pytest.mark.parametrize(
    "host", ["run.googleapis.com", "169.254.169.254", "10.0.0.1", "0.0.0.0", "localhost.evil.com"]
)
def test_a_host_that_is_not_this_machine_is_refused(host):
    answer = send_once(Outbound("GET", f"https://{host}/v2/x"))

    assert answer == NoAnswer(
        "never_connected", f"{host} refused: the local cloud only talks to loopback"
    )


@pytest.mark.parametrize(
    "url", ["", "fleet", "ftp://localhost/x", "http://[::1", "http://localhost:port/"]
)
def test_what_is_no_http_url_is_never_connected(url):
    answer = send_once(Outbound("GET", url))

    assert isinstance(answer, NoAnswer)
    assert answer.kind == "never_connected"


def test_a_header_that_http_cannot_carry_is_never_connected():
    answer = send_once(Outbound("GET", "http://127.0.0.1:1/", {"X-One": "1\r\nX-Two: 2"}))

    assert isinstance(answer, NoAnswer)
    assert answer.kind == "never_connected"


def test_a_defect_of_the_sender_is_told_to_the_log_and_not_to_the_caller(caplog):
    no_body: Any = 5

    answer = send_once(Outbound("POST", "http://127.0.0.1:1/", body=no_body))

    said = "the local cloud failed to send it; its log tells why"
    assert answer == NoAnswer("broken", said)
    assert "a request could not be sent" in caplog.text


@pytest.mark.processes
def test_closing_gives_up_what_is_under_way_and_calls_nobody():
    async def run() -> list[Answer]:
        answers: list[Answer] = []
        # It accepts the connection and never answers.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            sender = AiohttpSender(asyncio.get_running_loop())
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            sender.send(Outbound("GET", url), answers.append)
            await asyncio.sleep(0.05)
            await sender.close()
            await sender.close()
        return answers

    assert asyncio.run(run()) == []
