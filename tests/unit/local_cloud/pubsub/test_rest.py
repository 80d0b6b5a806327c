"""The REST door, in process: requests as gcloud 528 was recorded to send them."""

import base64
import json

import pytest

from local_cloud.kit.http import ApiRequest
from local_cloud.pubsub.rest import router

NAME = "/v1/projects/p1/subscriptions/builds-sub"


@pytest.fixture
def rest(world):
    routes = router(world.model)

    def call(method, path, body=None, query=None, caller=None):
        query = {"alt": ("json",)} | (query or {})
        data = json.dumps(body).encode() if body is not None else b""
        answer = routes.handle(ApiRequest(method, path, query, {}, data, caller))
        assert answer is not None, f"no route for {method} {path}"
        return answer.status, json.loads(answer.body)

    return call


def test_a_topic_is_created_listed_read_and_deleted(rest):
    path = "/v1/projects/p1/topics/orders"

    assert rest("PUT", path, {"name": "projects/p1/topics/orders"})[0] == 200
    _, listed = rest("GET", "/v1/projects/p1/topics")
    assert [topic["name"] for topic in listed["topics"]] == [
        "projects/p1/topics/builds",
        "projects/p1/topics/orders",
    ]
    assert rest("GET", path) == (200, {"name": "projects/p1/topics/orders", "state": "ACTIVE"})
    assert rest("DELETE", path) == (200, {})
    assert rest("GET", path)[0] == 404


def test_publish_pull_and_acknowledge(rest, world):
    rest("PUT", NAME, {"name": NAME[4:], "topic": world.topic})

    _, published = rest(
        "POST",
        "/v1/projects/p1/topics/builds:publish",
        {"messages": [{"attributes": {"a": "b"}, "data": "aGk="}]},
        caller="robot@p1",
    )
    _, pulled = rest("POST", NAME + ":pull", {"maxMessages": 3, "returnImmediately": False})

    (received,) = pulled["receivedMessages"]
    assert received["message"] == {
        "data": base64.b64encode(b"hi").decode(),
        "attributes": {"a": "b"},
        "messageId": published["messageIds"][0],
        "publishTime": "2026-03-01T12:00:00.749Z",
    }
    assert rest("POST", NAME + ":acknowledge", {"ackIds": [received["ackId"]]}) == (200, {})
    assert world.model.backlog_count(NAME[4:]) == 0
    publishes = [c for c in world.audit.calls if c.method.endswith("Publisher.Publish")]
    assert [call.principal for call in publishes] == ["robot@p1"]


def test_a_rich_subscription_is_answered_as_it_was_asked_for(rest, world):
    wanted = {
        "topic": world.topic,
        "pushConfig": {
            "pushEndpoint": "http://127.0.0.1:9/x",
            "oidcToken": {"serviceAccountEmail": "a@p1", "audience": "https://x"},
        },
        "ackDeadlineSeconds": 20,
        "messageRetentionDuration": "600s",
        "expirationPolicy": {},
        "filter": 'attributes.a = "b"',
        "labels": {"team": "fleet"},
        "deadLetterPolicy": {"deadLetterTopic": world.topic, "maxDeliveryAttempts": 7},
        "retryPolicy": {"minimumBackoff": "0.500s", "maximumBackoff": "60s"},
        "enableMessageOrdering": True,
    }

    status, made = rest("PUT", NAME, wanted)

    assert status == 200
    assert made == wanted | {"name": NAME[4:], "state": "ACTIVE"}
    assert rest("GET", NAME) == (200, made)


def test_a_plain_subscription_gets_the_services_defaults(rest, world):
    _, made = rest("PUT", NAME, {"topic": world.topic, "retryPolicy": {"minimumBackoff": "20s"}})

    assert made == {
        "name": NAME[4:],
        "topic": world.topic,
        "pushConfig": {},
        "ackDeadlineSeconds": 10,
        "messageRetentionDuration": "604800s",
        "expirationPolicy": {"ttl": "2678400s"},
        "retryPolicy": {"minimumBackoff": "20s", "maximumBackoff": "600s"},
        "state": "ACTIVE",
    }


