"""Triggers: what arrives where, in which shape, how often, and who is seen doing it."""

import base64
import datetime as dt
import json
import random

import pytest

from local_cloud.eventarc.model import EventarcModel
from local_cloud.eventarc.values import ToUrl, ToWorkflow, Trigger
from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Inbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.pubsub.model import PubSubModel
from local_cloud.pubsub.values import Message, Topic

START = dt.datetime(2026, 3, 1, 12, 0, 0, 749_000, tzinfo=dt.UTC)
TOPIC = "projects/p1/topics/cloud-builds"
WORKFLOW = "projects/p1/locations/europe-west1/workflows/rollout"
NAME = "projects/p1/locations/europe-west1/triggers/on-build"
ACCOUNT = "trigger@p1.iam.gserviceaccount.com"


class Tokens:
    def access_token(self, email):
        return f"access:{email}"

    def id_token(self, email, audience):
        return f"id:{email}:{audience}"

    def caller(self, authorization):
        return authorization

    def invoker(self, authorization, audiences):
        return authorization


class World:
    """Eventarc over Pub/Sub in virtual time; `refusals` are raised by the next starts."""

    def __init__(self):
        self.clock = VirtualScheduler(START)
        self.audit = Audit(self.clock)
        self.requests = []
        self.statuses = []
        self.started = []
        self.refusals = []
        self.pubsub = PubSubModel(self.clock, self, Tokens(), self.audit, random.Random(1))
        self.eventarc = EventarcModel(self.pubsub, self.start, self.audit, random.Random(2))
        self.pubsub.create_topic(Topic(TOPIC))

    def send(self, request, done):
        self.requests.append(request)
        status = self.statuses.pop(0) if self.statuses else 200
        self.clock.call_later(0, lambda: done(Inbound(status)))

    def start(self, workflow, event, account):
        self.started.append((round((self.clock.now() - START).total_seconds()), event))
        assert (workflow, account) == (WORKFLOW, ACCOUNT)
        if self.refusals:
            raise self.refusals.pop(0)

    def publish(self, data=b"{}", **attributes):
        return self.pubsub.publish(TOPIC, [Message(data, attributes)])[0]


@pytest.fixture
def world():
    return World()


def to_workflow(**settings):
    return Trigger(NAME, ToWorkflow(WORKFLOW), ACCOUNT, **({"topic": TOPIC} | settings))


def test_a_message_starts_the_workflow_with_the_documented_event(world):
    """reference/workflows.md section 7: the exact keys of the JSON event."""
    live = world.eventarc.create_trigger(to_workflow())
    message_id = world.publish(b'{"status": "SUCCESS"}', status="SUCCESS")
    world.clock.run_for(1)

    ((_, event),) = world.started

    when = "2026-03-01T12:00:00.749Z"
    assert event == {
        "data": {
            "message": {
                "attributes": {"status": "SUCCESS"},
                "data": base64.b64encode(b'{"status": "SUCCESS"}').decode(),
                "messageId": message_id,
                "message_id": message_id,
                "publishTime": when,
                "publish_time": when,
            },
            "subscription": live.subscription,
        },
        "datacontenttype": "application/json",
        "id": message_id,
        "source": f"//pubsub.googleapis.com/{TOPIC}",
        "specversion": "1.0",
        "time": when,
        "type": "google.cloud.pubsub.topic.v1.messagePublished",
    }
    assert json.loads(json.dumps(event)) == event


def test_an_event_is_acknowledged_as_soon_as_the_execution_starts(world):
    world.eventarc.create_trigger(to_workflow())
    world.publish()

    world.clock.run_for(24 * 3600)

    assert len(world.started) == 1


def test_a_start_that_is_refused_is_tried_again_with_backoff(world):
    live = world.eventarc.create_trigger(to_workflow())
    world.refusals = [Refused("RESOURCE_EXHAUSTED", "quota"), Refused("NOT_FOUND", "workflow")]
    world.publish()

    world.clock.run_for(24 * 3600)

    assert [at for at, _ in world.started] == [0, 10, 30]
    assert len({event["id"] for _, event in world.started}) == 1
    assert world.pubsub.backlog_count(live.subscription) == 0


def test_an_event_that_can_never_start_is_dropped_after_a_day(world):
    live = world.eventarc.create_trigger(to_workflow())
    world.refusals = [Refused("PERMISSION_DENIED", "no role")] * 1000
    world.publish()

    world.clock.run_for(25 * 3600)

    assert world.pubsub.backlog_count(live.subscription) == 0
    assert world.started[-1][0] <= 24 * 3600


def test_an_event_beyond_512_kb_starts_nothing(world):
    live = world.eventarc.create_trigger(to_workflow())
    message_id = world.publish(b"x" * 400_000)  # base64 makes it 533 kB.

    world.clock.run_for(3600)

    assert world.started == []
    assert world.eventarc.too_large == [message_id]
    assert world.pubsub.backlog_count(live.subscription) == 0


