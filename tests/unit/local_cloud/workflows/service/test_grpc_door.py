"""The official clients over an insecure loopback channel, the model on a real loop."""

import asyncio
import contextlib
import json
import os
import random
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import workflows_v1
from google.cloud.workflows import executions_v1
from google.cloud.workflows.executions_v1.services.executions.transports import (
    ExecutionsGrpcAsyncIOTransport,
    ExecutionsGrpcTransport,
)
from google.cloud.workflows_v1.services.workflows.transports import (
    WorkflowsGrpcAsyncIOTransport,
    WorkflowsGrpcTransport,
    WorkflowsRestTransport,
)
from google.protobuf import empty_pb2
from google.protobuf.field_mask_pb2 import FieldMask

from local_cloud.fronts.rest import RestFront
from local_cloud.kit import grpc_door as door
from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import LoopScheduler
from local_cloud.workflows.service import grpc_door, rest
from local_cloud.workflows.service.model import WorkflowsModel
from local_cloud.workflows.service.settings import WorkflowsSettings

PARENT = "projects/p/locations/l"
ECHO = "main: {params: [a], steps: [{r: {return: '${a}'}}]}"
SLEEP = "- s: {call: sys.sleep, args: {seconds: 600}}"

pytestmark = pytest.mark.processes


class Anonymous:
    """Tokens of a cloud in which everyone is the developer."""

    def access_token(self, email: str) -> str:
        return email

    def id_token(self, email: str, audience: str) -> str:
        return email

    def caller(self, authorization: str | None) -> str | None:
        return None

    def invoker(self, authorization: str | None, audiences: tuple[str, ...]) -> str | None:
        return None


def model_on(loop: asyncio.AbstractEventLoop) -> WorkflowsModel:
    scheduler = LoopScheduler(loop)
    unused: Any = None  # These workflows call nothing.
    return WorkflowsModel(
        scheduler,
        unused,
        Anonymous(),
        Audit(scheduler),
        random.Random(1),
        WorkflowsSettings(),
    )


async def started(loop: asyncio.AbstractEventLoop) -> tuple[grpc.aio.Server, int]:
    """Serve a fresh model; return the server and its port."""
    server = grpc.aio.server()
    for service, methods in grpc_door.methods(model_on(loop)).items():
        door.add_service(server, service, methods, Anonymous())
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


def serving(use: Callable[[grpc.Channel], Any]) -> Any:
    """Serve a fresh model on a free port while `use` runs in a thread of its own."""

    async def main() -> Any:
        server, port = await started(asyncio.get_running_loop())
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                return await asyncio.to_thread(use, channel)
        finally:
            await server.stop(None)

    return asyncio.run(main())


def clients(channel):
    workflows = workflows_v1.WorkflowsClient(transport=WorkflowsGrpcTransport(channel=channel))
    executions = executions_v1.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel))
    return workflows, executions


def deploy(workflows, source, workflow_id="w"):
    workflow = workflows_v1.Workflow(source_contents=source)
    request = {"parent": PARENT, "workflow": workflow, "workflow_id": workflow_id}
    return workflows.create_workflow(request=request).result(timeout=5)


def test_the_clients_deploy_execute_get_list_and_cancel():
    def use(channel):
        workflows, executions = clients(channel)
        made = deploy(workflows, ECHO)
        assert made.revision_id.startswith("000001-")
        argument = executions_v1.Execution(argument=json.dumps({"k": 1}), labels={"a": "b"})
        execution = executions.create_execution(parent=made.name, execution=argument)
        assert execution.state == executions_v1.Execution.State.ACTIVE
        ended = executions.get_execution(name=execution.name)
        assert ended.state == executions_v1.Execution.State.SUCCEEDED
        assert json.loads(ended.result) == {"k": 1}
        assert dict(ended.labels) == {"a": "b"}

        deploy(workflows, SLEEP, "sleeper")
        name = f"{PARENT}/workflows/sleeper"
        asleep = executions.create_execution(parent=name)
        assert [item.name for item in executions.list_executions(parent=name)] == [asleep.name]
        cancelled = executions.cancel_execution(name=asleep.name)
        assert cancelled.state == executions_v1.Execution.State.CANCELLED

        workflow = workflows_v1.Workflow(name=name, description="new")
        workflows.update_workflow(workflow=workflow, update_mask={"paths": ["description"]})
        assert workflows.get_workflow(name=name).description == "new"
        workflows.delete_workflow(name=name).result(timeout=5)
        assert [item.name for item in workflows.list_workflows(parent=PARENT)] == [made.name]

    serving(use)


