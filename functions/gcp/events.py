"""Events to Pub/Sub by the official client, without the batching threads of its wrapper."""

from collections.abc import Sequence
from typing import Final

from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.types import PubsubMessage

from gcp.event_messages import attributes_of, data_of, ordering_key_of
from gcp.lazily import Lazy
from gcp.vendor_errors import translated
from rollouts.notices import Notice

TIMEOUT_SECONDS: Final = 20.0


class PubsubEvents:
    """Implements `ports.Events`. `endpoint` is PUBSUB_ENDPOINT, `topic` is EVENTS_TOPIC."""

    def __init__(self, endpoint: str, topic: str) -> None:
        self._topic = topic
        self._client = Lazy(
            lambda: PublisherClient(transport="rest", client_options={"api_endpoint": endpoint})
        )

    def publish(self, notices: Sequence[Notice]) -> None:
        """Publish in order, all in one call. A repeat tells the same event ids again."""
        if not notices:
            return
        messages = [
            PubsubMessage(
                data=data_of(one), attributes=attributes_of(one), ordering_key=ordering_key_of(one)
            )
            for one in notices
        ]
        with translated(f"{len(messages)} events were not published"):
            self._client().publish(
                topic=self._topic, messages=messages, retry=None, timeout=TIMEOUT_SECONDS
            )
