"""Revisions as real processes."""

import asyncio
import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import aiohttp
import psutil
import pytest

from local_cloud.run.documents import service_document
from local_cloud.run.processes import NotStartedError
from tests.unit.local_cloud.run.real import KEY, RealWorld, real_world

pytestmark = pytest.mark.processes


def running(test, folder, **settings):
    """Run `test(world)` on a loop of its own."""

    async def main():
        async with real_world(folder, **settings) as world:
            await test(world)

    asyncio.run(main())


async def ask(world: RealWorld, path: str) -> str:
    revision = world.model.revisions(KEY)[0]
    instance = await world.instances.acquire(revision)
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{instance.port}{path}") as response,
        ):
            return await response.text()
    finally:
        world.instances.release(instance)


def test_a_revision_is_ready_when_its_process_answers(tmp_path):
    async def test(world):
        service = await world.create(startup_path="/")

        assert service.latest_ready == service.latest_created
        assert await ask(world, "/") == "v1"

    running(test, tmp_path)


def test_a_process_starts_with_a_clean_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/home/me/key.json")
    monkeypatch.setenv("SECRET", "x")

    async def test(world):
        service = await world.create(env={"COLOUR": "blue"}, service_account="app@prod.iam")

        environment = await ask(world, "/environment")

        found = json.loads(environment)
        assert "SECRET" not in found
        assert "GOOGLE_APPLICATION_CREDENTIALS" not in found
        assert found["COLOUR"] == "blue"
        assert found["K_SERVICE"] == found["K_CONFIGURATION"] == "api"
        assert found["K_REVISION"] == service.latest_created
        assert found["RUNS_AS"] == "app@prod.iam"
        assert not any(pathlib.Path(found["CLOUDSDK_CONFIG"]).iterdir())  # noqa: ASYNC240
        assert found["HOME"] != os.environ["HOME"]
        assert found["https_proxy"] == found["HTTPS_PROXY"] == "http://127.0.0.1:9"

    running(test, tmp_path)


def test_each_instance_has_a_home_of_its_own(tmp_path):
    """Servers leave control sockets there, and one would find the other's in use."""

    async def test(world):
        await world.create()
        await world.deploy("v2")
        homes = []
        for revision in world.model.revisions(KEY):
            instance = await world.instances.acquire(revision)
            environment = psutil.Process(instance.pids[0]).environ()
            homes.append(environment["HOME"])
            world.instances.release(instance)

        assert len(set(homes)) == 2

    running(test, tmp_path)


def test_a_process_that_ends_at_start_fails_its_revision_with_its_last_lines(tmp_path):
    async def test(world):
        await world.create("broken")

        revision = world.model.revisions(KEY)[0]
        assert (revision.state, revision.reason) == ("failed", "HealthCheckContainerError")
        assert revision.message.startswith(
            "The user-provided container failed to start and listen on the port defined provided"
            " by the PORT=8080 environment variable within the allocated timeout."
        )
        assert "exit(1)" in revision.message
        assert "no such table" in revision.message

    running(test, tmp_path)


def test_a_process_that_never_listens_fails_after_the_time_allowed(tmp_path):
    async def test(world):
        await world.create("deaf")

        assert world.model.revisions(KEY)[0].state == "failed"
        assert world.instances.instances() == []

    running(test, tmp_path, startup_seconds=0.5)


def test_a_command_that_does_not_exist_fails_the_revision(tmp_path):
    async def test(world):
        image = world.images.push("host/none", directory=None, command=["/nowhere/program"])
        world.model.create(KEY, service_document("api", image.reference))
        await world.until(lambda: world.model.revisions(KEY)[0].state == "failed")

        assert "/nowhere/program" in world.model.revisions(KEY)[0].message

    running(test, tmp_path)


def test_a_startup_path_that_answers_500_is_not_ready(tmp_path):
    async def test(world):
        document = service_document("api", world.image("v1"), startup_path="/fault")
        probe = document["spec"]["template"]["spec"]["containers"][0]["startupProbe"]
        probe["failureThreshold"] = 1
        world.model.create(KEY, document)
        await world.until(lambda: world.model.revisions(KEY)[0].state == "failed")

    running(test, tmp_path)


def test_a_crashed_process_is_started_again_on_demand(tmp_path):
    async def test(world):
        await world.create()
        first = await ask(world, "/pid")
        os.killpg(int(first), signal.SIGKILL)
        await world.until(lambda: world.instances.instances() == [])

        assert await ask(world, "/pid") != first

    running(test, tmp_path)


def test_a_crash_is_noticed_by_the_very_next_request(tmp_path):
    async def test(world):
        await world.create()
        (instance,) = world.instances.instances()
        os.killpg(instance.pids[0], signal.SIGKILL)
        until = time.monotonic() + 10
        while psutil.Process(instance.pids[0]).status() != psutil.STATUS_ZOMBIE:
            # Nobody else on the loop comes to look before the request does.
            assert time.monotonic() < until, "it does not die"

        next_one = await world.instances.acquire(instance.revision)

        assert next_one is not instance
        assert next_one.exit_code() is None

    running(test, tmp_path)


