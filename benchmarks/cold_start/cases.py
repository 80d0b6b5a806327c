"""The functions that are started: one that does nothing, and the two ways into a rollback."""

import base64
import compileall
import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any, Final

from benchmarks.cold_start.cloud import DELIVERY, EXECUTION, PROJECT, REGION, REPOSITORY, SERVICE
from benchmarks.cold_start.starting import Case
from rollouts.delivery_file import parse_delivery
from rollouts.delivery_schema import policy_hash
from rollouts.record import Build, Record, Rollout, ShiftDone
from rollouts.record_json import show_record

FUNCTIONS: Final = Path(__file__).parents[2] / "functions"
HELLO: Final = """
import functions_framework


@functions_framework.http
def hello(request):
    return "hello"
"""


def under_way() -> str:
    """Return the record of a rollout whose canary has had 10 % for a minute."""
    began = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    policy = parse_delivery(DELIVERY).services[0].targets[0].policy
    rollout = Rollout(
        id="r1",
        execution=EXECUTION,
        callback="",
        service="fleet",
        target="production",
        repository=REPOSITORY,
        digest="sha256:" + "b" * 64,
        build=Build(),
        stable="fleet-old",
        canary="fleet-new",
        policy=policy,
        policy_hash=policy_hash(policy),
        state="shifting",
        claimed_at=began,
        shifts=(ShiftDone(began, 0, 10),),
    )
    return show_record(Record(rollout=rollout, generation=7))


def cases(folder: Path) -> list[Case]:
    """Return the functions, each in a source archive as it is deployed, bytecode included."""
    hello, ours = folder / "hello", folder / "ours"
    hello.mkdir()
    (hello / "main.py").write_text(HELLO)
    shutil.copytree(FUNCTIONS, ours, ignore=shutil.ignore_patterns("__pycache__"))
    # It travels in the archive, as in production. JSON is YAML.
    (ours / "delivery.yaml").write_text(json.dumps(DELIVERY))
    compileall.compile_dir(folder, quiet=2)  # As the buildpack does.
    return [
        Case("hello", hello, "main.py", "hello", "http", {}),
        Case("rollback", ours, "rollback.py", "rollback", "http", _step()),
        Case("on_alert", ours, "rollback.py", "on_alert", "cloudevent", _message(), _EVENT),
    ]


def _step() -> dict[str, Any]:
    action = {"kind": "roll_back", "because": "the check said so", "refuse": True}
    driver = {"execution": EXECUTION, "service": "fleet", "target": "production"}
    return {**driver, "action": action}


_EVENT: Final = {
    "ce-id": "1",
    "ce-source": "//pubsub.googleapis.com/projects/p/topics/alerts",
    "ce-specversion": "1.0",
    "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
}


def _message() -> dict[str, Any]:
    labels = {"project_id": PROJECT, "location": REGION, "service_name": SERVICE}
    incident = {
        "incident_id": "0.m8",
        "state": "open",
        "started_at": int(dt.datetime.now(dt.UTC).timestamp()),
        "policy_name": "error ratio",
        "resource": {"type": "cloud_run_revision", "labels": labels},
    }
    said = json.dumps({"version": "1.2", "incident": incident})
    return {"message": {"data": base64.b64encode(said.encode()).decode()}}
