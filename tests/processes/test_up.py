"""`make up` as a person meets it: every printed line pasted, in one story."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local_cloud.up import reference
from tests.processes.up_cloud import NO_GCLOUD, ROOT, UpCloud, lines, run, up

# One local cloud for all of them, so they stay together when tests run in parallel.
pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("up")]

DELIVERY = """
services:
  fleet:
    image: europe-west1-docker.pkg.dev/barq-build/fleet/health-service
    branches: [main]
    targets:
      staging: {project: barq-staging, region: europe-west1, service: fleet, steps: [100], no_data: pass, window: 1s, check_every: 1s, verify: {every: 1s}}
      production:
        project: barq-production
        region: europe-west1
        service: fleet
        approval: {by: manual, expires: 5m}
        steps: [50, 100]
        window: [5s, 1s]
        check_every: 1s
        deadline: 15m
        verify: {every: 1s}
        analysis: {min_requests: 5, slowdown_tolerated: off}
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpCloud]:
    folder = tmp_path_factory.mktemp("up")
    delivery = folder / "delivery.yaml"
    delivery.write_text(DELIVERY)
    with up(folder / ".barq", "--delivery", str(delivery)) as cloud:
        yield cloud


class Story:
    """Pastes the steps of the guide, and knows which lines it has pasted."""

    def __init__(self, cloud: UpCloud) -> None:
        self.cloud = cloud
        self.steps = lines(cloud.guide)
        self.pasted: set[tuple[str, str]] = set()

    def paste(self, beginning: str, way: str = "curl") -> str:
        (title,) = [title for title in self.steps if title.startswith(beginning)]
        way = way if self.steps[title][way] and not NO_GCLOUD else "curl"
        self.pasted.add((title, way))
        # A line that stands on its own needs no variable of the line before.
        text = "\n".join(["IMAGE=x", *self._runnable(title, way)])
        said = self.cloud.shell(text)
        assert '"error"' not in said, said
        return said

    def waits_for_approval(self) -> None:
        self.cloud.wait_for("production", lambda seen: seen.get("waits_for") == "approval")

    def ends(self, state: str) -> dict[str, int]:
        """Wait for the rollout's end; return the split."""
        seen = self.cloud.wait_for(
            "production", lambda seen: "waits_for" not in seen and bool(seen["rollout"])
        )
        assert seen["rollout"]["state"] == state, seen["rollout"]["because"]
        split: dict[str, int] = seen["split"]
        return split

    def settle(self) -> None:
        """Deny what still comes, until nothing has come for a while."""
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 3:
            seen = self.cloud.status("production")
            if "waits_for" in seen:
                quiet_since = time.monotonic()
            if seen.get("waits_for") == "approval":
                self.paste("Deny")

    def left(self) -> list[tuple[str, str]]:
        """Return what was not pasted yet."""
        return [
            (title, way)
            for title, ways in self.steps.items()
            for way, listed in ways.items()
            if listed and (title, way) not in self.pasted and not (way == "gcloud" and NO_GCLOUD)
        ]

    def _runnable(self, title: str, way: str) -> list[str]:
        here = f'"{sys.executable}" -m local_cloud status --folder "{self.cloud.folder}"'
        listed = [line.replace("make status", here) for line in self.steps[title][way]]
        if title.startswith("Start a delivery") and way == "gcloud":
            # The image's name comes from the lines above it.
            listed = self.steps[title]["curl"][:-1] + listed
        return listed


def test_every_printed_line_works_when_pasted(cloud):
    story = Story(cloud)
    (send,) = [title for title in story.steps if title.startswith("Send requests")]
    cloud.paste_in_background(story.steps[send]["curl"][0])
    story.pasted.add((send, "curl"))

    story.paste("Push the first image")
    story.waits_for_approval()
    assert "waits for approval" in story.paste("See what goes on")
    story.paste("Approve")
    first = story.ends("promoted")

    story.paste("Push a good image", "gcloud")
    story.waits_for_approval()
    story.paste("Approve", "gcloud")
    good = story.ends("promoted")
    assert good != first

    story.paste("Push a bad image")
    story.waits_for_approval()
    story.paste("Approve")
    assert story.ends("rolled_back") == good
    _explained(cloud)

    story.paste("Push another good image")
    story.waits_for_approval()
    story.paste("Once it waits for approval")
    _held_by_an_outage(cloud, good)
    story.paste("Start the database")
    story.paste("Roll back by hand", "gcloud")
    assert story.ends("rolled_back") == good

    story.paste("Start a delivery by hand")
    story.waits_for_approval()
    story.paste("Deny", "gcloud")
    assert story.ends("rolled_back") == good

    story.paste("Start a delivery by hand", "gcloud")
    story.waits_for_approval()
    story.paste("Roll back by hand")
    assert story.ends("rolled_back") == good

    story.paste("Hold the drill")
    assert '"state": "ACTIVE"' in story.paste("See what came of the drill")

    # The other way of each step.
    for title, way in story.left():
        story.paste(title, way)
    assert story.left() == []
    story.settle()