def test_the_subscription_is_named_after_region_and_trigger(world):
    live = world.eventarc.create_trigger(to_workflow())

    assert live.subscription.startswith(
        "projects/p1/subscriptions/eventarc-europe-west1-on-build-sub-"
    )
    assert live.subscription[-3:].isdecimal()
    made = world.pubsub.get_subscription(live.subscription)
    assert (made.topic, made.message_retention_seconds) == (TOPIC, 24 * 3600)
    assert made.retry is not None
    assert (made.retry.minimum_backoff_seconds, made.retry.maximum_backoff_seconds) == (10, 600)


def test_a_trigger_without_a_topic_makes_and_removes_its_own(world):
    live = world.eventarc.create_trigger(to_workflow(topic=""))
    assert live.topic.startswith("projects/p1/topics/eventarc-europe-west1-on-build-")
    world.pubsub.publish(live.topic, [Message(b"x")])
    world.clock.run_for(1)
    assert world.started[0][1]["source"] == f"//pubsub.googleapis.com/{live.topic}"

    world.eventarc.delete_trigger(NAME)

    assert [topic.name for topic in world.pubsub.list_topics("projects/p1")] == [TOPIC]


def test_a_deleted_trigger_starts_nothing_and_leaves_the_topic(world):
    world.eventarc.create_trigger(to_workflow())
    world.eventarc.delete_trigger(NAME)

    world.publish()
    world.clock.run_for(3600)

    assert world.started == []
    assert world.pubsub.get_topic(TOPIC).name == TOPIC
    assert world.eventarc.list_triggers("projects/p1/locations/europe-west1") == []


def test_a_url_gets_a_binary_cloud_event_with_an_id_token(world):
    url = "https://notify-abc.a.run.app/events"
    live = world.eventarc.create_trigger(Trigger(NAME, ToUrl(url), ACCOUNT, TOPIC))
    message_id = world.publish(b"hi", kind="promoted")
    world.clock.run_for(1)

    (request,) = world.requests

    assert {k: v for k, v in request.headers.items() if k.startswith("ce-")} == {
        "ce-id": message_id,
        "ce-source": f"//pubsub.googleapis.com/{TOPIC}",
        "ce-specversion": "1.0",
        "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
        "ce-time": "2026-03-01T12:00:00.749Z",
    }
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Authorization"] == f"Bearer id:{ACCOUNT}:https://notify-abc.a.run.app"
    assert request.url == (
        f"{url}?__GCP_CloudEventsMode=CUSTOM_PUBSUB_projects%2Fp1%2Ftopics%2Fcloud-builds"
    )
    body = json.loads(request.body)
    assert set(body) == {"message", "subscription"}
    assert body["subscription"] == live.subscription


def test_a_url_that_fails_is_called_again(world):
    world.eventarc.create_trigger(Trigger(NAME, ToUrl("http://127.0.0.1:9"), ACCOUNT, TOPIC))
    world.statuses = [500, 400]
    world.publish()

    world.clock.run_for(3600)

    assert len(world.requests) == 3


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"name": "projects/p1/triggers/on-build"}, "INVALID_ARGUMENT"),
        ({"name": NAME + "-"}, "INVALID_ARGUMENT"),
        ({"name": NAME + "/x"}, "INVALID_ARGUMENT"),
        ({"topic": "projects/p1/topics/nope"}, "NOT_FOUND"),
        ({"service_account": ""}, "INVALID_ARGUMENT"),
        ({"event_type": "google.cloud.audit.log.v1.written"}, "UNIMPLEMENTED"),
    ],
)
def test_a_trigger_that_cannot_work_is_refused(world, settings, code):
    values = {
        "name": NAME,
        "destination": ToWorkflow(WORKFLOW),
        "service_account": ACCOUNT,
        "topic": TOPIC,
    }
    with pytest.raises(Refused) as refusal:
        world.eventarc.create_trigger(Trigger(**(values | settings)))

    assert refusal.value.code == code
    assert world.eventarc.list_triggers("projects/p1/locations/europe-west1") == []


def test_a_trigger_name_is_taken_once(world):
    world.eventarc.create_trigger(to_workflow())

    with pytest.raises(Refused, match="ALREADY_EXISTS"):
        world.eventarc.create_trigger(to_workflow())


def test_an_unknown_trigger_is_not_found(world):
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.eventarc.get_trigger(NAME)


def test_eventarcs_own_agent_makes_the_subscription(world):
    live = world.eventarc.create_trigger(to_workflow(), caller="deployer@p1")

    seen = [(c.principal.partition("@")[2], c.method) for c in world.audit.calls[1:]]

    assert seen == [
        ("p1", "google.cloud.eventarc.v1.Eventarc.CreateTrigger"),
        (
            "gcp-sa-eventarc.iam.gserviceaccount.com",
            "google.pubsub.v1.Subscriber.CreateSubscription",
        ),
    ]
    assert world.eventarc.get_trigger(NAME) == live
