"""Callbacks: URL, slot, timeout (reference section 3, events)."""

import json

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest
from local_cloud.workflows.language.choices import Choices

CREATE = {"create": {"call": "events.create_callback_endpoint", "result": "cb"}}
TELL = {"tell": {"call": "sys.log", "args": {"text": "${cb.url}"}}}


def waiting(timeout=60):
    arguments = {"callback": "${cb}", "timeout": timeout}
    return {"wait": {"call": "events.await_callback", "args": arguments, "result": "got"}}


def url_of(world):
    return world.logs[0]["textPayload"]


def send(world, body=b"", method="POST", caller=None, **headers):
    """Send a request to the callback URL that the workflow has logged."""
    path = url_of(world).removeprefix("http://local:1/v1/")
    execution, _, callback_id = path.partition("/callbacks/")
    request = ApiRequest(method, f"/v1/{path}", {"q": ("1",)}, headers, body, caller)
    world.model.send_callback(execution, callback_id, request)
    world.scheduler.run_for(0)


def test_the_url_is_the_execution_s_under_the_base_that_is_set(world):
    name = world.start([CREATE, TELL])
    world.scheduler.run_for(0)
    assert url_of(world).startswith(f"http://local:1/v1/{name}/callbacks/")


def test_a_request_wakes_what_awaits_it_and_is_its_value(world):
    name = world.start([CREATE, TELL, waiting(), {"r": {"return": "${got}"}}])
    world.scheduler.run_for(10)
    send(world, b'{"k": 1}', **{"content-type": "application/json", "authorization": "secret"})
    execution = world.model.get_execution(name)
    assert execution["duration"] == "10.000000000s"
    assert json.loads(execution["result"]) == {
        "http_request": {
            "body": {"k": 1},
            "headers": {"Content-Type": "application/json"},
            "method": "POST",
            "query": {"q": "1"},
            "url": url_of(world).removeprefix("http://local:1"),
        },
        "received_time": "2026-01-01 00:00:10 +0000 UTC",
        "type": "HTTP",
    }


def test_a_request_before_the_wait_is_kept_and_a_second_one_refused(world):
    sleep = {"s": {"call": "sys.sleep", "args": {"seconds": 100}}}
    name = world.start([CREATE, TELL, sleep, waiting(), {"again": waiting()["wait"]}])
    world.scheduler.run_for(1)
    send(world, b"first")
    (listed,) = world.model.list_callbacks(name)["callbacks"]
    assert len(listed["availablePayloads"]) == 1
    with pytest.raises(Refused) as refused:
        send(world)
    assert refused.value.http_status() == 429
    world.scheduler.run_for(100)
    assert world.model.get_execution(name)["status"]["currentSteps"][-1]["step"] == "again"
    send(world)  # The slot is free again.
    assert world.model.get_execution(name)["state"] == "SUCCEEDED"


def test_a_request_after_the_end_is_not_found(world):
    world.run([CREATE, TELL])
    with pytest.raises(Refused) as refused:
        send(world)
    assert refused.value.http_status() == 404


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_another_method_is_not_found(world, method):
    world.start([CREATE, TELL, waiting()])
    world.scheduler.run_for(1)
    with pytest.raises(Refused) as refused:
        send(world, method=method)
    assert refused.value.http_status() == 404  # Reference 10.12.


@pytest.mark.parametrize(("answer", "status"), [("404", 404), ("405", 405)])
def test_what_another_method_gets_is_a_choice(make_world, answer, status):
    world = make_world(choices=Choices(callback_wrong_method=answer))
    world.start([CREATE, TELL, waiting()])
    world.scheduler.run_for(1)
    with pytest.raises(Refused) as refused:
        send(world, method="GET")
    assert refused.value.http_status() == status
    assert refused.value.as_json()["error"]["code"] == status


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_each_method_has_its_endpoint(world, method):
    args = {"http_callback_method": method}
    create = {"call": "events.create_callback_endpoint", "args": args, "result": "cb"}
    steps = [{"c": create}, TELL, waiting(), {"r": {"return": "${got.http_request.method}"}}]
    name = world.start(steps)
    world.scheduler.run_for(1)
    send(world, method=method)
    assert json.loads(world.model.get_execution(name)["result"]) == method


@pytest.mark.parametrize(
    ("content_type", "body", "value"),
    [
        ("application/json", b"{broken", "{broken"),
        ("text/plain; charset=iso-8859-1", b"\xe9", "é"),
        ("", b"text", "text"),
        ("application/json", b"", None),
    ],
)
def test_a_request_s_body_is_decoded_by_its_content_type(world, content_type, body, value):
    name = world.start([CREATE, TELL, waiting(), {"r": {"return": "${got.http_request.body}"}}])
    world.scheduler.run_for(1)
    send(world, body, **{"content-type": content_type})
    assert json.loads(world.model.get_execution(name)["result"]) == value


def test_nothing_coming_is_a_timeout_error_after_exactly_that_time(world):
    execution = world.run([CREATE, TELL, waiting(timeout=60)])
    assert execution["duration"] == "60.000000000s"
    assert json.loads(execution["error"]["payload"])["tags"] == ["TimeoutError"]


def test_a_request_that_comes_in_time_forgets_the_timeout(world):
    name = world.start(
        [CREATE, TELL, waiting(60), {"s": {"call": "sys.sleep", "args": {"seconds": 90}}}]
    )
    world.scheduler.run_for(30)
    send(world)
    world.scheduler.run_for(200)
    assert world.model.get_execution(name)["duration"] == "120.000000000s"


def test_a_request_kept_during_a_timeout_serves_the_next_wait(world):
    guard = {"try": waiting(10)["wait"], "except": {"as": "e", "steps": [{"n": {"next": "again"}}]}}
    name = world.start([CREATE, TELL, {"t": guard}, {"again": waiting(1000)["wait"]}])
    world.scheduler.run_for(20)
    send(world)
    assert world.model.get_execution(name)["state"] == "SUCCEEDED"


def test_branches_that_wait_for_one_endpoint_are_served_in_order(world):
    branch = {"steps": [waiting(1000)]}
    parallel = {"parallel": {"branches": [{"a": branch}, {"b": branch}]}}
    name = world.start([CREATE, TELL, {"p": parallel}])
    world.scheduler.run_for(1)
    assert world.model.list_callbacks(name)["callbacks"][0]["waiters"] == "2"
    send(world)
    assert world.model.get_execution(name)["state"] == "ACTIVE"
    send(world)
    assert world.model.get_execution(name)["state"] == "SUCCEEDED"


def test_the_caller_of_a_callback_is_noted(world):
    world.start([CREATE, TELL, waiting()])
    world.scheduler.run_for(1)
    send(world, caller="function@p")
    call = world.audit.calls[-1]
    assert call.principal == "function@p"
    assert call.method.endswith("Executions.SendHttpCallback")


def test_an_endpoint_takes_the_method_that_it_was_made_for(world):
    create = {"create": {**CREATE["create"], "args": {"http_callback_method": "GET"}}}
    name = world.start([create, TELL, waiting()])
    world.scheduler.run_for(1)
    send(world, method="GET")
    assert world.model.get_execution(name)["state"] == "SUCCEEDED"
