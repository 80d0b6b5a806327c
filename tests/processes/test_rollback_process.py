"""The rollback function's process, loaded as the framework loads it, holds no client library.

It starts cold in a bad moment. `tests/unit/functions/gcp/test_light_imports.py` asks the same of
single files; here a whole rollback and a whole alert run first, so that no import hides in them.
"""

import base64
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from gcp.service_document import RECORD
from rollouts.record import ShiftDone
from rollouts.record_json import show_record
from tests.processes.stage import HERE, ROOT
from tests.unit.functions.gcp.worlds import REF, REPOSITORY, record, service_json

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

API = "https://api.example.com"
EXECUTION = "projects/p/locations/l/workflows/w/executions/e"
POLICY_NAME = "error ratio"


def under_way() -> dict[str, Any]:
    """A service with a canary at 10 %."""
    began = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    document = service_json()
    document["spec"]["traffic"] = [
        {"revisionName": "fleet-old", "percent": 90},
        {"revisionName": "fleet-new", "percent": 10, "tag": "canary"},
    ]
    shifting = record(
        state="shifting",
        callback=f"{API}/v1/{EXECUTION}/callbacks/c",
        shifts=(ShiftDone(began, 0, 10),),
    )
    document["metadata"]["annotations"][RECORD] = show_record(shifting)
    return document


def bad_request(number: int) -> dict[str, Any]:
    return {
        "insertId": str(number),
        "timestamp": dt.datetime.now(dt.UTC).isoformat(),
        "resource": {"labels": {"revision_name": "fleet-new"}},
        "labels": {"instanceId": "i"},
        "httpRequest": {"status": 500, "latency": "0.1s"},
    }


def incident() -> dict[str, Any]:
    labels = {"project_id": REF.project, "location": REF.region, "service_name": REF.service}
    return {
        "version": "1.2",
        "incident": {
            "state": "open",
            "started_at": int(dt.datetime.now(dt.UTC).timestamp()),
            "policy_name": POLICY_NAME,
            "resource": {"labels": labels},
        },
    }


@pytest.fixture
def child(tmp_path):
    """Run canned.py in the functions' source archive."""
    archive = tmp_path / "archive"
    shutil.copytree(ROOT / "functions", archive, ignore=shutil.ignore_patterns("__pycache__"))
    target = {"project": REF.project, "region": REF.region, "service": REF.service}
    delivery = {"services": {"fleet": {"image": REPOSITORY, "targets": {"production": target}}}}
    (archive / "delivery.yaml").write_text(json.dumps(delivery))
    names = ("RUN_ENDPOINT", "LOGGING_ENDPOINT", "PUBSUB_ENDPOINT", "CALLBACKS_ENDPOINT")
    environment = {
        **dict.fromkeys(names, API),
        "MONITORING_ENDPOINT": "api.example.com",
        "EVENTS_TOPIC": "projects/p/topics/events",
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    answers = {
        "/services/": under_way(),
        "entries:list": {"entries": [bad_request(number) for number in range(10)]},
        ":publish": {"messageIds": ["1"]},
        "/callbacks/": {},
    }

    def run(**asked: Any) -> Any:
        done = subprocess.run(
            [sys.executable, str(HERE / "canned.py")],
            input=json.dumps({"answers": answers, "headers": {}, **asked}),
            capture_output=True,
            text=True,
            check=False,
            cwd=archive,
            env=environment,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_a_rollback_runs_without_a_client_library(child):
    driver = {"execution": EXECUTION, "service": "fleet", "target": "production"}
    action = {"kind": "roll_back", "because": "the check said so", "refuse": True}

    found = child(
        function="rollback",
        source="rollback.py",
        signature="http",
        body={**driver, "action": action},
    )

    assert found["status"] == 200, found["text"]
    assert json.loads(found["text"])["rollout"]["state"] == "rolled_back"
    assert found["calls"] == ["GET /services/", "PUT /services/", "POST :publish"]
    assert found["loaded"] == []


def test_an_alert_rolls_back_without_a_client_library(child):
    data = base64.b64encode(json.dumps(incident()).encode()).decode()
    headers = {
        "ce-id": "1",
        "ce-source": "//pubsub.googleapis.com/projects/p/topics/alerts",
        "ce-specversion": "1.0",
        "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
    }

    found = child(
        function="on_alert",
        source="rollback.py",
        signature="cloudevent",
        body={"message": {"data": data}},
        headers=headers,
    )

    assert found["status"] == 200, found["text"]
    # One look at the log, one read, one write; then what tells of it and cannot fail it.
    assert found["calls"] == [
        "GET /services/",
        "POST entries:list",
        "PUT /services/",
        "POST :publish",
        "POST /callbacks/",
    ]
    assert found["loaded"] == []


def test_a_function_that_needs_a_client_library_loads_one_and_so_the_others_can_fail(child):
    found = child(
        function="check_metrics",
        source="check_metrics.py",
        signature="http",
        body={},
        heavy=True,
    )

    assert found["loaded"] != []
