"""A Pub/Sub in virtual time, with a sender and tokens that can be looked at."""

import datetime as dt
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.pubsub.model import PubSubModel
from local_cloud.pubsub.values import Message, PubSubSettings, Subscription, Topic

START = dt.datetime(2026, 3, 1, 12, 0, 0, 749_000, tzinfo=dt.UTC)
TOPIC = "projects/p1/topics/builds"
SUBSCRIPTION = "projects/p1/subscriptions/builds-sub"


class Endpoint:
    """A sender whose answers are scripted; None is no answer at all. Then it says 204."""

    def __init__(self, clock: VirtualScheduler) -> None:
        self.clock = clock
        self.answers: list[Inbound | NoAnswer | int | None] = []
        self.seen: list[tuple[float, Outbound]] = []

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        self.seen.append(((self.clock.now() - START).total_seconds(), request))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, int):
            answer = Inbound(answer)
        if answer is not None:
            self.clock.call_later(0, lambda: done(answer))

    def times(self) -> list[float]:
        return [round(at, 3) for at, _ in self.seen]

    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for _, request in self.seen]


class Tokens:
    def access_token(self, email: str) -> str:
        return f"access:{email}"

    def id_token(self, email: str, audience: str) -> str:
        return f"id:{email}:{audience}"

    def caller(self, authorization: str | None) -> str | None:
        return authorization

    def invoker(self, authorization: str | None, audiences: tuple[str, ...]) -> str | None:
        return authorization


class World:
    """One model with its surroundings, and the two names that most tests use."""

    def __init__(self, settings: PubSubSettings | None = None, seed: int = 1) -> None:
        self.clock = VirtualScheduler(START)
        self.endpoint = Endpoint(self.clock)
        self.audit = Audit(self.clock)
        self.model = PubSubModel(
            self.clock, self.endpoint, Tokens(), self.audit, random.Random(seed), settings
        )
        self.topic = TOPIC
        self.subscription = SUBSCRIPTION
        self.model.create_topic(Topic(TOPIC))

    def subscribe(self, deliver: Any = None, **settings: Any) -> Subscription:
        wanted = Subscription(SUBSCRIPTION, TOPIC, **settings)
        return self.model.create_subscription(wanted, deliver=deliver)

    def publish(self, data: bytes = b"x", ordering_key: str = "", **attributes: str) -> str:
        return self.model.publish(TOPIC, [Message(data, attributes, ordering_key)])[0]

    def pull(self, count_max: int = 10) -> list[bytes]:
        """Pull and acknowledge; return the data."""
        received = self.model.pull(SUBSCRIPTION, count_max)
        if received:
            self.model.acknowledge(SUBSCRIPTION, [one.ack_id for one in received])
        return [one.published.message.data for one in received]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def world_with() -> Callable[..., World]:
    def make(seed: int = 1, **settings: Any) -> World:
        return World(PubSubSettings(**settings), seed)

    return make
