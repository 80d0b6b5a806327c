"""Events to Pub/Sub by plain REST: the rollback path imports no client library."""

import base64
from collections.abc import Sequence

from gcp.event_messages import attributes_of, data_of, ordering_key_of
from gcp.session import Session
from rollouts.notices import Notice


class RestEvents:
    """Implements `ports.Events`. `endpoint` is PUBSUB_ENDPOINT, `topic` is EVENTS_TOPIC."""

    def __init__(self, session: Session, endpoint: str, topic: str) -> None:
        self._session = session
        self._endpoint = endpoint
        self._topic = topic

    def publish(self, notices: Sequence[Notice]) -> None:
        """Publish in order, all in one call. A repeat tells the same event ids again."""
        if not notices:
            return
        messages = [
            {
                "data": base64.b64encode(data_of(one)).decode(),
                "attributes": attributes_of(one),
                "orderingKey": ordering_key_of(one),
            }
            for one in notices
        ]
        url = f"{self._endpoint}/v1/{self._topic}:publish"
        not_done = f"{len(messages)} events were not published"
        self._session.call("POST", url, not_done, body={"messages": messages})