def test_a_minimum_instance_that_crashed_is_replaced_without_a_request(tmp_path):
    async def test(world):
        await world.create(instances_min=1)
        (instance,) = world.instances.instances()
        os.killpg(instance.pids[0], signal.SIGKILL)

        await world.until(lambda: world.instances.instances() not in ([], [instance]))

    running(test, tmp_path)


def test_an_idle_process_without_traffic_is_stopped_and_one_with_traffic_is_kept(tmp_path):
    async def test(world):
        first = (await world.create()).latest_created
        world.shift({"revisionName": first, "percent": 100})
        second = await world.deploy("v2")
        await world.until(lambda: len(world.instances.instances()) == 1)

        (instance,) = world.instances.instances()
        assert instance.revision.name == first
        assert await ask(world, "/") == "v2"
        assert second != first

    running(test, tmp_path, idle_seconds=0.3)


def test_a_process_with_a_request_in_flight_is_never_idle(tmp_path):
    async def test(world):
        first = (await world.create()).latest_created
        world.shift({"revisionName": first, "percent": 100})
        await world.deploy("v2")

        assert await ask(world, "/slow") == "v2"

    running(test, tmp_path, idle_seconds=0.2)


def test_sidecars_are_processes_beside_the_ingress_container(tmp_path):
    async def test(world):
        program = (
            "import os, time; print('sidecar', os.environ.get('PORT'), flush=True); time.sleep(60)"
        )
        image = world.images.push(
            "host/side", directory=None, command=[sys.executable, "-c", program]
        )
        await world.create(sidecars=[{"name": "agent", "image": image.reference}])

        (instance,) = world.instances.instances()
        assert len(instance.pids) == 2
        assert "sidecar None" in world.instances.log_path(instance.revision).read_text()

    running(test, tmp_path)


@pytest.mark.parametrize("version", ["v1", "stubborn"])
def test_closing_leaves_no_process_behind(tmp_path, version):
    pids: list[int] = []

    async def test(world):
        await world.create(version)
        pids.extend(pid for i in world.instances.instances() for pid in i.pids)

    running(test, tmp_path, stop_grace_seconds=0.3)

    assert pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_after_close_nothing_starts(tmp_path):
    async def test(world):
        await world.create()
        revision = world.model.revisions(KEY)[0]
        await world.instances.close()

        with pytest.raises(NotStartedError):
            await world.instances.acquire(revision)

    running(test, tmp_path)


def test_a_killed_local_cloud_leaves_no_process_behind(tmp_path):
    """SIGKILL runs no code of ours: only the guard is left to end the others."""
    program = textwrap.dedent(f"""
        import asyncio, pathlib
        from tests.unit.local_cloud.run.real import real_world
        async def main():
            async with real_world(pathlib.Path({str(tmp_path)!r})) as world:
                await world.create()
                print(*world.instances.instances()[0].pids, flush=True)
                await asyncio.sleep(60)
        asyncio.run(main())
    """)
    cloud = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert cloud.stdout is not None
    pids = [int(pid) for pid in cloud.stdout.readline().split()]
    assert pids
    assert all(psutil.pid_exists(pid) for pid in pids)

    cloud.kill()
    cloud.wait()
    cloud.stdout.close()

    deadline = time.monotonic() + 5
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
        assert time.monotonic() < deadline, "the process outlived the local cloud"
        time.sleep(0.05)


def test_latest_of_a_secret_is_read_when_an_instance_starts(tmp_path):
    async def test(world):
        world.secrets["password", "latest"] = b"first"
        document = service_document("api", world.image("v1"))
        entry = {
            "name": "KEY",
            "valueFrom": {"secretKeyRef": {"name": "password", "key": "latest"}},
        }
        document["spec"]["template"]["spec"]["containers"][0]["env"] = [entry]
        service = world.model.create(KEY, document)
        await world.until(lambda: not service.reconciling)
        [instance] = world.instances.instances()

        world.secrets["password", "latest"] = b"second"
        assert json.loads(await ask(world, "/environment"))["KEY"] == "first"

        for pid in instance.pids:
            os.kill(pid, signal.SIGKILL)
        await world.until(lambda: world.instances.lost(instance))
        assert json.loads(await ask(world, "/environment"))["KEY"] == "second"

        [instance] = world.instances.instances()
        world.secrets.clear()
        for pid in instance.pids:
            os.kill(pid, signal.SIGKILL)
        await world.until(lambda: world.instances.lost(instance))
        with pytest.raises(NotStartedError, match=r"secrets/password\] not found"):
            await ask(world, "/environment")

    running(test, tmp_path)
