"""Executions that survive a restart go on as if there had been none."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from tests.unit.local_cloud.workflows.service.restarting import AWAIT, LONG, PARENT, Cloud


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path / "store")
    yield made
    made.close()


def test_a_sleep_goes_on_with_the_time_that_is_left(cloud: Cloud) -> None:
    name = cloud.start(LONG)
    cloud.pass_seconds(30)
    cloud.restart(down_seconds=20)
    assert cloud.get(name)["state"] == "ACTIVE"
    cloud.pass_seconds(49)
    assert cloud.get(name)["state"] == "ACTIVE"
    cloud.pass_seconds(1)
    execution = cloud.get(name)
    assert execution["result"] == '"awake"'
    assert execution["duration"] == "100.000000000s"


def test_a_sleep_that_was_over_while_nobody_was_there_ends_at_once(cloud: Cloud) -> None:
    name = cloud.start(LONG)
    cloud.pass_seconds(30)
    cloud.restart(down_seconds=500)
    cloud.pass_seconds(0)
    assert cloud.get(name)["duration"] == "530.000000000s"


def test_a_request_without_an_answer_is_sent_again_and_no_other(cloud: Cloud) -> None:
    cloud.service.answer = lambda request: Inbound(200, (), request.url[-1:].encode())
    name = cloud.start("""
- first: {call: http.get, args: {url: "https://example.com/1"}, result: a}
- second: {call: http.get, args: {url: "https://example.com/2"}, result: b}
- finish: {return: "${a.body + b.body}"}
""")
    cloud.pass_seconds(1.5)
    cloud.restart()
    cloud.pass_seconds(1)
    asked = [url[-1] for url in cloud.service.requests]
    assert asked == ["1", "2", "2"]
    assert cloud.get(name)["state"] == "SUCCEEDED", cloud.get(name)


@pytest.mark.parametrize("restarts", ["before", "after", "both"])
def test_a_callback_is_taken_across_a_restart(cloud: Cloud, restarts: str) -> None:
    name = cloud.start(AWAIT)
    cloud.pass_seconds(1)
    if restarts in ("before", "both"):
        cloud.restart()
        assert cloud.callbacks(name)[0]["waiters"] == "1"
    cloud.call_back(name, b'"yes"', "application/json")
    if restarts in ("after", "both"):
        cloud.restart()
    cloud.pass_seconds(0)
    assert cloud.get(name)["result"] == '"yes"'


def test_a_request_that_came_before_it_was_awaited_is_kept(cloud: Cloud) -> None:
    name = cloud.start(
        AWAIT.replace("- wait:", "- s: {call: sys.sleep, args: {seconds: 9}}\n- wait:")
    )
    cloud.pass_seconds(1)
    cloud.call_back(name, b"\xff\x00", "application/octet-stream")
    cloud.restart()
    assert cloud.callbacks(name)[0]["availablePayloads"]
    with pytest.raises(Refused, match="already waiting"):
        cloud.call_back(name, b"again")
    cloud.pass_seconds(10)
    assert cloud.get(name)["state"] == "FAILED"  # Bytes are no result.
    assert "bytes" in cloud.get(name)["error"]["payload"]


def test_the_patience_for_a_callback_ends_when_it_would_have(cloud: Cloud) -> None:
    name = cloud.start(AWAIT)
    cloud.pass_seconds(10)
    cloud.restart()
    cloud.pass_seconds(40)
    execution = cloud.get(name)
    assert (execution["result"], execution["duration"]) == ('"TimeoutError"', "50.000000000s")


def test_an_execution_that_was_to_begin_begins(cloud: Cloud) -> None:
    name = cloud.start(LONG)
    cloud.restart(down_seconds=5)
    cloud.pass_seconds(100)
    assert cloud.get(name)["duration"] == "105.000000000s"


def test_log_lines_are_written_once(cloud: Cloud) -> None:
    cloud.deploy("""
- a: {call: sys.log, args: {text: one}}
- s: {call: sys.sleep, args: {seconds: 10}}
- b: {call: sys.log, args: {text: two}}
""")
    cloud.again(options={"callLogLevel": "LOG_ALL_CALLS"})
    for _ in range(4):
        cloud.pass_seconds(3)
        cloud.restart()
    cloud.pass_seconds(10)
    assert cloud.logs == ["one", "two"]
    calls = [(log["step"], log["state"]) for log in cloud.platform_logs if "step" in log]
    assert calls == [(step, state) for step in "asb" for state in ("BEGUN", "SUCCEEDED")]
    assert cloud.states == ["ACTIVE", "SUCCEEDED"]


def test_chance_is_what_it_was(cloud: Cloud) -> None:
    source = """
