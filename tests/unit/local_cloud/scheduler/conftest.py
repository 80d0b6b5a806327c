"""A Cloud Scheduler in virtual time, with an endpoint whose answers are scripted."""

import datetime as dt
import random
from typing import Any

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.http import Inbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.scheduler.model import CloudSchedulerModel
from local_cloud.scheduler.values import HttpTarget, Job, OidcToken, SchedulerSettings
from tests.unit.local_cloud.pubsub.conftest import Tokens

START = dt.datetime(2026, 3, 1, 12, 0, 30, tzinfo=dt.UTC)
PARENT = "projects/p1/locations/europe-west1"
NAME = f"{PARENT}/jobs/sweep"
ACCOUNT = "barq-scheduler@p1.iam.gserviceaccount.com"
TARGET = HttpTarget("https://sweep.test/now", oidc=OidcToken(ACCOUNT))


class Endpoint:
    """A sender. `answers` are statuses or NoAnswer, None for one still out; then it says 200."""

    def __init__(self, clock):
        self.clock = clock
        self.answers = []
        self.seconds = 0.0
        self.seen = []
        self.out = []

    def send(self, request, done):
        self.seen.append(((self.clock.now() - START).total_seconds(), request))
        answer = self.answers.pop(0) if self.answers else 200
        if answer is None:
            self.out.append(done)
            return
        answer = Inbound(answer) if isinstance(answer, int) else answer
        self.clock.call_later(self.seconds, lambda: done(answer))

    def times(self):
        return [at for at, _ in self.seen]


class World:
    def __init__(self, **settings):
        self.clock = VirtualScheduler(START)
        self.endpoint = Endpoint(self.clock)
        self.audit = Audit(self.clock)
        self.model = CloudSchedulerModel(
            self.clock,
            self.endpoint,
            Tokens(),
            self.audit,
            random.Random(1),
            SchedulerSettings(**settings),
        )

    def job(self, **fields):
        values: dict[str, Any] = {"name": NAME, "schedule": "* * * * *", "target": TARGET}
        return self.model.create(Job(**(values | fields)))

    def passes(self, seconds):
        self.clock.run_for(seconds)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def world_with():
    return World
