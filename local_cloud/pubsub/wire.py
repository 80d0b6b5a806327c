"""Between the model's values and Google's own messages (google.pubsub.v1).

Both doors speak through this file: gRPC carries the messages as they are, REST carries them
as proto3 JSON. A field that the model knows nothing of is refused, never dropped.
"""

import dataclasses
import datetime as dt
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.pubsub_v1 import types

from local_cloud.kit.errors import Refused
from local_cloud.pubsub.values import (
    DeadLetterPolicy,
    Message,
    Published,
    Push,
    Received,
    RetryPolicy,
    Subscription,
    Topic,
)


def proto(name: str) -> Any:
    """Return the plain protobuf class of a google.pubsub.v1 message."""
    return getattr(types, name).meta.pb


_TOPIC_FIELDS = frozenset({"name", "labels", "message_retention_duration"})
_SUBSCRIPTION_FIELDS = frozenset(
    {
        "name",
        "topic",
        "push_config",
        "ack_deadline_seconds",
        "message_retention_duration",
        "labels",
        "enable_message_ordering",
        "expiration_policy",
        "filter",
        "dead_letter_policy",
        "retry_policy",
    }
)
_PUSH_FIELDS = frozenset(
    {"push_endpoint", "attributes", "oidc_token", "pubsub_wrapper", "no_wrapper"}
)
_OUTPUT_ONLY = frozenset({"state", "topic_message_retention_duration"})


def _known(message: Any, fields: frozenset[str]) -> None:
    for descriptor, _ in message.ListFields():
        if descriptor.name not in fields | _OUTPUT_ONLY:
            kind = message.DESCRIPTOR.name
            raise Refused(
                "UNIMPLEMENTED", f"{kind}.{descriptor.name} is not emulated by the local cloud."
            )


def topic_of(message: Any) -> Topic:
    _known(message, _TOPIC_FIELDS)
    retention = (
        int(message.message_retention_duration.ToTimedelta().total_seconds())
        if message.HasField("message_retention_duration")
        else None
    )
    return Topic(message.name, dict(message.labels), retention)


def topic_proto(topic: Topic) -> Any:
    message = proto("Topic")(name=topic.name, labels=dict(topic.labels))
    if topic.message_retention_seconds is not None:
        message.message_retention_duration.seconds = topic.message_retention_seconds
    message.state = types.Topic.State.ACTIVE
    return message


def message_of(message: Any) -> Message:
    return Message(message.data, dict(message.attributes), message.ordering_key)


def published_proto(published: Published) -> Any:
    message = published.message
    stamp = Timestamp()
    stamp.FromDatetime(published.publish_time.astimezone(dt.UTC).replace(tzinfo=None))
    return proto("PubsubMessage")(
        data=message.data,
        attributes=dict(message.attributes),
        ordering_key=message.ordering_key,
        message_id=published.message_id,
        publish_time=stamp,
    )


def received_proto(received: Received) -> Any:
    return proto("ReceivedMessage")(
        ack_id=received.ack_id,
        message=published_proto(received.published),
        delivery_attempt=received.delivery_attempt,
    )


def subscription_of(message: Any) -> Subscription:
    """Read a subscription; what is absent gets the service's defaults."""
    _known(message, _SUBSCRIPTION_FIELDS)
    values: dict[str, Any] = {}
    if message.ack_deadline_seconds:
        values["ack_deadline_seconds"] = message.ack_deadline_seconds
    if message.HasField("message_retention_duration"):
        values["message_retention_seconds"] = int(_seconds(message.message_retention_duration))
    if message.HasField("expiration_policy"):
        policy = message.expiration_policy
        # A policy without a time to live: never expires.
        values["expiration_ttl_seconds"] = int(_seconds(policy.ttl)) if policy.ttl.seconds else None
    return Subscription(
        name=message.name,
        topic=message.topic,
        push=push_of(message.push_config),
        filter=message.filter,
        retry=_retry_of(message.retry_policy) if message.HasField("retry_policy") else None,
        dead_letter=_dead_letter_of(message),
        labels=dict(message.labels),
        ordered=message.enable_message_ordering,
        **values,
    )


def push_of(config: Any) -> Push | None:
    """Read a push configuration; one without endpoint means pull."""
    _known(config, _PUSH_FIELDS)
    if not config.push_endpoint:
        return None
    return Push(
        config.push_endpoint,
        config.oidc_token.service_account_email,
        config.oidc_token.audience,
        wrapped=not config.HasField("no_wrapper"),
        write_metadata=config.no_wrapper.write_metadata,
    )


def _retry_of(policy: Any) -> RetryPolicy:
    retry = RetryPolicy()
    if policy.HasField("minimum_backoff"):
        low = _seconds(policy.minimum_backoff)
        retry = dataclasses.replace(retry, minimum_backoff_seconds=low)
    if policy.HasField("maximum_backoff"):
        high = _seconds(policy.maximum_backoff)
        retry = dataclasses.replace(retry, maximum_backoff_seconds=high)
    return retry


def _dead_letter_of(message: Any) -> DeadLetterPolicy | None:
    policy = message.dead_letter_policy
    if not policy.dead_letter_topic:
        return None
    # 0 means the default of 5. Source: DeadLetterPolicy in pubsub.proto.
    return DeadLetterPolicy(policy.dead_letter_topic, policy.max_delivery_attempts or 5)


def subscription_proto(subscription: Subscription) -> Any:
    message = proto("Subscription")(
        name=subscription.name,
        topic=subscription.topic,
        ack_deadline_seconds=subscription.ack_deadline_seconds,
        filter=subscription.filter,
        labels=dict(subscription.labels),
        enable_message_ordering=subscription.ordered,
        state=types.Subscription.State.ACTIVE,
    )
    message.message_retention_duration.seconds = subscription.message_retention_seconds
    message.expiration_policy.SetInParent()
    if subscription.expiration_ttl_seconds is not None:
        message.expiration_policy.ttl.seconds = subscription.expiration_ttl_seconds
    message.push_config.SetInParent()
    if subscription.push:
        _write_push(message.push_config, subscription.push)
    if subscription.retry:
        policy = message.retry_policy
        policy.minimum_backoff.CopyFrom(_duration(subscription.retry.minimum_backoff_seconds))
        policy.maximum_backoff.CopyFrom(_duration(subscription.retry.maximum_backoff_seconds))
    if subscription.dead_letter:
        message.dead_letter_policy.dead_letter_topic = subscription.dead_letter.topic
        attempts = subscription.dead_letter.max_delivery_attempts
        message.dead_letter_policy.max_delivery_attempts = attempts
    return message


def _write_push(config: Any, push: Push) -> None:
    config.push_endpoint = push.endpoint
    if push.service_account_email:
        config.oidc_token.service_account_email = push.service_account_email
        config.oidc_token.audience = push.audience
    if not push.wrapped:
        config.no_wrapper.write_metadata = push.write_metadata
        config.no_wrapper.SetInParent()


def _seconds(duration: Any) -> float:
    return float(duration.seconds + duration.nanos / 1e9)


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(dt.timedelta(seconds=seconds))
    return duration