def test_a_failed_execution_keeps_its_positions_as_numbers():
    def use(channel):
        workflows, executions = clients(channel)
        deploy(workflows, "- fail: {raise: no}")
        name = executions.create_execution(parent=f"{PARENT}/workflows/w").name
        error = executions.get_execution(name=name).error
        assert error.payload == '"no"'
        assert error.stack_trace.elements[0].position.line == 1

    serving(use)


def test_refusals_are_the_client_library_s_own_errors():
    def use(channel):
        workflows, executions = clients(channel)
        with pytest.raises(exceptions.NotFound):
            executions.create_execution(parent=f"{PARENT}/workflows/none")
        with pytest.raises(exceptions.GoogleAPICallError) as failed:
            deploy(workflows, "- a: {return: '${x}'}")
        assert "failed to build: error in step a" in str(failed.value)

    serving(use)


def test_revisions_operations_and_locations_are_there_for_the_clients():
    def use(channel):
        workflows, _ = clients(channel)
        made = deploy(workflows, ECHO)
        revisions = list(workflows.list_workflow_revisions(request={"name": made.name}))
        assert [one.revision_id for one in revisions] == [made.revision_id]
        assert revisions[0].create_time == made.create_time
        (operation,) = workflows.list_operations({"name": PARENT}).operations
        assert workflows.get_operation({"name": operation.name}) == operation
        workflows.delete_operation({"name": operation.name})
        with pytest.raises(exceptions.NotFound):
            workflows.get_operation({"name": operation.name})
        places = workflows.list_locations({"name": "projects/p"}).locations
        assert workflows.get_location({"name": places[0].name}) == places[0]

    serving(use)


def test_enums_and_times_come_as_they_were_given():
    def use(channel):
        workflows, executions = clients(channel)
        level = workflows_v1.Workflow.CallLogLevel.LOG_ERRORS_ONLY
        workflow = workflows_v1.Workflow(source_contents=ECHO, call_log_level=level)
        request = {"parent": PARENT, "workflow": workflow, "workflow_id": "w"}
        made = workflows.create_workflow(request=request).result(timeout=5)
        assert (made.call_log_level, made.state) == (level, workflows_v1.Workflow.State.ACTIVE)
        own = executions_v1.Execution.CallLogLevel.LOG_NONE
        name = executions.create_execution(
            parent=made.name, execution=executions_v1.Execution(call_log_level=own)
        ).name
        execution = executions.get_execution(name=name)
        assert execution.call_log_level == own
        assert execution.start_time <= execution.end_time
        assert execution.duration == execution.end_time - execution.start_time
        basic = {"name": name, "view": executions_v1.ExecutionView.BASIC}
        assert executions.get_execution(request=basic).argument == ""

    serving(use)