def test_an_update_changes_what_its_mask_names_and_nothing_else(rest, world):
    rest("PUT", NAME, {"topic": world.topic, "labels": {"a": "b"}})

    status, updated = rest(
        "PATCH",
        NAME,
        {"subscription": {"ackDeadlineSeconds": 30}, "updateMask": "ackDeadlineSeconds"},
    )

    assert status == 200
    assert (updated["ackDeadlineSeconds"], updated["labels"]) == (30, {"a": "b"})
    assert [c.method for c in world.audit.calls if c.resource == NAME[4:]] == [
        "google.pubsub.v1.Subscriber.CreateSubscription",
        "google.pubsub.v1.Subscriber.UpdateSubscription",
    ]


def test_an_update_of_the_filter_is_refused(rest, world):
    rest("PUT", NAME, {"topic": world.topic})

    status, answer = rest(
        "PATCH", NAME, {"subscription": {"filter": "attributes:a"}, "updateMask": "filter"}
    )

    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_the_push_endpoint_is_changed_and_taken_away(rest, world):
    rest("PUT", NAME, {"topic": world.topic})
    push = {"pushConfig": {"pushEndpoint": "http://127.0.0.1:9/x"}}

    rest("POST", NAME + ":modifyPushConfig", push)
    assert rest("GET", NAME)[1]["pushConfig"] == push["pushConfig"]

    rest("POST", NAME + ":modifyPushConfig", {"pushConfig": {}})
    assert rest("GET", NAME)[1]["pushConfig"] == {}


def test_a_deadline_is_modified(rest, world):
    rest("PUT", NAME, {"topic": world.topic})
    world.publish()
    _, pulled = rest("POST", NAME + ":pull", {"maxMessages": 1})
    ack_id = pulled["receivedMessages"][0]["ackId"]

    rest("POST", NAME + ":modifyAckDeadline", {"ackIds": [ack_id], "ackDeadlineSeconds": 0})

    assert len(rest("POST", NAME + ":pull", {"maxMessages": 1})[1]["receivedMessages"]) == 1


def test_lists_come_in_pages(rest):
    for name in ("orders", "parcels"):
        rest("PUT", f"/v1/projects/p1/topics/{name}", {})

    _, first = rest("GET", "/v1/projects/p1/topics", query={"pageSize": ("2",)})
    token = (first["nextPageToken"],)
    _, second = rest(
        "GET", "/v1/projects/p1/topics", query={"pageSize": ("2",), "pageToken": token}
    )

    assert [topic["name"][-6:] for topic in first["topics"]] == ["builds", "orders"]
    assert [topic["name"][-7:] for topic in second["topics"]] == ["parcels"]
    assert "nextPageToken" not in second


def test_a_topics_subscriptions_are_listed_by_name(rest, world):
    rest("PUT", NAME, {"topic": world.topic})

    assert rest("GET", "/v1/projects/p1/topics/builds/subscriptions") == (
        200,
        {"subscriptions": [NAME[4:]]},
    )
    _, listed = rest("GET", "/v1/projects/p1/subscriptions")
    assert [one["name"] for one in listed["subscriptions"]] == [NAME[4:]]
    assert rest("DELETE", NAME) == (200, {})


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"datax": "aGk="}]},
        {"messages": [{"data": "no base64!"}]},
        {"messages": "none"},
        ["a list"],
        {"messages": []},
    ],
)
def test_a_body_that_is_no_request_is_a_400(rest, body):
    status, answer = rest("POST", "/v1/projects/p1/topics/builds:publish", body)

    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    "unknown",
    [
        {"enableExactlyOnceDelivery": True},
        {"bigqueryConfig": {"table": "p.d.t"}},
        {"retainAckedMessages": True},
    ],
)
def test_a_setting_that_is_not_emulated_is_refused_and_not_dropped(rest, world, unknown):
    status, answer = rest("PUT", NAME, {"topic": world.topic} | unknown)

    assert (status, answer["error"]["status"]) == (501, "UNIMPLEMENTED")
    assert "is not emulated by the local cloud" in answer["error"]["message"]


def test_an_unknown_topic_is_googles_error_body(rest):
    assert rest(
        "POST", "/v1/projects/p1/topics/nope:publish", {"messages": [{"data": "eA=="}]}
    ) == (
        404,
        {
            "error": {
                "code": 404,
                "message": "Resource not found (resource=nope).",
                "status": "NOT_FOUND",
            }
        },
    )
