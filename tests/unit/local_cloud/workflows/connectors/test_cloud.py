"""Connectors against the real models of the local cloud, under Google's host names."""

import base64
import json
from typing import Any

from tests.unit.local_cloud.workflows.connectors.conftest import ACCOUNT

NAME = "projects/p/locations/europe-west1/services/api"


def test_a_workflow_creates_a_service_waits_for_it_and_reads_it(cloud):
    create = "googleapis.run.v1.namespaces.services.create"
    arguments = {"parent": "namespaces/p", "location": "europe-west1", "body": cloud.service()}
    created = json.loads(cloud.call(create, arguments)["result"])
    read = cloud.call("googleapis.run.v2.projects.locations.services.get", {"name": NAME})

    conditions = {one["type"]: one["status"] for one in created["status"]["conditions"]}
    assert conditions["Ready"] == "True"
    assert json.loads(read["result"])["name"] == NAME
    assert (ACCOUNT, "GetService") in cloud.callers()


def test_a_service_that_is_not_there_is_google_s_404(cloud):
    ended = cloud.call("googleapis.run.v2.projects.locations.services.get", {"name": NAME})

    error = json.loads(ended["error"]["payload"])
    assert (error["code"], error["tags"]) == (404, ["HttpError"])
    assert error["body"]["error"]["status"] == "NOT_FOUND"


def test_a_workflow_reads_a_secret(cloud):
    secrets = "googleapis.secretmanager.v1.projects.secrets."
    replication: dict[str, Any] = {"replication": {"automatic": {}}}
    made = {"parent": "projects/p", "secretId": "s", "body": replication}
    cloud.call(secrets + "create", made)
    cloud.call(secrets + "addVersionString", {"secret_id": "s", "data": "grün"})

    ended = cloud.call(secrets + "versions.accessString", {"secret_id": "s"})

    assert json.loads(ended["result"]) == "grün"


def test_a_workflow_publishes(cloud):
    topics = "googleapis.pubsub.v1.projects.topics."
    made = cloud.call(topics + "create", {"name": "projects/p/topics/news", "body": {}})
    assert made["state"] == "SUCCEEDED", made["error"]
    data = base64.b64encode(b"x").decode()
    body = {"messages": [{"data": data}]}
    ended = cloud.call(topics + "publish", {"topic": "projects/p/topics/news", "body": body})

    assert len(json.loads(ended["result"])["messageIds"]) == 1


def test_a_workflow_runs_a_workflow_and_sees_it_fail(cloud):
    run = "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.run"
    child = {"main": {"params": ["a"], "steps": [{"r": {"return": {"got": "${a}"}}}]}}
    cloud.deploy("child", child)
    ended = cloud.call(run, {"workflow_id": "child", "argument": [1]})
    assert json.loads(ended["result"]) == {"got": [1]}

    cloud.deploy("child", [{"r": {"raise": "no"}}])
    failed = cloud.call(run, {"workflow_id": "child"})
    error = json.loads(failed["error"]["payload"])
    assert error["tags"] == ["OperationError"]
    assert error["operation"]["error"]["payload"] == '"no"'


def test_what_a_workflow_logs_is_read_in_cloud_logging(cloud):
    cloud.call("sys.log", {"data": {"order": 7}, "severity": "WARNING"})
    cloud.scheduler.run_for(60)
    wanted = 'logName = "projects/p/logs/Workflows" AND severity >= WARNING'
    body = {"resourceNames": ["projects/p"], "filter": wanted}
    ended = cloud.call("googleapis.logging.v2.entries.list", {"body": body})

    entries = json.loads(ended["result"])["entries"]
    assert [entry["jsonPayload"] for entry in entries] == [{"order": 7}]