def _explained(cloud):
    """The commands say why; without an id they say which there are."""
    rollout = cloud.status("production")["rollout"]["id"]

    done = run("explain", "--folder", str(cloud.folder), rollout)
    assert f"rollout {rollout} of fleet/production\n" in done.stdout, done.stderr
    assert done.stdout.endswith("recomputed: the same verdict\n")

    without = run("explain", "--folder", str(cloud.folder))
    assert without.returncode == 1
    assert f"  {rollout}  fleet production, rolled_back\n" in without.stderr

    other = run("explain", "--folder", str(cloud.folder), "feed")
    assert other.returncode == 1
    assert other.stderr.startswith("error: the log has no decision of rollout feed\n hint: ")


def _held_by_an_outage(cloud: UpCloud, stable: dict[str, int]) -> None:
    """The canary has users, and goes no further: stable fails as well, and a person is told."""
    until = time.monotonic() + 90
    while '"event": "verdict.page"' not in _noticed(cloud):
        assert time.monotonic() < until, cloud.logs()
        time.sleep(0.1)
    split = cloud.status("production")["split"]
    assert split.keys() > stable.keys()
    assert set(split.values()) == {50}


def _noticed(cloud: UpCloud) -> str:
    """Return what the function has written that tells of it."""
    logs = (cloud.folder / "cloud" / "logs").rglob("barq-check-metrics-*.log")
    return "".join(log.read_text() for log in logs)


def test_the_door_tells_what_runs(cloud):
    said = json.loads(cloud.shell('curl -sS "$BARQ_LOCAL_URL"'))

    status = next(one for one in said["services"] if one["name"].endswith("/barq-status"))
    revision = status["revisions"][0]
    pids = {process.pid for process in cloud.tree()}
    assert revision["state"] == "ready"
    assert set(revision["pids"]) < pids
    assert Path(revision["log"]).exists()


def test_googles_client_libraries_work_in_such_a_shell(cloud):
    script = """
import os
from google.cloud import monitoring_v3, pubsub_v1, run_v2
from google.cloud.workflows import executions_v1
project, region = os.environ["BARQ_PROJECT"], os.environ["BARQ_REGION"]
place = f"projects/{project}/locations/{region}"
def at(name):
    return {"api_endpoint": os.environ[name]}
run = run_v2.ServicesClient(client_options=at("RUN_V2_ENDPOINT"), transport="rest")
print(sorted(one.name.split("/")[-1] for one in run.list_services(parent=place))[0])
metrics = monitoring_v3.MetricServiceClient(client_options=at("MONITORING_ENDPOINT"))
name = f"projects/{project}/metricDescriptors/run.googleapis.com/request_count"
print(metrics.get_metric_descriptor(name=name).type)
client = executions_v1.ExecutionsClient(client_options=at("WORKFLOW_EXECUTIONS_ENDPOINT"))
request = executions_v1.CreateExecutionRequest(
    parent=f"{place}/workflows/rollout", execution={"argument": '{"action": "status"}'}
)
print(client.create_execution(request).state.name)
publisher = pubsub_v1.PublisherClient()
print(bool(publisher.publish(publisher.topic_path(project, "barq-builds"), b"{}").result(10)))
"""
    (cloud.folder / "clients.py").write_text(script)

    said = cloud.shell(f'"{sys.executable}" "{cloud.folder}/clients.py"').split()

    assert said == ["barq-approve", "run.googleapis.com/request_count", "ACTIVE", "True"]


def test_functions_have_the_environment_that_the_reference_lists(cloud):
    """Read from the processes themselves; what the machine sets is left out."""
    said = json.loads(cloud.shell('curl -sS "$BARQ_LOCAL_URL"'))
    pids = {
        one["name"].rpartition("/services/barq-")[2].replace("-", "_"): one["revisions"][0]["pids"][
            0
        ]
        for one in said["services"]
        if "/services/barq-" in one["name"]
    }
    machine = {"LC_ALL", "TMPDIR", "LC_CTYPE"}

    for function, endpoints in reference.endpoints(ROOT / "functions").items():
        given = set(psutil.Process(pids[function]).environ()) - machine
        assert given == {*endpoints, *reference.EVERY_FUNCTION}, function
    assert pids.keys() == reference.endpoints(ROOT / "functions").keys()