def test_a_refusal_carries_its_details():
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
    }

    def refuse(request: Any, caller: str | None) -> Any:
        raise Refused("RESOURCE_EXHAUSTED", "too many", details=[detail])

    async def main() -> Any:
        server = grpc.aio.server()
        method = door.Method("Do", empty_pb2.Empty, empty_pb2.Empty, refuse)
        door.add_service(server, "s.S", [method], Anonymous())
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                call = channel.unary_unary(
                    "/s.S/Do",
                    empty_pb2.Empty.SerializeToString,
                    empty_pb2.Empty.FromString,
                )
                with pytest.raises(grpc.RpcError) as refused:
                    await call(empty_pb2.Empty())
                return exceptions.from_grpc_error(refused.value)
        finally:
            await server.stop(None)

    error = asyncio.run(main())
    assert isinstance(error, exceptions.ResourceExhausted)
    assert (error.reason, error.domain) == ("RATE_LIMIT_EXCEEDED", "googleapis.com")


def test_the_asyncio_client_deploys_and_executes():
    async def story(channel: grpc.aio.Channel) -> None:
        workflows = workflows_v1.WorkflowsAsyncClient(
            transport=WorkflowsGrpcAsyncIOTransport(channel=channel)
        )
        executions = executions_v1.ExecutionsAsyncClient(
            transport=ExecutionsGrpcAsyncIOTransport(channel=channel)
        )
        workflow = workflows_v1.Workflow(source_contents=ECHO)
        operation = await workflows.create_workflow(
            parent=PARENT, workflow=workflow, workflow_id="w"
        )
        made = await operation.result()
        name = (await executions.create_execution(parent=made.name)).name
        listed = await executions.list_executions(parent=made.name)
        assert [one.name async for one in listed] == [name]

    async def use(port: int) -> None:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await story(channel)

    async def main() -> None:
        server, port = await started(asyncio.get_running_loop())
        try:
            await use(port)
        finally:
            await server.stop(None)

    asyncio.run(main())


def test_the_client_works_the_same_over_rest():
    async def main() -> None:
        loop = asyncio.get_running_loop()
        front = RestFront(rest.router(model_on(loop)), Anonymous())
        await front.start()
        try:
            await asyncio.to_thread(use, front.url)
        finally:
            await front.close()

    def use(url: str) -> None:
        options: dict[str, Any] = {
            "credentials": AnonymousCredentials(),
            "host": url.removeprefix("http://"),
            "url_scheme": "http",
        }
        workflows = workflows_v1.WorkflowsClient(transport=WorkflowsRestTransport(**options))
        made = deploy(workflows, ECHO)
        assert made.state == workflows_v1.Workflow.State.ACTIVE
        level = workflows_v1.Workflow.CallLogLevel.LOG_NONE
        change = workflows_v1.Workflow(name=made.name, call_log_level=level)
        mask = FieldMask(paths=["call_log_level"])
        workflows.update_workflow(workflow=change, update_mask=mask).result(timeout=5)
        assert [one.call_log_level for one in workflows.list_workflows(parent=PARENT)] == [level]
        assert len(list(workflows.list_workflow_revisions(request={"name": made.name}))) == 1
        workflows.delete_workflow(name=made.name).result(timeout=5)
        with pytest.raises(exceptions.NotFound):
            workflows.get_workflow(name=made.name)

    asyncio.run(main())


def test_no_server_waits_for_more_to_send():
    """TCP_NODELAY: an answer on a connection that is kept would take 40 ms without it."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        front = RestFront(rest.router(model_on(loop)), Anonymous())
        await front.start()
        server, port = await started(loop)
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
        try:
            await channel.channel_ready()
            writer.write(b"GET /v1/projects/p/locations HTTP/1.1\r\nHost: h\r\n\r\n")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            assert delays(front.port) == [False]
            assert delays(port) == [False]
        finally:
            writer.close()
            await channel.close()
            await server.stop(None)
            await front.close()

    asyncio.run(main())


def delays(port: int) -> list[bool]:
    """Return whether Nagle's algorithm is on, for each connection that a server here has."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        number = int(descriptor.name)
        with contextlib.suppress(OSError):
            # Only sockets: a copy of a pipe that stays open keeps its reader waiting for ever.
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as one:
                one.getpeername()
                if one.getsockname()[1:2] == (port,):
                    found.append(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0)
    return found
