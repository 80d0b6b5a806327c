"""Push and in-process delivery: shape, identity, repetition, dead letters, bad weather."""

import base64
import datetime as dt
import itertools
from typing import Any

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import NoAnswer
from local_cloud.pubsub.values import DeadLetterPolicy, Push, RetryPolicy, Subscription, Topic

URL = "http://127.0.0.1:9/rollback"
GRAVEYARD = "projects/p1/topics/graveyard"


def test_a_push_body_has_the_keys_of_googles_own_samples(world):
    """google-cloudevents, MessagePublishedData-duplicatedFields.json: both spellings, no more."""
    world.subscribe(push=Push(URL))
    message_id = world.publish(b"hello world", attr1="attr1-value")
    world.clock.run_for(1)

    (body,) = world.endpoint.bodies()

    assert body == {
        "message": {
            "attributes": {"attr1": "attr1-value"},
            "data": base64.b64encode(b"hello world").decode(),
            "messageId": message_id,
            "message_id": message_id,
            "publishTime": "2026-03-01T12:00:00.749Z",
            "publish_time": "2026-03-01T12:00:00.749Z",
        },
        "subscription": world.subscription,
    }


def test_a_whole_second_is_written_without_a_fraction(world):
    world.clock.run_for(0.251)
    world.subscribe(push=Push(URL))
    world.publish()
    world.clock.run_for(1)

    assert world.endpoint.bodies()[0]["message"]["publishTime"] == "2026-03-01T12:00:01Z"


def test_a_push_carries_an_id_token_for_its_audience(world):
    world.subscribe(push=Push(URL, "pusher@p1", "https://rollback.example"))
    world.publish()
    world.clock.run_for(1)

    request = world.endpoint.seen[0][1]

    assert request.headers["Authorization"] == "Bearer id:pusher@p1:https://rollback.example"
    assert request.headers["Content-Type"] == "application/json"
    assert (request.method, request.url, request.timeout_seconds) == ("POST", URL, 10.0)


def test_without_an_audience_the_endpoint_is_the_audience(world):
    world.subscribe(push=Push(URL, "pusher@p1"))
    world.publish()
    world.clock.run_for(1)

    assert world.endpoint.seen[0][1].headers["Authorization"] == f"Bearer id:pusher@p1:{URL}"


def test_an_unwrapped_push_is_the_bare_data(world):
    world.subscribe(push=Push(URL, wrapped=False, write_metadata=True))
    message_id = world.publish(b"bare", status="SUCCESS")
    world.clock.run_for(1)

    request = world.endpoint.seen[0][1]

    assert request.body == b"bare"
    assert request.headers["x-goog-pubsub-message-id"] == message_id
    assert request.headers["status"] == "SUCCESS"


@pytest.mark.parametrize("status", [102, 200, 201, 202, 204])
def test_these_statuses_acknowledge(world, status):
    world.subscribe(push=Push(URL))
    world.endpoint.answers = [status]
    world.publish()

    world.clock.run_for(600)

    assert len(world.endpoint.seen) == 1


@pytest.mark.parametrize(
    "answer", [203, 301, 400, 404, 429, 500, 503, NoAnswer("never_connected", "refused")]
)
def test_anything_else_is_sent_again(world, answer):
    world.subscribe(push=Push(URL))
    world.endpoint.answers = [answer]
    world.publish()

    world.clock.run_for(600)

    assert len(world.endpoint.seen) == 2


def test_backoff_doubles_from_the_smallest_to_the_largest(world):
    world.subscribe(push=Push(URL), retry=RetryPolicy(10, 60))
    world.endpoint.answers = [500] * 5
    world.publish()

    world.clock.run_for(600)

    assert world.endpoint.times() == [0, 10, 30, 70, 130, 190]


def test_without_a_policy_backoff_runs_from_a_tenth_of_a_second_to_a_minute(world):
    world.subscribe(push=Push(URL))
    world.endpoint.answers = [500] * 12
    world.publish()

    world.clock.run_for(600)

    gaps = [b - a for a, b in itertools.pairwise(world.endpoint.times())]
    assert gaps[:3] == pytest.approx([0.1, 0.2, 0.4])
    assert gaps[-1] == pytest.approx(60)


def test_an_endpoint_that_never_answers_is_asked_again_after_the_ack_deadline(world):
    world.subscribe(push=Push(URL), ack_deadline_seconds=20, retry=RetryPolicy(10, 60))
    world.endpoint.answers = [None]
    world.publish()

    world.clock.run_for(600)

    assert world.endpoint.times() == [0, 30]


