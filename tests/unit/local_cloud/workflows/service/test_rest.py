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


RUNS = "/workflows/w/executions"
PUSH = "/workflows/w:triggerPubsubExecution"


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [
        ("POST", "/workflows", [], {"workflowId": "w"}),
        ("POST", "/workflows", "text", {"workflowId": "w"}),
        ("POST", "/workflows", {"sourceContents": 5}, {"workflowId": "x"}),
        ("POST", "/workflows", {"nope": 5}, {"workflowId": "x"}),
        ("POST", "/workflows", {"labels": {"a": 1}}, {"workflowId": "x"}),
        ("POST", "/workflows", {"labels": "a"}, {"workflowId": "x"}),
        ("POST", "/workflows", {"description": "\ud800"}, {"workflowId": "x"}),
        ("POST", "/workflows", {"callLogLevel": "LOG_SOME"}, {"workflowId": "x"}),
        ("POST", "/workflows", {"callLogLevel": 9}, {"workflowId": "x"}),
        ("POST", "/workflows", {}, {}),
        ("PATCH", "/workflows/w", {"labels": []}, {}),
        ("GET", "/workflows", None, {"pageSize": "many"}),
        ("GET", "/workflows", None, {"pageSize": "-1"}),
        ("GET", "/workflows", None, {"pageSize": "9" * 5000}),
        ("GET", "/workflows", None, {"pageSize": "１"}),  # noqa: RUF001 - no digit of ASCII.
        ("GET", "/workflows", None, {"pageToken": "!"}),
        ("GET", "/workflows", None, {"pageToken": "\u00e9"}),
        ("GET", "/workflows", None, {"filter": "nope=1"}),
        ("GET", "/workflows", None, {"nope": "1"}),
        ("POST", RUNS, {"argument": 5}, {}),
        ("POST", RUNS, {"argument": {"a": 1}}, {}),
        ("POST", RUNS, {"argument": "{"}, {}),
        ("POST", RUNS, {"labels": []}, {}),
        ("POST", RUNS, {"labels": {"a": None}}, {}),
        ("POST", RUNS, {"executionHistoryLevel": "ALL"}, {}),
        ("POST", RUNS, {"disableConcurrencyQuotaOverflowBuffering": 1}, {}),
        ("GET", RUNS, None, {"view": "SOME"}),
        ("GET", RUNS + "/x", None, {"view": "7"}),
        ("POST", RUNS + "/x:cancel", {"why": "so"}, {}),
        ("GET", RUNS + "/x/stepEntries", None, {"skip": "a"}),
        ("POST", PUSH, {}, {}),
        ("POST", PUSH, {"message": {"data": "aGk="}}, {}),
        ("POST", PUSH, {"message": {"data": "?"}}, {"__GCP_CloudEventsMode": "CUSTOM_PUBSUB_t"}),
        ("POST", PUSH, {"message": []}, {"__GCP_CloudEventsMode": "CUSTOM_PUBSUB_t"}),
        ("POST", PUSH, {"message": {}}, {"__GCP_CloudEventsMode": "CE_PUBSUB_BINDING"}),
    ],
)
def test_a_wrong_request_is_a_400_with_google_s_body(ask, method, path, body, query):
    ask("POST", f"{PLACE}/workflows", {"sourceContents": HELLO}, workflowId="w")
    status, answer = ask(method, PLACE + path, body, **query)
    assert status == 400
    assert answer["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b"\xff", b"1" * 5000])
def test_a_body_that_is_no_json_is_refused(world, body):
    request = ApiRequest("POST", f"{PLACE}/workflows/w/executions", {}, {}, body)
    answer = rest.router(world.model).handle(request)
    assert answer is not None
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (400, 400)


def test_a_refused_field_is_named_in_the_details(ask):
    _, answer = ask("POST", f"{PLACE}/workflows/w/executions", {"argument": 5})
    message = "Invalid value at 'execution.argument' (TYPE_STRING), 5"
    assert answer["error"]["message"] == message
    (detail,) = answer["error"]["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    violation = {"field": "execution.argument", "description": message}
    assert detail["fieldViolations"] == [violation]


def test_fields_may_be_spelled_as_in_the_proto_and_enums_numbered(ask):
    body = {"source_contents": HELLO, "call_log_level": 2, "labels": None, "state": "ACTIVE"}
    ask("POST", f"{PLACE}/workflows", body, workflow_id="w", **{"$alt": "json;enum-encoding=int"})
    assert ask("GET", f"{PLACE}/workflows/w")[1]["callLogLevel"] == "LOG_ERRORS_ONLY"


def test_an_event_in_the_binding_of_cloudevents_is_the_argument(ask):
    ask("POST", f"{PLACE}/workflows", {"sourceContents": ECHO}, workflowId="w")
    attributes = {"ce-id": "1", "ce-source": "//s", "ce-specversion": "1.0", "ce-type": "t"}
    attributes["Content-Type"] = "application/json"
    push = {"message": {"data": "eyJhIjoxfQ==", "attributes": attributes}, "deliveryAttempt": 2}
    path = f"{PLACE}/workflows/w:triggerPubsubExecution"
    _, execution = ask("POST", path, push, __GCP_CloudEventsMode="CE_PUBSUB_BINDING")
    event = json.loads(execution["argument"])
    assert event["data"] == {"a": 1}
    assert (event["id"], event["source"], event["type"]) == ("1", "//s", "t")


def test_entries_operations_and_locations_have_their_paths(ask, world):
    _, operation = ask("POST", f"{PLACE}/workflows", {"sourceContents": HELLO}, workflowId="w")
    _, execution = ask("POST", f"{PLACE}/workflows/w/executions", {})
    world.scheduler.run_for(1)
    path = f"/v1/{execution['name']}"
    _, listed = ask("GET", f"{path}/stepEntries", skip="0")
    assert ask("GET", f"/v1/{listed['stepEntries'][0]['name']}")[1] == listed["stepEntries"][0]
    assert (
        json.loads(ask("GET", f"{path}:exportData")[1]["data"])["execution"]["result"] == '"hello"'
    )
    assert ask("POST", f"{path}:deleteExecutionHistory", {}) == (200, {})
    assert ask("GET", f"{path}/stepEntries") == (200, {})
    assert ask("DELETE", f"/v1/{operation['name']}") == (200, {})
    assert ask("GET", f"/v1/{operation['name']}")[0] == 404
    assert ask("GET", "/v1/projects/p/locations", pageSize="1")[1]["nextPageToken"]
    assert ask("GET", "/v1/projects/p/locations/us-east1")[1]["locationId"] == "us-east1"


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
