"""A push: the body, the headers and the answer that counts as an acknowledgement."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Inbound, NoAnswer, Outbound, Sender
from local_cloud.kit.tokens import Tokens
from local_cloud.pubsub.values import Courier, Deliver, Published, Push, Subscription, rfc3339

ACKNOWLEDGING = frozenset({102, 200, 201, 202, 204})
"""Source: https://cloud.google.com/pubsub/docs/push#receive_push: any other status is a nack."""

CLOUD_EVENTS_MODE = "__GCP_CloudEventsMode"
"""Query parameter of the endpoints that Eventarc sets: push with CloudEvent headers.

Source: reference/workflows.md section 7: `CUSTOM_PUBSUB_<topic>` for Pub/Sub sources.
"""
CUSTOM_PUBSUB = "CUSTOM_PUBSUB_"
MESSAGE_PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"


def message_json(published: Published) -> dict[str, Any]:
    """Return the message of a push body, with the names that Google repeats in snake case.

    Empty data, no attributes and no ordering key are left out, as proto3 JSON does.
    Source: google-cloudevents MessagePublishedData-duplicatedFields.json.
    """
    message, when = published.message, rfc3339(published.publish_time)
    document: dict[str, Any] = {}
    if message.attributes:
        document["attributes"] = dict(message.attributes)
    if message.data:
        document["data"] = base64.b64encode(message.data).decode()
    document |= {"messageId": published.message_id, "message_id": published.message_id}
    if message.ordering_key:
        document["orderingKey"] = message.ordering_key
    return document | {"publishTime": when, "publish_time": when}


def push_body(subscription: Subscription, published: Published, attempt: int) -> dict[str, Any]:
    """Return the wrapped body; `deliveryAttempt` stands in it with a dead letter policy only."""
    body: dict[str, Any] = {"message": message_json(published), "subscription": subscription.name}
    if subscription.dead_letter:
        body["deliveryAttempt"] = attempt
    return body


def push_request(
    subscription: Subscription, published: Published, attempt: int, tokens: Tokens
) -> Outbound:
    """Return the request that carries a message to the endpoint."""
    push = subscription.push
    assert push is not None
    headers = {"User-Agent": "CloudPubSub-Google", "From": "noreply@google.com"}
    if push.service_account_email:
        token = tokens.id_token(push.service_account_email, push.audience or push.endpoint)
        headers["Authorization"] = f"Bearer {token}"
    if push.wrapped:
        headers["Content-Type"] = "application/json"
        body = json.dumps(push_body(subscription, published, attempt)).encode()
    else:
        body = published.message.data
        headers |= _metadata(subscription, published) if push.write_metadata else {}
    headers |= _cloud_event(push, published)
    return Outbound("POST", push.endpoint, headers, body, float(subscription.ack_deadline_seconds))


def _metadata(subscription: Subscription, published: Published) -> dict[str, str]:
    """Source: https://cloud.google.com/pubsub/docs/payload-unwrapping#write_metadata."""
    headers = {
        "x-goog-pubsub-subscription-name": subscription.name,
        "x-goog-pubsub-message-id": published.message_id,
        "x-goog-pubsub-publish-time": rfc3339(published.publish_time),
    }
    if published.message.ordering_key:
        headers["x-goog-pubsub-ordering-key"] = published.message.ordering_key
    return headers | dict(published.message.attributes)


def _cloud_event(push: Push, published: Published) -> dict[str, str]:
    mode = parse_qs(urlsplit(push.endpoint).query).get(CLOUD_EVENTS_MODE, [""])[0]
    if not mode.startswith(CUSTOM_PUBSUB):
        return {}
    return {
        "ce-id": published.message_id,
        "ce-source": f"//pubsub.googleapis.com/{mode.removeprefix(CUSTOM_PUBSUB)}",
        "ce-specversion": "1.0",
        "ce-type": MESSAGE_PUBLISHED,
        "ce-time": rfc3339(published.publish_time),
    }


def over_http(subscription: Subscription, sender: Sender, tokens: Tokens) -> Courier:
    """Return a courier that pushes to the subscription's endpoint."""

    def carry(published: Published, attempt: int, done: Callable[[bool], None]) -> None:
        def answered(answer: Inbound | NoAnswer) -> None:
            done(isinstance(answer, Inbound) and answer.status in ACKNOWLEDGING)

        sender.send(push_request(subscription, published, attempt, tokens), answered)

    return carry


def in_process(subscription: Subscription, deliver: Deliver) -> Courier:
    """Return a courier that calls `deliver`. Other errors than Refused are faults: they escape."""

    def carry(published: Published, attempt: int, done: Callable[[bool], None]) -> None:
        try:
            deliver(push_body(subscription, published, attempt))
        except Refused:
            done(False)
        else:
            done(True)

    return carry