@pytest.mark.skipif(bool(NO_GCLOUD), reason=NO_GCLOUD)
def test_gcloud_lists_describes_and_cancels_executions(cloud):
    at = "--workflow=rollout --location=europe-west1"
    started = cloud.shell(
        'curl -sS $BARQ_LOCAL_URL/builds -d \'{"version": "v9", "announce": false}\' >/dev/null\n'
        'IMAGE="$(curl -sS $BARQ_LOCAL_URL/images/v9)"\n'
        "gcloud workflows execute rollout --location=europe-west1 --format=json --data="
        '\'{"action": "rollout", "service": "fleet", "image": "\'"$IMAGE"\'", "target": "production"}\''
    )
    name = json.loads(started)["name"].rpartition("/")[2]
    cloud.wait_for("production", lambda seen: name in seen.get("execution", ""))

    described = cloud.shell(f"gcloud workflows executions describe {name} {at} --format=json")
    listed = cloud.shell(
        "gcloud workflows executions list rollout --location=europe-west1 --format=json"
    )
    cloud.shell(f"gcloud workflows executions cancel {name} {at}")
    after = cloud.shell(f"gcloud workflows executions describe {name} {at} --format=json")

    assert json.loads(described)["state"] == "ACTIVE"
    assert name in {one["name"].rpartition("/")[2] for one in json.loads(listed)}
    assert json.loads(after)["state"] == "CANCELLED"


@pytest.mark.skipif(bool(NO_GCLOUD), reason=NO_GCLOUD)
def test_gcloud_says_what_is_wrong_with_an_argument(cloud):
    wrong = '\'{"action": "roll_back", "service": "fleet", "target": "production"}\''

    said = cloud.shell(f"gcloud workflows run rollout --location=europe-west1 --data={wrong}")

    assert "reason is missing" in said
    assert "FAILED" in said


def test_a_pushed_image_serves_from_its_database_and_says_so_when_that_is_away(cloud):
    told = json.loads(cloud.shell('curl -sS "$BARQ_LOCAL_URL"'))["database"]
    assert told["state"] == "running"
    assert told["pid"] in {process.pid for process in cloud.tree()}
    assert "  database  PostgreSQL at 127.0.0.1:" in cloud.guide
    build = '{"version": "v10"}'
    before = cloud.status("staging")["split"]
    cloud.shell(f"curl -sS \"$BARQ_LOCAL_URL/builds\" -d '{build}'")
    cloud.wait_for("staging", lambda seen: seen["split"] != before and _promoted(seen))

    vehicle = '{"vin": "1HGCM82633A004352", "name": "Van 12"}'
    created = _ask(cloud, f"-H 'Content-Type: application/json' -d '{vehicle}'")
    listed = _ask(cloud)
    _database(cloud, "stopped")
    away = _ask(cloud)
    _database(cloud, "running")

    assert (created[0], listed[0], away[0]) == ("201", "200", "503")
    assert "Van 12" in listed[1]
    assert "127.0.0.1" not in away[1]
    # Another database, another user: production has none of it.
    assert "Van 12" not in cloud.shell('curl -sS "$BARQ_FLEET_PRODUCTION_URL/vehicles"')
    until = time.monotonic() + 90
    while _ask(cloud) != listed:
        assert time.monotonic() < until
        time.sleep(0.2)


def test_a_pushed_image_tells_its_region_and_its_target(cloud):
    before = cloud.status("staging")["split"]
    cloud.shell('curl -sS "$BARQ_LOCAL_URL/builds" -d \'{"version": "v11"}\'')
    cloud.wait_for("staging", lambda seen: seen["split"] != before and _promoted(seen))

    told = json.loads(cloud.shell('curl -sS "$BARQ_FLEET_STAGING_URL/health/detailed"'))

    assert (told["region"], told["environment"]) == ("europe-west1", "staging")


def _promoted(seen: dict[str, Any]) -> bool:
    return bool(seen["rollout"]["state"] == "promoted")


def _ask(cloud: UpCloud, more: str = "") -> tuple[str, str]:
    """Return the status and the body of an answer about vehicles."""
    url = "$BARQ_FLEET_STAGING_URL/vehicles"
    said = cloud.shell(f"curl -sS -w ' %{{http_code}}' \"{url}\" {more}")
    body, _, status = said.rpartition(" ")
    return status, body


def _database(cloud: UpCloud, state: str) -> None:
    (line,) = [
        line
        for ways in lines(cloud.guide).values()
        for line in ways["curl"]
        if f'"state": "{state}"' in line
    ]
    cloud.shell(line)
    until = time.monotonic() + 90
    while json.loads(cloud.shell('curl -sS "$BARQ_LOCAL_URL"'))["database"]["state"] != state:
        assert time.monotonic() < until
        time.sleep(0.05)
