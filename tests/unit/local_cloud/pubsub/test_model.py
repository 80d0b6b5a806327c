"""Topics, subscriptions, publish and pull."""

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.pubsub.values import DeadLetterPolicy, Message, Push, Subscription, Topic


def refused(code: str, message: str):
    return pytest.raises(Refused, match=f"^{code}: {message}")


def test_message_ids_are_numbers_and_rise(world):
    world.subscribe()

    ids = [world.publish() for _ in range(3)]

    assert all(one.isdecimal() and len(one) == 16 for one in ids)
    assert ids == sorted(set(ids))


def test_the_same_seed_gives_the_same_message_ids(world_with):
    assert world_with(seed=7).publish() == world_with(seed=7).publish()
    assert world_with(seed=7).publish() != world_with(seed=8).publish()


def test_a_message_published_before_the_subscription_existed_is_not_delivered(world):
    world.publish(b"before")
    world.subscribe()
    world.publish(b"after")

    assert world.pull() == [b"after"]


def test_a_pulled_message_comes_back_when_its_ack_deadline_passes(world):
    world.subscribe(ack_deadline_seconds=30)
    world.publish()
    world.model.pull(world.subscription, 1)

    world.clock.run_for(29.9)
    assert world.pull() == []

    world.clock.run_for(0.2)
    assert world.pull() == [b"x"]


def test_a_late_acknowledgement_changes_nothing(world):
    world.subscribe()
    world.publish()
    (late,) = world.model.pull(world.subscription, 1)
    world.clock.run_for(11)

    world.model.acknowledge(world.subscription, [late.ack_id])

    assert world.pull() == [b"x"]


def test_a_longer_ack_deadline_counts_from_now(world):
    world.subscribe()
    world.publish()
    (got,) = world.model.pull(world.subscription, 1)
    world.clock.run_for(9)
    world.model.modify_ack_deadline(world.subscription, [got.ack_id], 60)

    world.clock.run_for(59)
    assert world.pull() == []

    world.clock.run_for(2)
    assert world.pull() == [b"x"]


def test_a_pull_takes_at_most_what_it_asks_for_in_order(world):
    world.subscribe()
    for data in (b"1", b"2", b"3"):
        world.publish(data)

    assert world.pull(2) == [b"1", b"2"]
    assert world.pull(2) == [b"3"]


def test_an_unacknowledged_message_is_dropped_after_the_retention(world):
    world.subscribe(message_retention_seconds=600)
    world.publish()
    for _ in range(70):
        world.model.pull(world.subscription, 1)
        world.clock.run_for(10)

    assert world.model.backlog_count(world.subscription) == 0


def test_ordered_messages_of_a_key_wait_for_their_predecessor(world):
    world.subscribe(ordered=True)
    world.publish(b"a1", ordering_key="a")
    world.publish(b"a2", ordering_key="a")
    world.publish(b"b1", ordering_key="b")

    assert world.pull() == [b"a1", b"b1"]
    assert world.pull() == [b"a2"]


def test_acknowledging_the_wrong_id_refuses_all_of_them(world):
    world.subscribe()
    world.publish()
    (got,) = world.model.pull(world.subscription, 1)

    with refused("INVALID_ARGUMENT", "You have passed an invalid ack ID"):
        world.model.acknowledge(world.subscription, [got.ack_id, f"{world.subscription}:99"])

    assert world.model.backlog_count(world.subscription) == 1


def test_an_unknown_topic_is_named_by_its_bare_id(world):
    with refused("NOT_FOUND", r"Resource not found \(resource=nope\)\.$"):
        world.model.publish("projects/p1/topics/nope", [Message(b"x")])


def test_a_name_is_taken_once(world):
    with refused(
        "ALREADY_EXISTS", r"Resource already exists in the project \(resource=builds\)\.$"
    ):
        world.model.create_topic(Topic(world.topic))


@pytest.mark.parametrize("name", ["ab", "1abc", "goog-x", "a" * 256, "a b", ""])
def test_a_name_that_the_service_would_refuse_is_refused(world, name):
    full = f"projects/p1/topics/{name}"
    with refused("INVALID_ARGUMENT", r"Invalid \[topics\] name: "):
        world.model.create_topic(Topic(full))


@pytest.mark.parametrize("name", ["abc", "Goog", "a-_.~+%9", "a" * 255])
def test_a_name_within_the_rules_is_taken(world, name):
    full = f"projects/p1/topics/{name}"

    world.model.create_topic(Topic(full))

    assert world.model.get_topic(full).name == full


def test_a_batch_with_one_bad_message_publishes_none_of_it(world):
    world.subscribe()

    with refused("INVALID_ARGUMENT", "One or more messages in the publish request is empty"):
        world.model.publish(world.topic, [Message(b"good"), Message()])

    assert world.pull() == []


