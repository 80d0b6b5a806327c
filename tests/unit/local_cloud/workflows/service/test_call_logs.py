"""Platform logs (https://cloud.google.com/workflows/docs/log-workflow)."""

import pytest

from local_cloud.kit.http import Inbound

SOURCE = """
main:
  steps:
    - fine: {call: http.get, args: {url: 'http://h/', headers: {Authorization: secret}}}
    - safe:
        try: {call: http.get, args: {url: 'http://h/bad'}}
        except: {as: e, steps: [{note: {assign: [{x: 1}]}}]}
    - done: {call: other, result: y}
    - out: {return: '${y}'}
other: {steps: [{back: {return: 4}}]}
"""


@pytest.fixture
def calls(world):
    """Run SOURCE at a level; return its platform logs."""
    world.wire.answer = lambda asked: Inbound(404 if asked.url.endswith("bad") else 200)

    def run(level):
        world.deploy(SOURCE)
        world.model.create_execution(world.parent, options={"callLogLevel": level})
        world.scheduler.run_for(9)
        return world.platform_logs

    return run


def of(logs, name):
    return [entry["jsonPayload"] for entry in logs if entry["logName"].endswith(name)]


def test_every_execution_logs_that_it_begins_and_ends(world):
    world.run([{"r": {"return": 5}}], {"k": 1})
    begun, ended = world.platform_logs
    assert begun["logName"] == "projects/p/logs/workflows.googleapis.com%2Fexecutions_system"
    assert begun["resource"]["labels"]["workflow_id"] == "w"
    assert begun["jsonPayload"] == {
        "@type": "type.googleapis.com/google.cloud.workflows.type.ExecutionsSystemLog",
        "activityTime": "2026-01-01T00:00:00.000000000Z",
        "state": "ACTIVE",
        "start": {"argument": '{"k": 1}'},
    }
    assert (ended["severity"], ended["jsonPayload"]["success"]) == ("INFO", {"result": "5"})


def test_an_execution_that_fails_logs_why_and_where(world):
    world.run("- stop: {raise: no}")
    failed = world.platform_logs[-1]
    assert failed["severity"] == "ERROR"
    assert failed["jsonPayload"]["failure"] == {
        "exception": 'RuntimeError: "no"',
        "source": 'in step "stop", routine "main", line: 1',
    }


def test_all_calls_are_logged_with_arguments_and_responses(calls):
    logs = of(calls("LOG_ALL_CALLS"), "engine_call")
    told = [(one["state"], one["step"], one["callee"]) for one in logs]
    assert told == [
        ("BEGUN", "fine", "http.get"),
        ("SUCCEEDED", "fine", "http.get"),
        ("BEGUN", "safe", "http.get"),
        ("EXCEPTION_RAISED", "safe", "http.get"),
        ("EXCEPTION_HANDLED", "safe", "http.get"),
        ("BEGUN", "done", "other"),
        ("SUCCEEDED", "done", "other"),
    ]
    headers = logs[0]["begun"]["namedArgs"]["headers"]
    assert headers == {"Authorization": "**REDACTED**"}
    assert logs[-1]["succeeded"]["response"] == "4"
    assert logs[1]["succeeded"]["callStartTime"] == "2026-01-01T00:00:00.000000000Z"


def test_the_level_of_errors_logs_only_those(calls):
    logs = of(calls("LOG_ERRORS_ONLY"), "engine_call")
    assert [one["state"] for one in logs] == ["EXCEPTION_RAISED", "EXCEPTION_HANDLED"]
    assert "HTTP server responded with error code 404" in logs[0]["exceptionRaised"]["exception"]


@pytest.mark.parametrize("level", ["LOG_NONE", "CALL_LOG_LEVEL_UNSPECIFIED"])
def test_without_a_level_no_call_is_logged(calls, level):
    assert of(calls(level), "engine_call") == []


def test_a_call_that_waits_is_logged_with_its_arguments_while_it_does(world):
    world.deploy("- nap: {call: sys.sleep, args: {seconds: 60}}")
    world.model.update_workflow(world.parent, {"callLogLevel": "LOG_ALL_CALLS"}, "callLogLevel")
    world.again()
    world.scheduler.run_for(1)
    (begun,) = of(world.platform_logs, "engine_call")
    assert begun["begun"] == {"namedArgs": {"seconds": 60}}
