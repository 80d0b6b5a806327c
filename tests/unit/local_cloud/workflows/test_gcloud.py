"""The real gcloud against the REST door on loopback (reference section 6.3).

Each call costs a second of CPU: one story goes through every verb, and BARQ_TEST_GCLOUD=all
(make test-full) adds what a person asks for more rarely.
"""

import asyncio
import json
import os
import random
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local_cloud.fronts.rest import RestFront
from local_cloud.kit.audit import Audit
from local_cloud.kit.scheduler import LoopScheduler
from local_cloud.workflows.service import rest
from local_cloud.workflows.service.model import WorkflowsModel
from local_cloud.workflows.service.settings import WorkflowsSettings
from tests.unit.local_cloud.workflows.conftest import NamedTokens

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not on this machine"),
]
ECHO = "main:\n  params: [a]\n  steps:\n    - r:\n        return: ${a}\n"
SLEEP = "- s:\n    call: sys.sleep\n    args:\n      seconds: 600\n"


class Gcloud:
    """`gcloud workflows`, for one door."""

    def __init__(self, port: int, folder: Path) -> None:
        token = folder / "token"
        token.write_text("access:developer", encoding="utf-8")
        base = f"http://127.0.0.1:{port}/"
        self._environment = {
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
        self._source = folder / "w.yaml"

    async def deploy(self, source: str, *more: str) -> SimpleNamespace:
        self._source.write_text(source, encoding="utf-8")
        return await self("deploy", "w", f"--source={self._source}", *more)

    async def __call__(self, *arguments: str) -> SimpleNamespace:
        """Return `status`, `out` (JSON, None for nothing) and `err`."""
        process = await asyncio.create_subprocess_exec(
            *("gcloud", "workflows", *arguments, "--format=json"),
            env=self._environment,
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
        return SimpleNamespace(
            status=process.returncode, out=json.loads(out or b"null"), err=err.decode()
        )


def served(folder: Path, story: Callable[[Gcloud], Awaitable[None]]) -> None:
    async def main() -> None:
        scheduler = LoopScheduler(asyncio.get_running_loop())
        unused: Any = None  # These workflows call nothing.
        model = WorkflowsModel(
            scheduler, unused, NamedTokens(), Audit(scheduler), random.Random(1),
            WorkflowsSettings(),
        )  # fmt: skip
        front = RestFront(rest.router(model), NamedTokens())
        await front.start()
        try:
            await story(Gcloud(front.port, folder))
        finally:
            await front.close()

    asyncio.run(main())


async def through_the_verbs(gcloud: Gcloud) -> None:
    broken = await gcloud.deploy("- a:\n    return: ${x}\n")
    assert broken.status == 1
    (line,) = [line for line in broken.err.splitlines() if line.startswith("ERROR: ")]
    said = "ERROR: (gcloud.workflows.deploy) [INVALID_ARGUMENT] failed to build: error in step a: "
    assert line.startswith(said)

    assert (await gcloud.deploy(ECHO)).out["state"] == "ACTIVE"
    ran = (await gcloud("run", "w", '--data={"k": 1}')).out
    assert (ran["state"], json.loads(ran["result"])) == ("SUCCEEDED", {"k": 1})
    first = ran["workflowRevisionId"]

    deployed = (await gcloud.deploy(SLEEP, "--description=naps", "--labels=team=a")).out
    assert deployed["revisionId"].startswith("000002-")
    assert (deployed["description"], deployed["labels"]) == ("naps", {"team": "a"})
    old = (await gcloud("describe", "w", f"--revision-id={first}")).out
    assert (old["sourceContents"], old["description"]) == (ECHO, "naps")
    assert [one["name"] for one in (await gcloud("list")).out] == [deployed["name"]]

    started = (await gcloud("execute", "w", "--call-log-level=log-all-calls")).out
    assert (started["state"], started["callLogLevel"]) == ("ACTIVE", "LOG_ALL_CALLS")
    listed = (await gcloud("executions", "list", "w", "--limit=1", "--sort-by=~startTime")).out
    assert [one["name"] for one in listed] == [started["name"]]
    execution = started["name"].rpartition("/")[2]
    await gcloud("executions", "cancel", execution, "--workflow=w")
    waited = (await gcloud("executions", "wait-last")).out
    assert waited["state"] == "CANCELLED"

    assert (await gcloud("delete", "w")).status == 0


async def what_is_asked_more_rarely(gcloud: Gcloud) -> None:
    await gcloud.deploy(ECHO)
    same = await gcloud("deploy", "w")
    assert "No updates provided, quitting as a no-op." in same.err
    levels = ("--call-log-level=log-errors-only", "--set-env-vars=A=b")
    deployed = (await gcloud.deploy(ECHO, *levels)).out
    assert deployed["callLogLevel"] == "LOG_ERRORS_ONLY"
    assert deployed["userEnvVars"] == {"A": "b"}
    filtered = (await gcloud("list", "--filter=state=ACTIVE", "--limit=1")).out
    assert len(filtered) == 1
    names = [(await gcloud("execute", "w", f"--data={n}")).out["name"] for n in range(2)]
    listed = (await gcloud("executions", "list", "w", "--filter=state=SUCCEEDED")).out
    assert [one["name"] for one in listed] == names[::-1]
    execution = names[0].rpartition("/")[2]
    described = (await gcloud("executions", "describe", execution, "--workflow=w")).out
    assert described["result"] == "0"
    last = (await gcloud("executions", "describe-last")).out
    assert last["status"]["currentSteps"] == [{"routine": "main", "step": "r"}]
    waited = (await gcloud("executions", "wait", execution, "--workflow=w")).out
    assert waited["state"] == "SUCCEEDED"
    over = await gcloud("executions", "cancel", execution, "--workflow=w")
    assert over.status == 1
    assert "FAILED_PRECONDITION" in over.err
    assert (await gcloud("delete", "w")).status == 0
    gone = await gcloud("describe", "w")
    assert gone.status == 1
    assert "NOT_FOUND" in gone.err


STORIES = [through_the_verbs]
if os.environ.get("BARQ_TEST_GCLOUD") == "all":
    STORIES.append(what_is_asked_more_rarely)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_gcloud_is_answered_as_by_google(tmp_path, story):
    served(tmp_path, story)
