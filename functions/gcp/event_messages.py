"""An event as a Pub/Sub message, whichever way it is sent. Pure."""

import json

from rollouts.notices import Notice


def data_of(notice: Notice) -> bytes:
    """Return the message's data: the structured CloudEvent."""
    document = notice.as_cloud_event()
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def attributes_of(notice: Notice) -> dict[str, str]:
    """Return what a subscription can filter on."""
    rollout = notice.rollout
    return {"event": notice.kind, "service": rollout.service, "target": rollout.target}
