"""The official clients over an insecure loopback channel, the model on a real loop."""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud import workflows_v1
from google.cloud.workflows import executions_v1
from google.cloud.workflows.executions_v1.services.executions.transports import (
    ExecutionsGrpcTransport,
)
from google.cloud.workflows_v1.services.workflows.transports import WorkflowsGrpcTransport

from local_cloud.kit import grpc_door as door
from local_cloud.kit.audit import Audit
from local_cloud.kit.scheduler import LoopScheduler
from local_cloud.workflows.service import grpc_door
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


def serving(use: Callable[[grpc.Channel], Any]) -> Any:
    """Serve a fresh model on a free port while `use` runs in a thread of its own."""

    async def main() -> Any:
        scheduler = LoopScheduler(asyncio.get_running_loop())
        unused: Any = None  # These workflows call nothing.
        model = WorkflowsModel(
            scheduler,
            unused,
            Anonymous(),
            Audit(scheduler),
            random.Random(1),
            WorkflowsSettings(),
        )
        server = grpc.aio.server()
        for service, methods in grpc_door.methods(model).items():
            door.add_service(server, service, methods, Anonymous())
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
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
