"""Notification channels: where incidents are told. Only Pub/Sub ones have a receiver here.

Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.notificationChannels
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from local_cloud.kit.errors import Refused

_NEEDED: Final = {
    "pubsub": "topic",
    "email": "email_address",
    "slack": "channel_name",
    "pagerduty": "service_key",
    "webhook_tokenauth": "url",
}
"""The label without which a channel of a type tells nobody, by type; pagerduty's is a secret."""


@dataclass(frozen=True, slots=True)
class Channel:
    name: str
    """`projects/P/notificationChannels/ID`."""
    type: str
    labels: Mapping[str, str] = field(default_factory=dict)
    display_name: str = ""

    @property
    def topic(self) -> str:
        """Return the topic of a Pub/Sub channel; empty for any other."""
        return self.labels.get("topic", "") if self.type == "pubsub" else ""


class Channels:
    """The channels of all projects, by name."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}

    def add(self, channel: Channel) -> Channel:
        """Add or replace a channel. Raises Refused(INVALID_ARGUMENT)."""
        problems = []
        if not re.fullmatch(r"projects/[^/]+/notificationChannels/[^/]+", channel.name):
            problems.append(f"name is {channel.name!r}: must be projects/P/notificationChannels/ID")
        if channel.type not in _NEEDED:
            problems.append(f"type is {channel.type!r}: must be one of {', '.join(_NEEDED)}")
        elif channel.type != "pagerduty" and not channel.labels.get(_NEEDED[channel.type]):
            problems.append(f"a channel of type {channel.type} needs label {_NEEDED[channel.type]}")
        if channel.topic and not re.fullmatch(r"projects/[^/]+/topics/[^/]+", channel.topic):
            problems.append(f"topic is {channel.topic!r}: must be projects/PROJECT/topics/TOPIC")
        if problems:
            raise Refused("INVALID_ARGUMENT", "; ".join(problems) + ".")
        self._channels[channel.name] = channel
        return channel

    def of_topic(self, project: str, topic: str) -> Channel:
        """Return the channel of a project for a topic; it is made if there is none."""
        made = Channel(
            f"projects/{project}/notificationChannels/{len(self._channels) + 1}",
            "pubsub",
            {"topic": topic},
        )
        for channel in self._channels.values():
            if channel.topic == topic and channel.name.startswith(f"projects/{project}/"):
                return channel
        return self.add(made)

    def get(self, name: str) -> Channel:
        """Return a channel. Raises Refused(NOT_FOUND)."""
        if name not in self._channels:
            raise Refused("NOT_FOUND", f"Could not find notification channel {name}.")
        return self._channels[name]
