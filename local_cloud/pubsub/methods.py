"""The gRPC door: google.pubsub.v1.Publisher and .Subscriber, unary methods.

The REST door answers with these same functions. Not here: snapshots, seek, schemas, IAM
policies (UNIMPLEMENTED, as of an unknown method), and StreamingPull, which is no unary method.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from google.protobuf.empty_pb2 import Empty

from local_cloud.kit.errors import Refused
from local_cloud.kit.grpc_door import Method
from local_cloud.pubsub import wire
from local_cloud.pubsub.model import PubSubModel
from local_cloud.pubsub.wire import proto

PUBLISHER = "google.pubsub.v1.Publisher"
SUBSCRIBER = "google.pubsub.v1.Subscriber"
_PAGE_SIZE_MAX = 1000


class Rpc(Protocol):
    """Answers one request message of a caller (None: the developer)."""

    def __call__(self, request: Any, caller: str | None, /) -> Any: ...


def methods(model: PubSubModel) -> dict[str, list[Method]]:
    """Return the methods of each service by its full name, for `grpc_door.add_service`."""
    publisher, subscriber = PublisherRpcs(model), SubscriberRpcs(model)
    topic, subscription, empty = proto("Topic"), proto("Subscription"), Empty
    return {
        PUBLISHER: [
            Method("CreateTopic", topic, topic, publisher.create),
            Method("GetTopic", proto("GetTopicRequest"), topic, publisher.get),
            _method("ListTopics", publisher.list),
            _method("ListTopicSubscriptions", publisher.list_subscriptions),
            Method("DeleteTopic", proto("DeleteTopicRequest"), empty, publisher.delete),
            _method("Publish", publisher.publish),
        ],
        SUBSCRIBER: [
            Method("CreateSubscription", subscription, subscription, subscriber.create),
            Method(
                "UpdateSubscription",
                proto("UpdateSubscriptionRequest"),
                subscription,
                subscriber.update,
            ),
            Method(
                "GetSubscription", proto("GetSubscriptionRequest"), subscription, subscriber.get
            ),
            _method("ListSubscriptions", subscriber.list),
            Method(
                "DeleteSubscription", proto("DeleteSubscriptionRequest"), empty, subscriber.delete
            ),
            _method("Pull", subscriber.pull),
            Method("Acknowledge", proto("AcknowledgeRequest"), empty, subscriber.acknowledge),
            Method(
                "ModifyAckDeadline",
                proto("ModifyAckDeadlineRequest"),
                empty,
                subscriber.modify_ack_deadline,
            ),
            Method(
                "ModifyPushConfig",
                proto("ModifyPushConfigRequest"),
                empty,
                subscriber.modify_push_config,
            ),
        ],
    }


def _method(name: str, call: Rpc) -> Method:
    """Return a method whose messages are named after it."""
    return Method(name, proto(f"{name}Request"), proto(f"{name}Response"), call)


class PublisherRpcs:
    """The methods of google.pubsub.v1.Publisher over the model."""

    def __init__(self, model: PubSubModel) -> None:
        self._model = model

    def create(self, request: Any, caller: str | None) -> Any:
        topic = wire.topic_of(request)
        return wire.topic_proto(self._model.create_topic(topic, caller=caller))

    def get(self, request: Any, caller: str | None) -> Any:
        return wire.topic_proto(self._model.get_topic(request.topic, caller=caller))

    def list(self, request: Any, caller: str | None) -> Any:
        topics = self._model.list_topics(request.project, caller=caller)
        page, token = _page([wire.topic_proto(topic) for topic in topics], request)
        return proto("ListTopicsResponse")(topics=page, next_page_token=token)

    def list_subscriptions(self, request: Any, caller: str | None) -> Any:
        names = self._model.list_topic_subscriptions(request.topic, caller=caller)
        page, token = _page(names, request)
        answer = proto("ListTopicSubscriptionsResponse")
        return answer(subscriptions=page, next_page_token=token)

    def delete(self, request: Any, caller: str | None) -> Any:
        self._model.delete_topic(request.topic, caller=caller)
        return Empty()

    def publish(self, request: Any, caller: str | None) -> Any:
        messages = [wire.message_of(message) for message in request.messages]
        ids = self._model.publish(request.topic, messages, caller=caller)
        return proto("PublishResponse")(message_ids=ids)


class SubscriberRpcs:
    """The unary methods of google.pubsub.v1.Subscriber over the model."""

    def __init__(self, model: PubSubModel) -> None:
        self._model = model

    def create(self, request: Any, caller: str | None) -> Any:
        wanted = wire.subscription_of(request)
        return wire.subscription_proto(self._model.create_subscription(wanted, caller=caller))

    def update(self, request: Any, caller: str | None) -> Any:
        updated = self._model.update_subscription(
            request.subscription.name,
            lambda present: wire.subscription_of(
                _merged(wire.subscription_proto(present), request)
            ),
            caller=caller,
        )
        return wire.subscription_proto(updated)

    def get(self, request: Any, caller: str | None) -> Any:
        found = self._model.get_subscription(request.subscription, caller=caller)
        return wire.subscription_proto(found)

    def list(self, request: Any, caller: str | None) -> Any:
        found = self._model.list_subscriptions(request.project, caller=caller)
        page, token = _page([wire.subscription_proto(one) for one in found], request)
        return proto("ListSubscriptionsResponse")(subscriptions=page, next_page_token=token)

    def delete(self, request: Any, caller: str | None) -> Any:
        self._model.delete_subscription(request.subscription, caller=caller)
        return Empty()

    def pull(self, request: Any, caller: str | None) -> Any:
        received = self._model.pull(request.subscription, request.max_messages, caller=caller)
        messages = [wire.received_proto(one) for one in received]
        return proto("PullResponse")(received_messages=messages)

    def acknowledge(self, request: Any, caller: str | None) -> Any:
        self._model.acknowledge(request.subscription, list(request.ack_ids), caller=caller)
        return Empty()

    def modify_ack_deadline(self, request: Any, caller: str | None) -> Any:
        ack_ids, seconds = list(request.ack_ids), request.ack_deadline_seconds
        self._model.modify_ack_deadline(request.subscription, ack_ids, seconds, caller=caller)
        return Empty()

    def modify_push_config(self, request: Any, caller: str | None) -> Any:
        push = wire.push_of(request.push_config)
        self._model.modify_push_config(request.subscription, push, caller=caller)
        return Empty()


def _merged(present: Any, update: Any) -> Any:
    """Return the subscription with the fields of the update mask as the update has them."""
    wanted = update.subscription
    for path in update.update_mask.paths:
        field = path.partition(".")[0]
        if field not in wanted.DESCRIPTOR.fields_by_name:
            raise Refused("INVALID_ARGUMENT", f"Invalid update_mask: no field '{path}'.")
        present.ClearField(field)
        only = type(wanted)()
        only.CopyFrom(wanted)
        for other, _ in wanted.ListFields():
            if other.name != field:
                only.ClearField(other.name)
        present.MergeFrom(only)
    return present


def _page(items: Sequence[Any], request: Any) -> tuple[Sequence[Any], str]:
    """Return one page and the token of the next; the token is a position."""
    if request.page_token and not request.page_token.isdecimal():
        raise Refused("INVALID_ARGUMENT", f"Invalid page token (token={request.page_token}).")
    start = int(request.page_token or 0)
    end = start + min(request.page_size or _PAGE_SIZE_MAX, _PAGE_SIZE_MAX)
    return items[start:end], str(end) if end < len(items) else ""
