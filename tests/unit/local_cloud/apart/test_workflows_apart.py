"""The workflow engine as a process of its own: what others of the cloud see of it."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from local_cloud.apart.lines import Deployment
from local_cloud.cloud import CloudSettings
from local_cloud.eventarc.values import ToWorkflow, Trigger
from local_cloud.kit.errors import Refused
from local_cloud.pubsub.values import Message, RetryPolicy, Topic
from local_cloud.running import RunningCloud, RunningSettings, running
from local_cloud.workflows.service.settings import WorkflowsSettings
from local_cloud.workflows.service.store import StoreUnusable

pytestmark = pytest.mark.processes

SOURCE = """
main:
  params: [argument]
  steps:
    - endpoint:
        call: events.create_callback_endpoint
        args: {http_callback_method: POST}
        result: callback
    - tell:
        call: sys.log
        args: {text: waits, severity: INFO}
    - wait:
        call: events.await_callback
        args: {callback: "${callback}", timeout: 60}
        result: woken
    - woken_up:
        return: ${argument}
"""
WAITS = Deployment("p", "r1", "waits", SOURCE, "runner@p.iam.gserviceaccount.com", {})
SETTINGS = RunningSettings(CloudSettings(eventarc_retry=RetryPolicy(1, 1)), workflows_apart=True)
LIMIT_SECONDS = 60.0


class World:
    def __init__(self, cloud: RunningCloud) -> None:
        assert cloud.workflows is not None
        self.cloud, self.engine = cloud, cloud.workflows
        self.states: dict[str, str] = {}
        cloud.cloud.workflows.on_state_change.append(
            lambda one: self.states.update({one["name"]: one["state"]})
        )

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        token = self.cloud.tokens.access_token("ann@example.com")
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
            session.request(method, self.engine.url + path, json=body) as answer,
        ):
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            while not true():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def execute(self) -> str:
        document = {"argument": json.dumps("x")}
        status, created = await self.ask("POST", f"/v1/{WAITS.name}/executions", document)
        assert status == 200, created
        return str(created["name"])

    async def kill(self) -> None:
        starts, pid = self.engine.starts, self.engine.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        await self.until(lambda: self.engine.starts > starts)


def playing(
    folder: Path, play: Callable[[World], Awaitable[None]], settings: RunningSettings = SETTINGS
) -> None:
    async def main() -> None:
        async with running(folder, settings) as cloud:
            await play(World(cloud))

    asyncio.run(main())


def test_an_execution_runs_there_and_is_seen_here(tmp_path):
    async def play(world: World) -> None:
        logged: list[dict[str, Any]] = []
        world.cloud.cloud.workflows.on_log.append(logged.append)
        await world.cloud.deploy_workflow(WAITS)
        name = await world.execute()
        await world.until(lambda: logged)
        _, listed = await world.ask("GET", f"/v1/{name}/callbacks")

        callback = listed["callbacks"][0]["name"]
        assert (await world.ask("POST", f"/v1/{callback}", {}))[0] == 200
        await world.until(lambda: world.states[name] == "SUCCEEDED")

        _, ended = await world.ask("GET", f"/v1/{name}")
        assert ended["result"] == json.dumps("x")
        calls = {
            (one.principal, one.method.rpartition(".")[2]) for one in world.cloud.cloud.audit.calls
        }
        assert ("ann@example.com", "CreateExecution") in calls

    playing(tmp_path, play)


def test_after_a_kill_its_executions_are_unknown_and_its_workflows_and_addresses_are_not(tmp_path):
    async def play(world: World) -> None:
        await world.cloud.deploy_workflow(WAITS)
        name, pid = await world.execute(), world.engine.pid

        await world.kill()

        assert world.engine.pid != pid
        status, error = await world.ask("GET", f"/v1/{name}")
        assert (status, error["error"]["status"]) == (404, "NOT_FOUND")
        assert await world.execute() != name

    playing(tmp_path, play)


def test_with_a_store_its_executions_go_on_after_a_kill(tmp_path):
    async def play(world: World) -> None:
        await world.cloud.deploy_workflow(WAITS)
        world.cloud.go_on()
        name = await world.execute()
        await world.until(lambda: world.states.get(name) == "ACTIVE")

        await world.kill()

        callback: list[Any] = []
        while not callback:
            _, listed = await world.ask("GET", f"/v1/{name}/callbacks")
            callback = listed.get("callbacks", [])
        assert (await world.ask("POST", f"/v1/{callback[0]['name']}", {}))[0] == 200
        await world.until(lambda: world.states[name] == "SUCCEEDED")

    workflows = WorkflowsSettings(store_path=str(tmp_path / "store"))
    playing(tmp_path, play, replace(SETTINGS, cloud=CloudSettings(workflows=workflows)))


def test_a_store_that_cannot_be_used_is_told_in_the_stores_words(tmp_path):
    (tmp_path / "store").write_bytes(b"no store at all" * 100)

    async def play(world: World) -> None:
        with pytest.raises(StoreUnusable, match=r"error: the store .* is damaged, or no store"):
            await world.cloud.deploy_workflow(WAITS)

    workflows = WorkflowsSettings(store_path=str(tmp_path / "store"))
    playing(tmp_path, play, replace(SETTINGS, cloud=CloudSettings(workflows=workflows)))


def test_a_push_of_eventarc_is_repeated_until_the_engine_is_there_again(tmp_path):
    async def play(world: World) -> None:
        await world.cloud.deploy_workflow(WAITS)
        models, topic = world.cloud.cloud, "projects/p/topics/builds"
        models.pubsub.create_topic(Topic(topic))
        models.eventarc.create_trigger(
            Trigger(
                "projects/p/locations/r1/triggers/builds",
                ToWorkflow(WAITS.name),
                "trigger@p.iam.gserviceaccount.com",
                topic,
            )
        )
        pid = world.engine.pid
        assert pid
        os.kill(pid, signal.SIGKILL)

        models.pubsub.publish(topic, [Message(b"built")])

        await world.until(lambda: world.states)
        [name] = world.states
        _, found = await world.ask("GET", f"/v1/{name}")
        event = json.loads(found["argument"])
        assert event["data"]["message"]["data"] == "YnVpbHQ="
        assert event["source"] == f"//pubsub.googleapis.com/{topic}"
        started = [
            one for one in models.audit.calls if one.method.endswith("TriggerPubsubExecution")
        ]
        assert [one.principal for one in started] == ["trigger@p.iam.gserviceaccount.com"]

    playing(tmp_path, play)


def test_a_workflow_that_does_not_compile_is_refused_as_it_is_in_process(tmp_path):
    async def play(world: World) -> None:
        broken = Deployment("p", "r1", "broken", "main: {steps: 3}", "", {})
        with pytest.raises(Refused) as refused:
            await world.cloud.deploy_workflow(broken)
        with pytest.raises(Refused) as in_process:
            world.cloud.cloud.workflows.deploy("p", "r1", "broken", broken.source)

        assert refused.value.message == in_process.value.message

    playing(tmp_path, play)


def test_it_ends_with_the_cloud(tmp_path):
    pids: list[int | None] = []

    async def play(world: World) -> None:
        await world.cloud.deploy_workflow(WAITS)
        pids.append(world.engine.pid)

    playing(tmp_path, play)

    [pid] = pids
    assert pid is not None
    assert not psutil.pid_exists(pid)
