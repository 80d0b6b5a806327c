"""gRPC over real sockets, with TLS and without."""

import asyncio
import contextlib
import datetime as dt
import gc
import socket
from typing import Any

import grpc
import pytest
from google.cloud.workflows.executions_v1 import Execution, GetExecutionRequest

from local_cloud.fronts.grpc_front import GrpcFront
from local_cloud.fronts.wire import PortBusy
from local_cloud.identity.authority import Authority
from local_cloud.identity.tokens import simple_tokens
from local_cloud.kit.errors import Refused
from local_cloud.kit.grpc_door import Method
from local_cloud.kit.scheduler import VirtualScheduler

TOKENS = simple_tokens(VirtualScheduler(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
SERVICE = "google.cloud.workflows.executions.v1.Executions"
DEPLOY = "deploy@p.iam.gserviceaccount.com"

pytestmark = pytest.mark.processes


def get_execution(request: GetExecutionRequest, caller: str | None) -> Execution:
    if request.name == "gone":
        raise Refused("NOT_FOUND", "Resource 'gone' was not found")
    return Execution(name=request.name, argument=caller or "developer")


METHODS = [Method("GetExecution", GetExecutionRequest, Execution, get_execution)]


def front(credentials: grpc.ServerCredentials | None = None, port: int = 0) -> GrpcFront:
    return GrpcFront([(SERVICE, METHODS)], TOKENS, credentials=credentials, port=port)


async def call(channel: grpc.aio.Channel, name: str, token: str | None = None) -> Execution:
    method = channel.unary_unary(
        f"/{SERVICE}/GetExecution",
        request_serializer=GetExecutionRequest.serialize,
        response_deserializer=Execution.deserialize,
    )
    metadata = [("authorization", f"Bearer {token}")] if token else []
    answer: Execution = await method(GetExecutionRequest(name=name), metadata=metadata, timeout=10)
    return answer


def test_a_call_without_tls_arrives_with_its_caller():
    async def run():
        running = front()
        await running.start()
        async with grpc.aio.insecure_channel(running.endpoint) as channel:
            assert (await call(channel, "x")).argument == "developer"
            token = TOKENS.access_token(DEPLOY)
            assert (await call(channel, "x", token)).argument == DEPLOY
        await running.close()
        await running.close()

    asyncio.run(run())


def test_refusals_arrive_with_googles_code_and_words():
    async def run():
        running = front()
        await running.start()
        async with grpc.aio.insecure_channel(running.endpoint) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as gone:
                await call(channel, "gone")
            with pytest.raises(grpc.aio.AioRpcError) as stranger:
                await call(channel, "x", "made-up")
        await running.close()
        assert gone.value.code() is grpc.StatusCode.NOT_FOUND
        assert gone.value.details() == "Resource 'gone' was not found"
        assert stranger.value.code() is grpc.StatusCode.UNAUTHENTICATED

    asyncio.run(run())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_client_that_trusts_the_authority_is_served_over_tls(tmp_path, host):
    async def run():
        authority = Authority(tmp_path)
        running = front(authority.grpc_credentials())
        port = await running.start()
        roots = grpc.ssl_channel_credentials(authority.roots_path.read_bytes())
        async with grpc.aio.secure_channel(f"{host}:{port}", roots) as channel:
            assert (await call(channel, "x")).name == "x"
        await running.close()

    asyncio.run(run())


def test_a_client_that_trusts_another_authority_is_not_served(tmp_path):
    async def run():
        running = front(Authority(tmp_path / "ours").grpc_credentials())
        await running.start()
        theirs = Authority(tmp_path / "theirs").roots_path.read_bytes()
        roots = grpc.ssl_channel_credentials(theirs)
        async with grpc.aio.secure_channel(running.endpoint, roots) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(channel, "x")
        await running.close()
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE

    asyncio.run(run())


def test_a_busy_port_is_told():
    async def run():
        with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortBusy):
            await front(port=other.getsockname()[1]).start()

    asyncio.run(run())


def test_two_fronts_never_share_a_port():
    async def run():
        first = front()
        port = await first.start()
        with pytest.raises(PortBusy):
            await front(port=port).start()
        await first.close()

    asyncio.run(run())


def test_a_start_that_is_cancelled_ends_without_a_word():
    """Ctrl-C may come while it starts; gRPC's own start would then report a defect of its own."""

    async def run():
        told: list[object] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: told.append(context)
        )
        for turns in range(4):
            running = front()
            starting = asyncio.create_task(running.start())
            for _ in range(turns):
                await asyncio.sleep(0)
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
            await running.close()
        gc.collect()
        assert told == []

    asyncio.run(run())


def test_bytes_that_are_no_message_are_an_invalid_argument():
    async def run():
        running = front()
        await running.start()
        async with grpc.aio.insecure_channel(running.endpoint) as channel:
            raw: Any = channel.unary_unary(f"/{SERVICE}/GetExecution")
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await raw(b"\xff\xff\xff", timeout=10)
        await running.close()
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert refused.value.details() == "The request is no message of this method."

    asyncio.run(run())