def test_an_answer_after_the_deadline_does_not_acknowledge(world):
    """The connection was given up: the message is on its way again, and comes twice."""
    world.subscribe(push=Push(URL), retry=RetryPolicy(10, 60))
    late = []
    world.endpoint.send = lambda request, done: late.append(done)
    world.publish()
    world.clock.run_for(11)

    late[0](NoAnswer("timeout", "late"))
    world.clock.run_for(600)

    assert len(late) > 1


def test_after_its_last_attempt_a_message_goes_to_the_dead_letter_topic(world):
    world.model.create_topic(Topic(GRAVEYARD))
    graves = "projects/p1/subscriptions/graves"
    world.model.create_subscription(Subscription(graves, GRAVEYARD))
    world.subscribe(
        push=Push(URL), retry=RetryPolicy(10, 600), dead_letter=DeadLetterPolicy(GRAVEYARD, 5)
    )
    world.endpoint.answers = [500] * 9
    world.publish(b"poison", a="b")

    world.clock.run_for(7 * 24 * 3600)

    assert [body["deliveryAttempt"] for body in world.endpoint.bodies()] == [1, 2, 3, 4, 5]
    (grave,) = world.model.pull(graves, 10)
    assert grave.published.message.data == b"poison"
    assert grave.published.message.attributes == {
        "a": "b",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": "builds-sub",
        "CloudPubSubDeadLetterSourceSubscriptionProject": "p1",
        "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-03-01T12:00:00.749+00:00",
    }
    burial = [call for call in world.audit.calls if call.resource == GRAVEYARD][-1]
    assert burial.principal.endswith("@gcp-sa-pubsub.iam.gserviceaccount.com")


def test_without_its_dead_letter_topic_a_message_is_kept_and_retried(world):
    world.model.create_topic(Topic(GRAVEYARD))
    world.subscribe(push=Push(URL), dead_letter=DeadLetterPolicy(GRAVEYARD, 5))
    world.model.delete_topic(GRAVEYARD)
    world.endpoint.answers = [500] * 7
    world.publish()

    world.clock.run_for(3600)

    assert len(world.endpoint.seen) == 8


def test_only_matching_messages_are_pushed(world):
    world.subscribe(push=Push(URL), filter='attributes.status = "SUCCESS"')
    world.publish(b"1", status="WORKING")
    world.publish(b"2", status="SUCCESS")

    world.clock.run_for(1)

    assert [body["message"]["data"] for body in world.endpoint.bodies()] == ["Mg=="]
    assert world.model.backlog_count(world.subscription) == 0


def test_an_in_process_subscriber_acknowledges_by_returning(world):
    seen: list[Any] = []
    world.subscribe(deliver=seen.append)
    message_id = world.publish()
    assert seen == []  # Never within the publish call itself.

    world.clock.run_for(3600)

    assert [body["message"]["messageId"] for body in seen] == [message_id]


def test_an_in_process_subscriber_that_refuses_is_asked_again(world):
    seen: list[tuple[dt.datetime, Any]] = []

    def deliver(body):
        seen.append((world.clock.now(), body))
        if len(seen) < 3:
            raise Refused("RESOURCE_EXHAUSTED", "too many executions")

    world.subscribe(deliver=deliver, retry=RetryPolicy(10, 600))
    world.publish()
    world.clock.run_for(3600)

    waits = [(b - a).total_seconds() for (a, _), (b, _) in itertools.pairwise(seen)]
    assert waits == [10, 20]


def test_a_fault_in_an_in_process_subscriber_escapes(world):
    """A planted bug must not be hidden as a redelivery."""
    world.subscribe(deliver=lambda body: body["no such key"])
    world.publish()

    with pytest.raises(KeyError):
        world.clock.run_for(1)


def test_an_acknowledged_message_may_come_twice_if_the_settings_say_so(world_with):
    world = world_with(duplicate_ratio=1.0, duplicate_delay_seconds_max=5.0)
    world.subscribe(push=Push(URL))
    world.publish()

    world.clock.run_for(3600)

    first, second = world.endpoint.bodies()
    assert first == second
    assert world.model.backlog_count(world.subscription) == 0


def test_a_share_of_messages_is_duplicated(world_with):
    world = world_with(duplicate_ratio=0.25)
    world.subscribe(push=Push(URL))
    for _ in range(400):
        world.publish()

    world.clock.run_for(3600)

    assert 460 < len(world.endpoint.seen) < 540


def test_delays_let_messages_overtake_each_other(world_with):
    world = world_with(delay_seconds_max=5.0)
    world.subscribe(push=Push(URL))
    ids = [world.publish() for _ in range(20)]

    world.clock.run_for(60)

    arrived = [body["message"]["messageId"] for body in world.endpoint.bodies()]
    assert sorted(arrived) == ids
    assert arrived != ids
    assert 0 <= min(world.endpoint.times()) <= max(world.endpoint.times()) <= 5
