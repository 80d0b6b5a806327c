"""Triggers: what starts when something happens. Values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MESSAGE_PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"
"""The only event type here: a message on a Pub/Sub topic."""


@dataclass(frozen=True, slots=True)
class ToWorkflow:
    """Start an execution. `workflow` is `projects/P/locations/R/workflows/W`."""

    workflow: str


@dataclass(frozen=True, slots=True)
class ToUrl:
    """Send a binary-mode CloudEvent to a Cloud Run service or function.

    `audience` of the ID token; empty means the URL without its path.
    """

    url: str
    audience: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger. `name` is `projects/P/locations/R/triggers/T`.

    `topic` is `projects/P/topics/T`; empty: one of its own is made. `service_account` is who
    starts the workflow or calls the service.
    """

    name: str
    destination: ToWorkflow | ToUrl
    service_account: str
    topic: str = ""
    event_type: str = MESSAGE_PUBLISHED
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveTrigger:
    """A trigger that was made, with its transport."""

    trigger: Trigger
    topic: str
    subscription: str
    owns_topic: bool


Start = Callable[[str, dict[str, Any], str], None]
"""Starts an execution: the workflow's name, its argument (the CloudEvent), the trigger's service
account. Returns as soon as it has started; raises Refused when it cannot."""
