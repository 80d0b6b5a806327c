"""Eventarc, in process: a trigger is a topic, a subscription of its own and a destination.

Source: reference/gcp.md section 5 and reference/workflows.md section 7: at least once, backoff
10 s to 600 s, retention 24 h, subscription `eventarc-REGION-TRIGGER-sub-NNN`; a workflow's event
is acknowledged as soon as the execution starts, so a failed execution is never started again.
Not here: other sources than Pub/Sub, channels, and doors (no client of Barq asks Eventarc).
"""

import json
import random
import re
from typing import Any
from urllib.parse import quote, urlsplit

from local_cloud.eventarc.cloud_event import as_cloud_event
from local_cloud.eventarc.values import (
    MESSAGE_PUBLISHED,
    LiveTrigger,
    Start,
    ToUrl,
    ToWorkflow,
    Trigger,
)
from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.pubsub.model import PubSubModel
from local_cloud.pubsub.push import CLOUD_EVENTS_MODE, CUSTOM_PUBSUB
from local_cloud.pubsub.values import Push, RetryPolicy, Subscription, Topic

_API = "google.cloud.eventarc.v1.Eventarc."
_NAME = re.compile(
    r"projects/([^/]+)/locations/([a-z0-9-]+)/triggers/([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)"
)
EVENT_BYTES_MAX = 512 * 1024
SERVICE_AGENT = "service-100000000001@gcp-sa-eventarc.iam.gserviceaccount.com"
RETRY = RetryPolicy(minimum_backoff_seconds=10, maximum_backoff_seconds=600)
_RETENTION_SECONDS = 24 * 3600


class EventarcModel:
    """All triggers. `start` begins a workflow's execution; `retry` is what every trigger gets."""

    def __init__(
        self,
        pubsub: PubSubModel,
        start: Start,
        audit: Audit,
        rng: random.Random,
        retry: RetryPolicy = RETRY,
    ) -> None:
        self._pubsub = pubsub
        self._start = start
        self._audit = audit
        self._rng = rng
        self._retry = retry
        self._triggers: dict[str, LiveTrigger] = {}
        self.workflows_url = ""
        """Where the Executions API is served by another process: events are pushed there, as
        Google's Eventarc does. Empty: handed over by `start`. For triggers that are made later."""
        self.too_large: list[str] = []
        """Ids of the messages that were beyond the size limit and started nothing."""

    def create_trigger(self, trigger: Trigger, *, caller: str | None = None) -> LiveTrigger:
        """Create a trigger with its subscription (and its topic, if none is named).

        Raises Refused: ALREADY_EXISTS, INVALID_ARGUMENT, NOT_FOUND for an unknown topic.
        """
        self._audit.note(caller, _API + "CreateTrigger", trigger.name)
        project, region, name = _parts(trigger)
        if trigger.name in self._triggers:
            raise Refused("ALREADY_EXISTS", f"Resource '{trigger.name}' already exists.")
        number = f"{self._rng.randrange(1000):03}"
        topic = trigger.topic
        if not topic:
            topic = f"projects/{project}/topics/eventarc-{region}-{name}-{number}"
            self._pubsub.create_topic(Topic(topic), caller=SERVICE_AGENT)
        subscription = f"projects/{project}/subscriptions/eventarc-{region}-{name}-sub-{number}"
        live = LiveTrigger(trigger, topic, subscription, owns_topic=not trigger.topic)
        self._subscribe(live)
        self._triggers[trigger.name] = live
        return live

    def get_trigger(self, name: str, *, caller: str | None = None) -> LiveTrigger:
        self._audit.note(caller, _API + "GetTrigger", name)
        return self._trigger(name)

    def list_triggers(self, parent: str, *, caller: str | None = None) -> list[LiveTrigger]:
        """Return the triggers of `projects/P/locations/R`, by name."""
        self._audit.note(caller, _API + "ListTriggers", parent)
        found = [n for n in self._triggers if n.startswith(f"{parent}/triggers/")]
        return [self._triggers[name] for name in sorted(found)]

    def delete_trigger(self, name: str, *, caller: str | None = None) -> None:
        """Delete a trigger, its subscription, and its topic if it made that itself."""
        self._audit.note(caller, _API + "DeleteTrigger", name)
        live = self._trigger(name)
        self._pubsub.delete_subscription(live.subscription, caller=SERVICE_AGENT)
        if live.owns_topic:
            self._pubsub.delete_topic(live.topic, caller=SERVICE_AGENT)
        del self._triggers[name]

    def _trigger(self, name: str) -> LiveTrigger:
        if name not in self._triggers:
            raise Refused("NOT_FOUND", f"Resource '{name}' was not found.")
        return self._triggers[name]

    def _subscribe(self, live: LiveTrigger) -> None:
        destination = live.trigger.destination
        if isinstance(destination, ToWorkflow) and self.workflows_url:
            path = f"/v1/{destination.workflow}:triggerPubsubExecution"
            destination = ToUrl(self.workflows_url + path, self.workflows_url)
        wanted = Subscription(
            live.subscription,
            live.topic,
            push=_push(live, destination) if isinstance(destination, ToUrl) else None,
            retry=self._retry,
            message_retention_seconds=_RETENTION_SECONDS,
            expiration_ttl_seconds=None,
        )
        if isinstance(destination, ToWorkflow):
            workflow, account = destination.workflow, live.trigger.service_account

            def deliver(body: dict[str, Any]) -> None:
                event = as_cloud_event(body, live.topic)
                if len(json.dumps(event)) > EVENT_BYTES_MAX:
                    self.too_large.append(event["id"])
                    return
                self._start(workflow, event, account)

            self._pubsub.create_subscription(wanted, deliver=deliver, caller=SERVICE_AGENT)
        else:
            self._pubsub.create_subscription(wanted, caller=SERVICE_AGENT)


def _push(live: LiveTrigger, destination: ToUrl) -> Push:
    """Return a push that arrives as a CloudEvent: the endpoint's query asks Pub/Sub for it."""
    url = urlsplit(destination.url)
    mode = f"{CLOUD_EVENTS_MODE}={quote(CUSTOM_PUBSUB + live.topic, safe='')}"
    query = f"{url.query}&{mode}" if url.query else mode
    return Push(
        url._replace(path=url.path or "/", query=query).geturl(),
        live.trigger.service_account,
        destination.audience or f"{url.scheme}://{url.netloc}",
    )


def _parts(trigger: Trigger) -> tuple[str, str, str]:
    """Return project, region and id; refuse what is no trigger."""
    found = _NAME.fullmatch(trigger.name)
    if found is None:
        raise Refused("INVALID_ARGUMENT", f"Invalid trigger name: {trigger.name}.")
    if trigger.event_type != MESSAGE_PUBLISHED:
        raise Refused(
            "UNIMPLEMENTED", f"Event type {trigger.event_type} is not emulated by the local cloud."
        )
    if not trigger.service_account:
        raise Refused("INVALID_ARGUMENT", "The trigger's service_account must be set.")
    return found[1], found[2], found[3]
