"""The REST front: Google's error bodies, and a socket that behaves."""

import asyncio
import datetime as dt
import io
import json
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from yarl import URL

from local_cloud.fronts.rest import RestFront
from local_cloud.fronts.wire import BODY_BYTES_MAX, PortBusy
from local_cloud.identity.tokens import simple_tokens
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.kit.scheduler import VirtualScheduler

TOKENS = simple_tokens(VirtualScheduler(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
DEPLOY = "deploy@p.iam.gserviceaccount.com"


def echo(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
    return ApiResponse.of(
        {
            "caller": request.caller,
            "path": request.path,
            "values": values,
            "query": dict(request.query),
            "x-one": request.headers.get("x-one"),
            "bytes": len(request.body),
        }
    )


def refuse(_request: ApiRequest, _values: dict[str, str]) -> ApiResponse:
    raise Refused("ABORTED", "Conflict for resource 'fleet'")


def fail(_request: ApiRequest, _values: dict[str, str]) -> ApiResponse:
    raise ZeroDivisionError("a secret of the model")


def front(port: int = 0) -> RestFront:
    router = Router()
    router.add("GET", "/v2/{name}", echo)
    router.add("POST", "/v2/{name}", echo)
    router.add("GET", "/refuse", refuse)
    router.add("GET", "/fail", fail)
    router.add("GET", "/big", lambda _request, _values: ApiResponse(200, bytes(5_000_000)))
    return RestFront(router, TOKENS, port=port)


def ask(method: str, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = front().answer(ApiRequest(method, path, {}, headers))
    return answer.status, json.loads(answer.body)


def test_a_token_becomes_the_caller():
    _, document = ask("GET", "/v2/x", authorization=f"Bearer {TOKENS.access_token(DEPLOY)}")

    assert document["caller"] == DEPLOY


def test_no_token_is_the_developer():
    assert ask("GET", "/v2/x")[1]["caller"] is None


def test_a_wrong_token_is_refused_with_401_in_googles_shape():
    answer = front().answer(ApiRequest("GET", "/v2/x", {}, {"authorization": "Bearer wrong"}))

    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"], error["status"]) == (401, 401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), [("GET", "/v3/x"), ("PUT", "/v2/x")])
def test_an_unknown_path_or_method_is_404_in_googles_shape(method, path):
    status, document = ask(method, path)

    assert status == 404
    assert document["error"] == {
        "code": 404,
        "message": "Method not found.",
        "status": "NOT_FOUND",
    }


def test_what_a_model_refuses_is_passed_on():
    status, document = ask("GET", "/refuse")

    assert (status, document["error"]["status"]) == (409, "ABORTED")


def test_a_defect_of_a_model_is_500_for_the_caller_and_a_traceback_on_stderr_once(capsys):
    status, document = ask("GET", "/fail")

    assert (status, document["error"]["message"]) == (500, "Internal error encountered.")
    printed = capsys.readouterr()
    assert printed.err.count("ZeroDivisionError: a secret of the model") == 1
    assert printed.err.startswith("error: GET /fail was answered with 500\n")
    assert printed.out == ""


def serve(scenario: Callable[[RestFront, aiohttp.ClientSession], Awaitable[None]]) -> None:
    async def run() -> None:
        running = front()
        await running.start()
        async with aiohttp.ClientSession() as client:
            try:
                await scenario(running, client)
            finally:
                await running.close()

    asyncio.run(run())


@pytest.mark.processes
def test_a_request_arrives_with_its_path_as_sent_its_query_headers_and_body():
    async def scenario(running, client):
        url = URL(f"{running.url}/v2/a%2Fb%3Ac?p=1&p=2&q=%2F", encoded=True)
        async with client.post(url, headers={"X-One": "1"}, data=b"12345") as answer:
            assert await answer.json() == {
                "caller": None,
                "path": "/v2/a%2Fb%3Ac",
                "values": {"name": "a/b:c"},
                "query": {"p": ["1", "2"], "q": ["/"]},
                "x-one": "1",
                "bytes": 5,
            }

    serve(scenario)


@pytest.mark.processes
def test_a_header_that_is_sent_twice_arrives_as_one_list():
    async def scenario(running, _client):
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        lines = ["GET /v2/x HTTP/1.1", "Host: x", "X-One: 1", "x-one: 2", "Connection: close"]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["x-one"] == "1, 2"

    serve(scenario)


@pytest.mark.processes
def test_head_answers_as_get_without_the_body():
    async def scenario(running, client):
        async with client.get(f"{running.url}/v2/x") as got:
            body = await got.read()
        async with client.head(f"{running.url}/v2/x") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Length"] == str(len(body))
            assert await answer.read() == b""

    serve(scenario)


@pytest.mark.processes
def test_a_body_of_the_limit_is_taken_and_one_byte_more_is_refused():
    async def scenario(running, client):
        url = f"{running.url}/v2/x"
        async with client.post(url, data=io.BytesIO(bytes(BODY_BYTES_MAX))) as answer:
            assert (await answer.json())["bytes"] == BODY_BYTES_MAX
        async with client.post(url, data=io.BytesIO(bytes(BODY_BYTES_MAX + 1))) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]["message"] == (
                "Request payload size exceeds the limit: 33554432 bytes."
            )

    serve(scenario)


@pytest.mark.processes
def test_a_big_answer_comes_whole():
    async def scenario(running, client):
        async with client.get(f"{running.url}/big") as answer:
            assert len(await answer.read()) == 5_000_000

    serve(scenario)


@pytest.mark.processes
def test_answers_on_a_kept_connection_do_not_wait_for_a_delayed_acknowledgement():
    """Without TCP_NODELAY each of them takes 40 ms."""

    async def scenario(running, client):
        took = []
        for _ in range(20):
            began = time.perf_counter()
            async with client.post(f"{running.url}/v2/x", data=b"x") as answer:
                await answer.read()
            took.append(time.perf_counter() - began)
        assert sorted(took)[10] < 0.020

    serve(scenario)


def test_a_front_that_was_never_started_can_be_closed():
    asyncio.run(front().close())


@pytest.mark.processes
def test_a_busy_port_is_told_in_one_sentence_and_a_hint():
    async def scenario():
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with pytest.raises(PortBusy) as busy:
                await front(port).start()
        assert busy.value.port == port
        error, hint = str(busy.value).split("\n")
        assert error == f"error: port {port} is already in use; nothing was started"
        assert hint.startswith(" hint: ")

    asyncio.run(scenario())


@pytest.mark.processes
def test_a_closed_front_listens_no_more_and_its_port_can_be_had_again():
    async def scenario():
        first = front()
        port = await first.start()
        async with aiohttp.ClientSession() as client, client.get(f"{first.url}/v2/x") as answer:
            assert answer.status == 200
            await answer.read()
            await first.close()
            await first.close()
            with pytest.raises(aiohttp.ClientConnectorError):
                await client.get(f"{first.url}/v2/x")
        second = front(port)
        assert await second.start() == port
        await second.close()

    asyncio.run(scenario())
