"""A Pub/Sub push as the CloudEvent that a workflow gets as its argument."""

from typing import Any

from local_cloud.eventarc.values import MESSAGE_PUBLISHED


def as_cloud_event(push_body: dict[str, Any], topic: str) -> dict[str, Any]:
    """Return the event in the JSON format of CloudEvents 1.0.

    Its `id` is the message's: a message that is delivered twice is the same event.
    Source: reference/workflows.md section 7.
    """
    message = push_body["message"]
    return {
        "data": {"message": message, "subscription": push_body["subscription"]},
        "datacontenttype": "application/json",
        "id": message["messageId"],
        "source": f"//pubsub.googleapis.com/{topic}",
        "specversion": "1.0",
        "time": message["publishTime"],
        "type": MESSAGE_PUBLISHED,
    }
