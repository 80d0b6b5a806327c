"""The CloudEvents that Workflows makes of a Pub/Sub push, as Eventarc has it delivered.

Source: reference/workflows.md section 7.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from local_cloud.kit.errors import Refused

_PUBSUB: Final = "CUSTOM_PUBSUB_"
_BINDING: Final = "CE_PUBSUB_BINDING"


def event_of(project: str, mode: str, push: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event. Raises Refused(INVALID_ARGUMENT) for a push that is none.

    `mode` is what the trigger's push endpoint says in `__GCP_CloudEventsMode`.
    """
    message = push.get("message")
    if message is None:
        raise Refused("INVALID_ARGUMENT", "message is missing")
    if mode == _BINDING:
        return _bound(message)
    topic = mode.removeprefix(_PUBSUB)
    if not topic or topic == mode:
        raise Refused(
            "INVALID_ARGUMENT",
            f"GCPCloudEventsMode is '{mode}': must be {_BINDING} or {_PUBSUB}TOPIC",
        )
    if not topic.startswith("projects/"):
        topic = f"projects/{project}/topics/{topic}"
    return _published(topic, message, push.get("subscription", ""))


def _published(topic: str, message: Mapping[str, Any], subscription: str) -> dict[str, Any]:
    identity, published = message.get("messageId", ""), message.get("publishTime", "")
    both = {"messageId": identity, "message_id": identity}
    both |= {"publishTime": published, "publish_time": published}
    return {
        "data": {"message": {**message, **both}, "subscription": subscription},
        "datacontenttype": "application/json",
        "id": identity,
        "source": f"//pubsub.googleapis.com/{topic}",
        "specversion": "1.0",
        "time": published,
        "type": "google.cloud.pubsub.topic.v1.messagePublished",
    }


def _bound(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event in the binary mode of the CloudEvents binding for Pub/Sub.

    That Google's own sources come so is a guess from the mode's name (reference section 7, [M]).
    Source of the form: CloudEvents, Google Cloud Pub/Sub protocol binding, version 1.0.
    """
    attributes = message.get("attributes", {})
    event: dict[str, Any] = {
        name.removeprefix("ce-"): value
        for name, value in attributes.items()
        if name.startswith("ce-")
    }
    missing = [name for name in ("id", "source", "specversion", "type") if not event.get(name)]
    if missing:
        raise Refused("INVALID_ARGUMENT", f"message has no attribute ce-{missing[0]}")
    content = attributes.get("Content-Type") or attributes.get("content-type", "")
    if content:
        event["datacontenttype"] = content
    return {**event, **_data(base64.b64decode(message.get("data", "")), content)}


def _data(content: bytes, kind: str) -> dict[str, Any]:
    if not content:
        return {}
    try:
        text = content.decode()
        return {"data": json.loads(text) if "json" in kind else text}
    except (ValueError, RecursionError):
        return {"data_base64": base64.b64encode(content).decode()}
