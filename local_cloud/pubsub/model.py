"""Pub/Sub, in process: topics, subscriptions, publish, pull and push, at least once.

Sans-I/O: time is the scheduler's, requests go through the sender, chance through `rng`. It
does not ask who may do what (every call is noted for that) and has no snapshots, schemas or
exactly-once delivery.
"""

import dataclasses
import datetime as dt
import random
from collections.abc import Callable, Sequence

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Sender
from local_cloud.kit.scheduler import Scheduler
from local_cloud.kit.tokens import Tokens
from local_cloud.pubsub import checks, dead_letter, names, push
from local_cloud.pubsub.backlog import Backlog
from local_cloud.pubsub.values import (
    DELETED_TOPIC,
    Courier,
    Deliver,
    Message,
    Published,
    PubSubSettings,
    Push,
    Received,
    Subscription,
    Topic,
)

_PUBLISHER = "google.pubsub.v1.Publisher."
_SUBSCRIBER = "google.pubsub.v1.Subscriber."
_DIGITS_16 = 10**15


class PubSubModel:
    """All topics and subscriptions of all projects. `caller` None is the developer."""

    def __init__(
        self,
        scheduler: Scheduler,
        sender: Sender,
        tokens: Tokens,
        audit: Audit,
        rng: random.Random,
        settings: PubSubSettings | None = None,
    ) -> None:
        self._scheduler = scheduler
        self._sender = sender
        self._tokens = tokens
        self._audit = audit
        self._rng = rng
        self.settings = settings or PubSubSettings()
        self._topics: dict[str, Topic] = {}
        self._backlogs: dict[str, Backlog] = {}
        self._deliver: dict[str, Deliver] = {}
        self._next_id = rng.randrange(_DIGITS_16, 9 * _DIGITS_16)

    # Topics.

    def create_topic(self, topic: Topic, *, caller: str | None = None) -> Topic:
        """Create a topic. Raises Refused(ALREADY_EXISTS), Refused(INVALID_ARGUMENT)."""
        self._audit.note(caller, _PUBLISHER + "CreateTopic", topic.name)
        names.check("topics", topic.name)
        if topic.name in self._topics:
            raise names.already_exists(topic.name)
        self._topics[topic.name] = topic
        return topic

    def get_topic(self, name: str, *, caller: str | None = None) -> Topic:
        self._audit.note(caller, _PUBLISHER + "GetTopic", name)
        return self._topic(name)

    def list_topics(self, project: str, *, caller: str | None = None) -> list[Topic]:
        """Return the topics of `projects/P`, by name."""
        self._audit.note(caller, _PUBLISHER + "ListTopics", project)
        found = [t for t in self._topics.values() if t.name.startswith(f"{project}/topics/")]
        return sorted(found, key=lambda topic: topic.name)

    def list_topic_subscriptions(self, name: str, *, caller: str | None = None) -> list[str]:
        """Return the names of a topic's subscriptions, sorted."""
        self._audit.note(caller, _PUBLISHER + "ListTopicSubscriptions", name)
        self._topic(name)
        return sorted(b.subscription.name for b in self._of_topic(name))

    def delete_topic(self, name: str, *, caller: str | None = None) -> None:
        """Delete a topic. Its subscriptions stay, with what they have not delivered yet."""
        self._audit.note(caller, _PUBLISHER + "DeleteTopic", name)
        self._topic(name)
        del self._topics[name]
        for backlog in self._of_topic(name):
            orphan = dataclasses.replace(backlog.subscription, topic=DELETED_TOPIC)
            backlog.subscription = orphan

    def publish(
        self, topic: str, messages: Sequence[Message], *, caller: str | None = None
    ) -> list[str]:
        """Publish all messages, or refuse all. Returns their ids, in the same order."""
        self._audit.note(caller, _PUBLISHER + "Publish", topic)
        self._topic(topic)
        checks.messages(messages)
        now = self._scheduler.now()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        taken = [self._stamp(message, now) for message in messages]
        for backlog in self._of_topic(topic):
            for published in taken:
                backlog.offer(published)
        return [published.message_id for published in taken]

    def _stamp(self, message: Message, now: dt.datetime) -> Published:
        self._next_id += 1
        return Published(message, str(self._next_id), now)

    def _topic(self, name: str) -> Topic:
        names.check("topics", name)
        if name not in self._topics:
            raise names.not_found(name)
        return self._topics[name]

    def _of_topic(self, name: str) -> list[Backlog]:
        return [b for b in self._backlogs.values() if b.subscription.topic == name]

    # Subscriptions.

    def create_subscription(
        self,
        subscription: Subscription,
        *,
        deliver: Deliver | None = None,
        caller: str | None = None,
    ) -> Subscription:
        """Create a subscription: pulled, pushed (`subscription.push`), or given to `deliver`.

        `deliver` gets each push body in process; it acknowledges by returning and asks for a
        later delivery by raising Refused.
        """
        self._audit.note(caller, _SUBSCRIBER + "CreateSubscription", subscription.name)
        self._check(subscription)
        if subscription.name in self._backlogs:
            raise names.already_exists(subscription.name)
        assert deliver is None or subscription.push is None, "either pushed or given to deliver"
        if deliver:
            self._deliver[subscription.name] = deliver
        self._backlogs[subscription.name] = Backlog(
            subscription,
            self._courier(subscription),
            self._bury,
            scheduler=self._scheduler,
            rng=self._rng,
            settings=self.settings,
        )
        return subscription

    def update_subscription(
        self,
        name: str,
        change: Callable[[Subscription], Subscription],
        *,
        caller: str | None = None,
    ) -> Subscription:
        """Replace a subscription's settings. Topic, filter and ordering are fixed for ever."""
        self._audit.note(caller, _SUBSCRIBER + "UpdateSubscription", name)
        backlog = self._backlog(name)
        subscription = change(backlog.subscription)
        for fixed in ("topic", "filter", "ordered"):
            if getattr(subscription, fixed) != getattr(backlog.subscription, fixed):
                raise Refused(
                    "INVALID_ARGUMENT",
                    "Invalid update_mask provided in the UpdateSubscriptionRequest:"
                    f" the '{fixed}' field in the Subscription is not mutable.",
                )
        self._check(subscription)
        backlog.redirect(subscription, self._courier(subscription))
        return subscription

    def modify_push_config(self, name: str, to: Push | None, *, caller: str | None = None) -> None:
        """Push somewhere else, or (None) wait to be pulled."""
        self._audit.note(caller, _SUBSCRIBER + "ModifyPushConfig", name)
        backlog = self._backlog(name)
        changed = dataclasses.replace(backlog.subscription, push=to)
        self._check(changed)
        backlog.redirect(changed, self._courier(changed))

    def get_subscription(self, name: str, *, caller: str | None = None) -> Subscription:
        self._audit.note(caller, _SUBSCRIBER + "GetSubscription", name)
        return self._backlog(name).subscription

    def list_subscriptions(self, project: str, *, caller: str | None = None) -> list[Subscription]:
        """Return the subscriptions of `projects/P`, by name."""
        self._audit.note(caller, _SUBSCRIBER + "ListSubscriptions", project)
        start = f"{project}/subscriptions/"
        found = [b.subscription for n, b in self._backlogs.items() if n.startswith(start)]
        return sorted(found, key=lambda subscription: subscription.name)

    def delete_subscription(self, name: str, *, caller: str | None = None) -> None:
        """Delete a subscription and everything that it has not delivered."""
        self._audit.note(caller, _SUBSCRIBER + "DeleteSubscription", name)
        self._backlog(name).close()
        del self._backlogs[name]
        self._deliver.pop(name, None)

    def pull(
        self, subscription: str, count_max: int, *, caller: str | None = None
    ) -> list[Received]:
        """Lease up to `count_max` messages. Answers at once, also with nothing.

        Source: PullRequest in pubsub.proto: the service may answer with fewer messages than
        asked for; clients ask again.
        """
        self._audit.note(caller, _SUBSCRIBER + "Pull", subscription)
        backlog = self._pulled(subscription)
        checks.bounds("max_messages", count_max, 1, 2**31 - 1)
        return backlog.pull(count_max)

    def open_stream(self, subscription: str, *, caller: str | None = None) -> Backlog:
        """Return the backlog that a StreamingPull reads and acknowledges from now on."""
        self._audit.note(caller, _SUBSCRIBER + "StreamingPull", subscription)
        return self._pulled(subscription)

    def _pulled(self, subscription: str) -> Backlog:
        backlog = self._backlog(subscription)
        if backlog.courier is not None:
            raise Refused(
                "FAILED_PRECONDITION",
                "This method is not supported for this subscription type.",
            )
        return backlog

    def acknowledge(
        self, subscription: str, ack_ids: Sequence[str], *, caller: str | None = None
    ) -> None:
        self._audit.note(caller, _SUBSCRIBER + "Acknowledge", subscription)
        backlog = self._backlog(subscription)
        _some(ack_ids)
        backlog.acknowledge(ack_ids)

    def modify_ack_deadline(
        self, subscription: str, ack_ids: Sequence[str], seconds: int, *, caller: str | None = None
    ) -> None:
        """Give leased messages `seconds` more, from now; 0 hands them back (nack)."""
        self._audit.note(caller, _SUBSCRIBER + "ModifyAckDeadline", subscription)
        backlog = self._backlog(subscription)
        _some(ack_ids)
        checks.bounds("ack_deadline_seconds", seconds, 0, 600)
        backlog.modify_ack_deadline(ack_ids, seconds)

    def backlog_count(self, subscription: str) -> int:
        """Return how many messages are not acknowledged yet. For tests and for quiescence."""
        return len(self._backlog(subscription))

    def _check(self, subscription: Subscription) -> None:
        checks.subscription(subscription)
        topics = [subscription.topic]
        if subscription.topic == DELETED_TOPIC and subscription.name in self._backlogs:
            topics = []
        if subscription.dead_letter:
            topics.append(subscription.dead_letter.topic)
        for name in topics:
            self._topic(name)

    def _backlog(self, name: str) -> Backlog:
        names.check("subscriptions", name)
        if name not in self._backlogs:
            raise names.not_found(name)
        return self._backlogs[name]

    def _courier(self, subscription: Subscription) -> Courier | None:
        deliver = self._deliver.get(subscription.name)
        if deliver:
            return push.in_process(subscription, deliver)
        if subscription.push:
            return push.over_http(subscription, self._sender, self._tokens)
        return None

    def _bury(self, source: Subscription, published: Published, attempts: int) -> bool:
        """Publish to the dead letter topic; False keeps the message where it is."""
        assert source.dead_letter is not None
        message = dead_letter.envelope(source, published, attempts)
        try:
            agent = self.settings.service_agent
            self.publish(source.dead_letter.topic, [message], caller=agent)
        except Refused:
            return False  # The topic is gone: keep trying, as the service does.
        return True


def _some(ack_ids: Sequence[str]) -> None:
    if not ack_ids:
        raise Refused("INVALID_ARGUMENT", "No ack ids specified.")