@pytest.mark.parametrize(
    "bad",
    [
        Message(b"x", {"k" * 257: "v"}),
        Message(b"x", {"": "v"}),
        Message(b"x", {"k": "ü" * 513}),
        Message(b"x", {"googkey": "v"}),
        Message(b"x", {f"k{i}": "" for i in range(101)}),
        Message(b"x" * 10_000_001),
        Message(b"x", {}, "k" * 1025),
    ],
)
def test_a_message_beyond_a_limit_is_refused(world, bad):
    with pytest.raises(Refused) as refusal:
        world.model.publish(world.topic, [bad])

    assert refusal.value.code == "INVALID_ARGUMENT"


def test_a_message_at_every_limit_is_taken(world):
    attributes = {f"{i:0256}": "v" * 1024 for i in range(100)}
    size = 10_000_000 - 100 * (256 + 1024)

    assert world.model.publish(world.topic, [Message(b"x" * size, attributes)])


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"ack_deadline_seconds": 9}, "INVALID_ARGUMENT"),
        ({"ack_deadline_seconds": 601}, "INVALID_ARGUMENT"),
        ({"message_retention_seconds": 599}, "INVALID_ARGUMENT"),
        ({"expiration_ttl_seconds": 3600}, "INVALID_ARGUMENT"),
        ({"filter": "status = 1"}, "INVALID_ARGUMENT"),
        ({"push": Push("ftp://x/y")}, "INVALID_ARGUMENT"),
        ({"push": Push("http://x/y", audience="a")}, "INVALID_ARGUMENT"),
        ({"dead_letter": DeadLetterPolicy("projects/p1/topics/builds", 4)}, "OUT_OF_RANGE"),
        ({"dead_letter": DeadLetterPolicy("projects/p1/topics/builds", 101)}, "OUT_OF_RANGE"),
        ({"dead_letter": DeadLetterPolicy("projects/p1/topics/nope")}, "NOT_FOUND"),
    ],
)
def test_a_setting_that_the_service_would_refuse_is_refused(world, settings, code):
    with pytest.raises(Refused) as refusal:
        world.subscribe(**settings)

    assert refusal.value.code == code
    assert world.model.list_subscriptions("projects/p1") == []


def test_a_pushed_subscription_cannot_be_pulled(world):
    world.subscribe(push=Push("http://127.0.0.1:9/x"))

    with refused("FAILED_PRECONDITION", "This method is not supported"):
        world.model.pull(world.subscription, 1)


def test_a_subscription_outlives_its_topic_with_what_it_has(world):
    world.subscribe()
    world.publish()

    world.model.delete_topic(world.topic)

    assert world.model.get_subscription(world.subscription).topic == "_deleted-topic_"
    assert world.pull() == [b"x"]


def test_a_deleted_subscription_delivers_nothing_more(world):
    world.subscribe(push=Push("http://127.0.0.1:9/x"))
    world.endpoint.answers = [500]
    world.publish()
    world.clock.run_for(0.05)

    world.model.delete_subscription(world.subscription)
    world.clock.run_for(3600)

    assert len(world.endpoint.seen) == 1
    with refused("NOT_FOUND", "Resource not found"):
        world.model.get_subscription(world.subscription)


def test_the_filter_of_a_subscription_cannot_be_changed(world):
    world.subscribe(filter="attributes:a")
    changed = Subscription(world.subscription, world.topic, filter="attributes:b")

    with refused("INVALID_ARGUMENT", "Invalid update_mask .* 'filter' field"):
        world.model.update_subscription(world.subscription, lambda _: changed)


def test_messages_that_waited_for_a_pull_are_pushed_once_there_is_an_endpoint(world):
    world.subscribe()
    world.publish()

    world.model.modify_push_config(world.subscription, Push("http://127.0.0.1:9/x"))
    world.clock.run_for(1)

    assert len(world.endpoint.seen) == 1
    assert world.model.backlog_count(world.subscription) == 0


def test_every_call_is_noted_before_it_is_judged(world):
    caller = "robot@p1.iam.gserviceaccount.com"
    with pytest.raises(Refused):
        world.model.publish("projects/p1/topics/nope", [], caller=caller)

    call = world.audit.calls[-1]
    assert (call.principal, call.method, call.resource) == (
        caller,
        "google.pubsub.v1.Publisher.Publish",
        "projects/p1/topics/nope",
    )


def test_lists_hold_one_project_only_and_are_sorted(world):
    world.model.create_topic(Topic("projects/p1/topics/alpha"))
    world.model.create_topic(Topic("projects/p10/topics/other"))

    found = [topic.name for topic in world.model.list_topics("projects/p1")]

    assert found == ["projects/p1/topics/alpha", "projects/p1/topics/builds"]
