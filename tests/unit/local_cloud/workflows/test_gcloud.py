"""The real gcloud against the REST door on loopback (reference section 6.3)."""

import asyncio
import json
import os
import random
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from local_cloud.kit.audit import Audit
from local_cloud.kit.http import ApiRequest, Router
from local_cloud.kit.scheduler import LoopScheduler
from local_cloud.workflows.service import rest
from local_cloud.workflows.service.model import WorkflowsModel
from local_cloud.workflows.service.settings import WorkflowsSettings

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not on this machine"),
]
ECHO = "main:\n  params: [a]\n  steps:\n    - r:\n        return: ${a}\n"
SLEEP = "- s:\n    call: sys.sleep\n    args:\n      seconds: 600\n"


def handler(router: Router):
    async def handle(request: web.Request) -> web.Response:
        asked = ApiRequest(
            request.method,
            request.path,
            {name: tuple(request.query.getall(name)) for name in request.query},
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        answer = router.handle(asked)
        assert answer is not None, (request.method, request.path)
        return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))

    return handle


async def gcloud(environment: dict[str, str], *arguments: str) -> SimpleNamespace:
    process = await asyncio.create_subprocess_exec(
        "gcloud",
        *arguments,
        "--format=json",
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 60)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return SimpleNamespace(status=process.returncode, out=out.decode(), err=err.decode())


def environment_for(port: int, folder: Path) -> dict[str, str]:
    token = folder / "token"
    token.write_text("local", encoding="utf-8")
    base = f"http://127.0.0.1:{port}/"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CLOUDSDK_CONFIG": str(folder / "config"),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWS": base,
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWEXECUTIONS": base,
        "CLOUDSDK_CORE_PROJECT": "p",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
        "CLOUDSDK_WORKFLOWS_LOCATION": "us-central1",
    }


async def story(folder: Path) -> None:
    scheduler = LoopScheduler(asyncio.get_running_loop())
    unused: Any = None  # These workflows neither call nor prove anything.
    model = WorkflowsModel(
        scheduler, unused, unused, Audit(scheduler), random.Random(1), WorkflowsSettings()
    )
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler(rest.router(model)))
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        await commands(environment_for(port, folder), folder)
    finally:
        await runner.cleanup()


async def commands(environment: dict[str, str], folder: Path) -> None:
    source = folder / "w.yaml"

    async def ok(*arguments: str):
        done = await gcloud(environment, "workflows", *arguments)
        assert done.status == 0, done.err
        return json.loads(done.out)

    source.write_text("- a:\n    return: ${x}\n", encoding="utf-8")
    broken = await gcloud(environment, "workflows", "deploy", "w", f"--source={source}")
    assert broken.status == 1
    assert "[INVALID_ARGUMENT] failed to build: error in step a: " in broken.err

    source.write_text(ECHO, encoding="utf-8")
    assert (await ok("deploy", "w", f"--source={source}"))["state"] == "ACTIVE"
    ran = await ok("run", "w", '--data={"k": 1}')
    assert (ran["state"], json.loads(ran["result"])) == ("SUCCEEDED", {"k": 1})

    source.write_text(SLEEP, encoding="utf-8")
    assert (await ok("deploy", "w", f"--source={source}"))["revisionId"].startswith("000002-")
    assert (await ok("describe", "w"))["sourceContents"] == SLEEP
    assert len(await ok("list")) == 1
    execution = (await ok("execute", "w"))["name"].rpartition("/")[2]
    described = await ok("executions", "describe", execution, "--workflow=w")
    assert described["state"] == "ACTIVE"
    assert len(await ok("executions", "list", "w")) == 2
    cancelled = await ok("executions", "cancel", execution, "--workflow=w")
    assert cancelled["state"] == "CANCELLED"
    waited = await ok("executions", "wait", execution, "--workflow=w")
    assert waited["state"] == "CANCELLED"


def test_gcloud_deploys_runs_lists_waits_and_cancels(tmp_path):
    asyncio.run(story(tmp_path))
