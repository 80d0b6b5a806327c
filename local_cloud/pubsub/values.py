"""What Pub/Sub is asked to keep and to carry. Values only: no behaviour, no wire format."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

DELETED_TOPIC = "_deleted-topic_"
"""What a subscription names as its topic after the topic was deleted."""


@dataclass(frozen=True, slots=True)
class PubSubSettings:
    """How kind the emulated network is. The defaults are a good day: no delay, no duplicates.

    `duplicate_ratio` is the share of acknowledged messages that come once more, up to
    `duplicate_delay_seconds_max` later. Every first delivery waits between
    `delay_seconds_min` and `delay_seconds_max`: messages that draw different delays overtake
    each other.
    """

    duplicate_ratio: float = 0.0
    duplicate_delay_seconds_max: float = 10.0
    delay_seconds_min: float = 0.0
    delay_seconds_max: float = 0.0
    push_backoff_seconds_min: float = 0.1
    """Between pushes of a subscription without retry policy.

    Source: https://cloud.google.com/pubsub/docs/push#push_backoff (100 ms to 60 s).
    """
    push_backoff_seconds_max: float = 60.0
    service_agent: str = "service-100000000001@gcp-sa-pubsub.iam.gserviceaccount.com"
    """Who publishes to dead letter topics."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as its publisher gives it."""

    data: bytes = b""
    attributes: Mapping[str, str] = field(default_factory=dict)
    ordering_key: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """A message that a topic has taken. `message_id` is a decimal number, as text."""

    message: Message
    message_id: str
    publish_time: dt.datetime
    """UTC, whole milliseconds."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic. `name` is `projects/P/topics/T`."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    message_retention_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """Where and how messages are pushed.

    With `service_account_email` each request carries an ID token of it; an empty `audience`
    means the endpoint itself. Without `wrapped` the body is the bare data (payload
    unwrapping), and `write_metadata` adds id, subscription and attributes as headers.
    """

    endpoint: str
    service_account_email: str = ""
    audience: str = ""
    wrapped: bool = True
    write_metadata: bool = False


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff between deliveries of one message."""

    minimum_backoff_seconds: float = 10.0
    maximum_backoff_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class DeadLetterPolicy:
    """Where a message goes after `max_delivery_attempts` (5..100) failed deliveries."""

    topic: str
    max_delivery_attempts: int = 5


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription. `name` is `projects/P/subscriptions/S`; without `push` it is pulled."""

    name: str
    topic: str
    push: Push | None = None
    ack_deadline_seconds: int = 10
    filter: str = ""
    retry: RetryPolicy | None = None
    """None: again at once when pulled, `push_backoff_seconds_*` when pushed."""
    dead_letter: DeadLetterPolicy | None = None
    message_retention_seconds: int = 604_800
    expiration_ttl_seconds: int | None = 2_678_400
    """Accepted, never acted on: no local cloud lives for 31 days. None: never expires."""
    labels: Mapping[str, str] = field(default_factory=dict)
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """A pulled message. `delivery_attempt` is 0 without a dead letter policy."""

    ack_id: str
    published: Published
    delivery_attempt: int


Deliver = Callable[[dict[str, Any]], None]
"""An in-process subscriber: gets the push body. Returning acknowledges, Refused does not."""

Courier = Callable[[Published, int, Callable[[bool], None]], None]
"""Carries a message (with its delivery attempt) and says later, once, if it was taken."""


def rfc3339(instant: dt.datetime) -> str:
    """Write an instant as Google's JSON does: UTC, `Z`, 0 or 3 fractional digits."""
    text = instant.astimezone(dt.UTC).replace(tzinfo=None)
    return text.isoformat(timespec="milliseconds" if text.microsecond else "seconds") + "Z"
