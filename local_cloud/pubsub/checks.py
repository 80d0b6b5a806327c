"""What Pub/Sub refuses to keep or to publish.

The wording is Google's where the real service or its emulator was seen to give it ("The value
for ... is too large. You passed ..."); the others follow that family.
Source: https://cloud.google.com/pubsub/quotas#resource_limits, emulator 0.8.20.
"""

from collections.abc import Sequence

from local_cloud.kit.errors import Refused
from local_cloud.pubsub import filter as filters
from local_cloud.pubsub import names
from local_cloud.pubsub.values import DeadLetterPolicy, Message, Push, RetryPolicy, Subscription

REQUEST_BYTES_MAX = 10_000_000
MESSAGES_MAX = 1_000
ATTRIBUTES_MAX = 100
ATTRIBUTE_KEY_BYTES_MAX = 256
ATTRIBUTE_VALUE_BYTES_MAX = 1_024
ORDERING_KEY_BYTES_MAX = 1_024


def bounds(
    name: str, value: float, low: float, high: float, *, code: str = "INVALID_ARGUMENT"
) -> None:
    """Refuse a value outside [low, high]."""
    if value < low:
        raise Refused(
            code,
            f"The value for {name} is too small. You passed {value} in the request, but the"
            f" minimum value is {low}.",
        )
    if value > high:
        raise Refused(
            code,
            f"The value for {name} is too large. You passed {value} in the request, but the"
            f" maximum value is {high}.",
        )


def messages(batch: Sequence[Message]) -> None:
    """Refuse a publish request that breaks a limit; all of it, as the service does."""
    bounds("message_count", len(batch), 1, MESSAGES_MAX)
    for message in batch:
        _message(message)
    if sum(map(size_bytes, batch)) > REQUEST_BYTES_MAX:
        raise Refused(
            "INVALID_ARGUMENT",
            f"Request payload size exceeds the limit: {REQUEST_BYTES_MAX} bytes.",
        )


def size_bytes(message: Message) -> int:
    """Return what a message weighs: its data and its attributes."""
    attributes = sum(len(k.encode()) + len(v.encode()) for k, v in message.attributes.items())
    return len(message.data) + attributes + len(message.ordering_key.encode())


def _message(message: Message) -> None:
    if not message.data and not message.attributes:
        raise Refused(
            "INVALID_ARGUMENT",
            "One or more messages in the publish request is empty. Each message must contain"
            " either non-empty data, or at least one attribute.",
        )
    bounds("attribute_count", len(message.attributes), 0, ATTRIBUTES_MAX)
    bounds("ordering_key_length", len(message.ordering_key.encode()), 0, ORDERING_KEY_BYTES_MAX)
    for key, value in message.attributes.items():
        bounds("attribute_key_length", len(key.encode()), 1, ATTRIBUTE_KEY_BYTES_MAX)
        bounds("attribute_value_length", len(value.encode()), 0, ATTRIBUTE_VALUE_BYTES_MAX)
        if key.startswith("goog"):
            raise Refused(
                "INVALID_ARGUMENT", f"Attribute keys must not start with 'goog' (key={key})."
            )


def subscription(wanted: Subscription) -> None:
    """Refuse settings that the service would not take. Topics are looked up by the model."""
    names.check("subscriptions", wanted.name)
    bounds("ack_deadline_seconds", wanted.ack_deadline_seconds, 10, 600)
    bounds("message_retention_duration", wanted.message_retention_seconds, 600, 2_678_400)
    if wanted.expiration_ttl_seconds is not None:
        bounds("expiration_policy.ttl", wanted.expiration_ttl_seconds, 86_400, 31_536_000)
    filters.parse(wanted.filter)
    if wanted.push:
        _push(wanted.push)
    if wanted.retry:
        _retry(wanted.retry)
    if wanted.dead_letter:
        _dead_letter(wanted.dead_letter)


def _push(push: Push) -> None:
    # The real service wants https; a laptop has none, so plain http is let through here.
    scheme, separator, rest = push.endpoint.partition("://")
    if scheme not in ("http", "https") or not separator or not rest:
        raise Refused(
            "INVALID_ARGUMENT",
            f"Invalid push endpoint given (endpoint={push.endpoint}). Refer to"
            " https://cloud.google.com/pubsub/docs/subscriber#create for more information.",
        )
    if push.audience and not push.service_account_email:
        raise Refused("INVALID_ARGUMENT", "An OIDC token's audience needs a service_account_email.")


def _retry(retry: RetryPolicy) -> None:
    low, high = retry.minimum_backoff_seconds, retry.maximum_backoff_seconds
    for name, value in (("minimum_backoff", low), ("maximum_backoff", high)):
        if not 0 <= value <= 600:  # noqa: PLR2004 - the documented bounds, in seconds.
            raise Refused(
                "INVALID_ARGUMENT",
                f"The value for {name} is out of bounds. You passed {value:g}s in the request,"
                " but the value must be between 0s and 600s.",
            )
    if high < low:
        raise Refused(
            "INVALID_ARGUMENT",
            f"The value for maximum_backoff is too small. You passed {high:g}s in the request,"
            f" but the minimum value is {low:g}s.",
        )


def _dead_letter(policy: DeadLetterPolicy) -> None:
    names.check("topics", policy.topic)
    bounds("max_delivery_attempts", policy.max_delivery_attempts, 5, 100, code="OUT_OF_RANGE")
