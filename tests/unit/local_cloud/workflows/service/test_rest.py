"""The REST doors, as gcloud and the clients ask them (reference section 6)."""

import json

import pytest

from local_cloud.kit.http import ApiRequest
from local_cloud.workflows.service import rest

PLACE = "/v1/projects/p/locations/l"
HELLO = "- r:\n    return: hello\n"


@pytest.fixture
def ask(world):
    router = rest.router(world.model)

    def call(method, path, body=None, **query):
        request = ApiRequest(
            method,
            path,
            {name: (value,) for name, value in query.items()},
            {},
            b"" if body is None else json.dumps(body).encode(),
        )
        response = router.handle(request)
        assert response is not None, path
        return response.status, json.loads(response.body or b"null")

    return call


def test_deploy_run_describe_list_cancel_delete(ask, world):
    """The requests that reference 6.3 recorded, in their order."""
    assert ask("GET", f"{PLACE}/workflows/w")[0] == 404
    status, operation = ask(
        "POST", f"{PLACE}/workflows", {"sourceContents": HELLO}, workflowId="w", alt="json"
    )
    assert (status, operation["done"]) == (200, True)
    assert operation["response"]["@type"].endswith("google.cloud.workflows.v1.Workflow")
    assert ask("GET", f"/v1/{operation['name']}")[1] == operation
    assert ask("GET", f"{PLACE}/operations")[1]["operations"] == [operation]
    assert ask("GET", f"{PLACE}/workflows/w")[1]["state"] == "ACTIVE"
    assert len(ask("GET", f"{PLACE}/workflows")[1]["workflows"]) == 1
    assert len(ask("GET", f"{PLACE}/workflows/w:listRevisions")[1]["workflows"]) == 1

    sleeper = "- s: {call: sys.sleep, args: {seconds: 9}}"
    body = {"sourceContents": sleeper}
    ask("PATCH", f"{PLACE}/workflows/w", body, updateMask="sourceContents,userEnvVars")
    argument = {"argument": '{"a":1}', "callLogLevel": "CALL_LOG_LEVEL_UNSPECIFIED"}
    _, execution = ask("POST", f"{PLACE}/workflows/w/executions", argument)
    assert execution["state"] == "ACTIVE"
    path = f"/v1/{execution['name']}"
    assert "argument" not in ask("GET", path, view="BASIC")[1]
    assert ask("GET", path)[1]["argument"] == '{"a":1}'
    assert len(ask("GET", f"{PLACE}/workflows/w/executions")[1]["executions"]) == 1
    assert ask("POST", f"{path}:cancel", {})[1]["state"] == "CANCELLED"
    assert ask("DELETE", f"{PLACE}/workflows/w")[1]["done"] is True
    assert ask("GET", path)[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [
        ("POST", "/workflows", [], {"workflowId": "w"}),
        ("GET", "/workflows", None, {"pageSize": "many"}),
        ("GET", "/workflows", None, {"pageToken": "!"}),
        ("GET", "/workflows", None, {"filter": "nope=1"}),
        ("POST", "/workflows/w:triggerPubsubExecution", {}, {}),
    ],
)
def test_a_wrong_request_is_a_400_with_google_s_body(ask, method, path, body, query):
    status, answer = ask(method, PLACE + path, body, **query)
    assert status == 400
    assert answer["error"]["status"] == "INVALID_ARGUMENT"


def test_a_pubsub_push_becomes_the_documented_event(ask, world):
    """Reference section 7."""
    ask("POST", f"{PLACE}/workflows", {"sourceContents": ECHO}, workflowId="w")
    push = {
        "message": {
            "data": "aGk=",
            "attributes": {"a": "b"},
            "messageId": "7",
            "publishTime": "2021-02-26T19:13:55.749Z",
        },
        "subscription": "projects/p/subscriptions/s",
    }
    _, execution = ask(
        "POST",
        f"{PLACE}/workflows/w:triggerPubsubExecution",
        push,
        __GCP_CloudEventsMode="CUSTOM_PUBSUB_projects/p/topics/t",
    )
    event = json.loads(execution["argument"])
    assert event["type"] == "google.cloud.pubsub.topic.v1.messagePublished"
    assert event["source"] == "//pubsub.googleapis.com/projects/p/topics/t"
    assert (event["id"], event["specversion"]) == ("7", "1.0")
    assert event["data"]["message"]["message_id"] == "7"
    assert event["data"]["subscription"] == "projects/p/subscriptions/s"


def test_a_callback_is_sent_to_its_url_with_an_empty_answer(ask, world):
    source = (
        "- c: {call: events.create_callback_endpoint, result: cb}\n"
        "- l: {call: sys.log, args: {text: '${cb.url}'}}\n"
        "- w: {call: events.await_callback, args: {callback: '${cb}'}}\n"
    )
    ask("POST", f"{PLACE}/workflows", {"sourceContents": source}, workflowId="w")
    _, execution = ask("POST", f"{PLACE}/workflows/w/executions")
    world.scheduler.run_for(1)
    path = world.logs[0]["textPayload"].removeprefix("http://local:1")
    assert len(ask("GET", f"/v1/{execution['name']}/callbacks")[1]["callbacks"]) == 1
    assert ask("POST", path, {"look": "again"}) == (200, None)
    world.scheduler.run_for(1)
    assert ask("GET", f"/v1/{execution['name']}")[1]["state"] == "SUCCEEDED"
    assert ask("POST", path)[0] == 404


ECHO = "main: {params: [a], steps: [{r: {return: '${a}'}}]}"