- a: {assign: [{id: "${uuid.generate()}"}]}
- s: {call: sys.sleep, args: {seconds: 10}}
- l: {call: sys.log, args: {text: "${id}"}}
- b: {return: "${id}"}
"""
    name = cloud.start(source.replace("- s:", "- k: {call: sys.log, args: {text: '${id}'}}\n- s:"))
    cloud.pass_seconds(1)
    cloud.restart()
    cloud.pass_seconds(10)
    before, after = cloud.logs
    assert before == after == json.loads(cloud.get(name)["result"])


def test_what_has_ended_stays_as_it_was(cloud: Cloud) -> None:
    def refuse(_: Outbound) -> NoAnswer:
        return NoAnswer("too_large", "the answer is larger than 2 MB")

    cloud.service.answer = refuse
    cloud.deploy([{"g": {"call": "http.get", "args": {"url": "https://example.com/x"}}}])
    failed = cloud.again({"a": 1})
    cloud.pass_seconds(2)
    cloud.deploy(LONG, env={"A": "b"})
    succeeded, cancelled = cloud.again(), cloud.again()
    cloud.model.cancel_execution(cancelled)
    cloud.pass_seconds(100)
    names = failed, succeeded, cancelled
    before = [cloud.get(name) for name in names]
    cloud.restart(down_seconds=1000)
    after = [cloud.get(name) for name in names]
    assert [one["state"] for one in after] == ["FAILED", "SUCCEEDED", "CANCELLED"]
    for one in (*before, *after):
        one.pop("status", None)
    assert after == before
    listed = cloud.model.list_executions(PARENT)["executions"]
    assert [one["name"] for one in listed] == [cancelled, succeeded, failed]


def test_executions_that_are_cancelled_stay_cancelled(cloud: Cloud) -> None:
    name = cloud.start(LONG)
    cloud.pass_seconds(1)
    cloud.restart()
    cloud.model.cancel_execution(name)
    cloud.restart()
    cloud.pass_seconds(1000)
    assert cloud.get(name)["state"] == "CANCELLED"


def test_queued_executions_keep_their_place(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path / "store", concurrent_executions_max=1)
    names = [cloud.start(LONG), cloud.again(), cloud.again()]
    cloud.pass_seconds(10)
    cloud.restart()
    states = [cloud.get(name)["state"] for name in names]
    assert states == ["ACTIVE", "QUEUED", "QUEUED"]
    cloud.pass_seconds(100)
    cloud.restart()
    states = [cloud.get(name)["state"] for name in names]
    assert states == ["SUCCEEDED", "ACTIVE", "QUEUED"]
    cloud.pass_seconds(190)
    ends = [cloud.get(name)["endTime"][14:19] for name in names]
    assert ends == ["01:40", "03:20", "05:00"]
    cloud.close()


def test_each_execution_goes_on_with_its_revision(cloud: Cloud) -> None:
    old = cloud.start(LONG)
    variable = "GOOGLE_CLOUD_WORKFLOW_REVISION_ID"
    new = cloud.start([{"r": {"return": f'${{sys.get_env("{variable}")}}'}}])
    cloud.restart()
    cloud.pass_seconds(100)
    assert cloud.get(old)["result"] == '"awake"'
    revision = cloud.get(new)["workflowRevisionId"]
    assert revision.startswith("000002-")
    assert json.loads(cloud.get(new)["result"]) == revision
    listed = cloud.model.list_revisions(PARENT)["workflows"]
    assert [one["revisionId"][:6] for one in listed] == ["000002", "000001"]
    assert cloud.deploy(LONG)["revisionId"].startswith("000003-")


def test_operations_and_the_numbers_of_projects_are_there_again(cloud: Cloud) -> None:
    cloud.deploy(LONG)
    cloud.model.deploy("q", "l", "w", json.dumps(LONG))
    other = "projects/q/locations/l/workflows/w"
    name = cloud.model.create_execution(other)["name"]
    operations = cloud.model.list_operations("projects/p/locations/l")
    cloud.restart()
    assert cloud.model.list_operations("projects/p/locations/l") == operations
    assert cloud.get(name)["name"] == name
    assert cloud.model.create_execution(other)["name"].split("/")[1] == name.split("/")[1]


def test_what_was_deleted_stays_deleted(cloud: Cloud) -> None:
    name = cloud.start(LONG)
    cloud.pass_seconds(1)
    cloud.model.delete_workflow(PARENT)
    cloud.restart()
    with pytest.raises(Refused, match="was not found"):
        cloud.get(name)
    cloud.deploy(LONG)
    assert cloud.model.list_executions(PARENT) == {}


def test_executions_that_ended_long_ago_go_from_the_store_as_well(cloud: Cloud) -> None:
    name = cloud.start(LONG)
    cloud.pass_seconds(100)
    cloud.restart(down_seconds=91 * 86_400)
    for _ in range(2):
        with pytest.raises(Refused, match="was not found"):
            cloud.get(name)
        cloud.restart()


def test_what_computed_for_long_goes_on_computing(cloud: Cloud) -> None:
    name = cloud.start("""
- a: {assign: [{n: 0}]}
- l:
    for:
      value: i
      range: [1, 15000]
      steps:
        - add: {assign: [{n: "${n + 1}"}]}
- r: {return: "${n}"}
""")
    for _ in range(3):
        cloud.scheduler.step()
        cloud.restart()
    cloud.pass_seconds(0)
    assert cloud.get(name)["result"] == "15000"


def test_a_connector_goes_on_polling(cloud: Cloud) -> None:
    def answer(request: Outbound) -> Inbound:
        asked = len(cloud.service.requests)
        done = request.method == "GET" and asked > 4
        body = {"name": "projects/p/locations/l/operations/o", "done": done, "response": {"a": 1}}
        headers = (("Content-Type", "application/json"),)
        return Inbound(200, headers, json.dumps(body).encode())

    cloud.service.answer = answer
    name = cloud.start("""
- create:
    call: googleapis.run.v2.projects.locations.services.create
    args: {parent: projects/p/locations/l, serviceId: s, body: {}}
    result: made
- finish: {return: "${made}"}
""")
    for _ in range(12):
        cloud.pass_seconds(0.75)
        cloud.restart()
    cloud.pass_seconds(600)
    execution = cloud.get(name)
    assert execution["state"] == "SUCCEEDED", execution
    assert cloud.service.requests[0].endswith("services?serviceId=s")
