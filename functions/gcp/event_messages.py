"""An event as a Pub/Sub message, whichever way it is sent. Pure."""

import json

from rollouts.notices import Notice


def data_of(notice: Notice) -> bytes:
    """Return the message's data: the structured CloudEvent."""
    document = notice.as_cloud_event()
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def ordering_key_of(notice: Notice) -> str:
    """Return what keeps a rollout's events in their order, for a subscription that asks for it.

    Without it a page that could not be taken for a moment would come after its all-clear.
    """
    return notice.rollout.id


def attributes_of(notice: Notice) -> dict[str, str]:
    """Return what a subscription can filter on."""
    rollout = notice.rollout
    return {"event": notice.kind, "service": rollout.service, "target": rollout.target}
