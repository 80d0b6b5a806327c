"""What a user decides in delivery.yaml, as values that cannot be wrong. Not: how it is read.

Every percent is a whole number 0..100, every ratio 0.0..1.0, every duration a timedelta.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

NoData = Literal["hold", "pass", "roll_back"]


@dataclass(frozen=True, slots=True)
class ServiceRef:
    """Where a Cloud Run service lives."""

    project: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.service} in {self.project}/{self.region}"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who must say yes before the first request goes to a canary."""

    by: Literal["none", "manual"]
    expires: dt.timedelta
    """After this long without an answer the rollout is rolled back."""


@dataclass(frozen=True, slots=True)
class Smoke:
    """What `verify` asks of a revision before it gets any traffic."""

    paths: tuple[str, ...]
    """Empty: no smoke test, and no tag URL is needed."""
    status: int
    latency_max: dt.timedelta
    attempts: int
    every: dt.timedelta


@dataclass(frozen=True, slots=True)
class Analysis:
    """Limits that a canary must keep. `None` means that the limit is off."""

    min_requests: int
    """Fewer requests than this in a step are too few for a pass."""
    max_errors: tuple[int, ...] | None
    """Errors (5xx) allowed in each step, the last entry for all further ones."""
    max_error_ratio: float | None
    max_latency_p95: dt.timedelta | None

    def errors_allowed(self, step: int) -> int | None:
        """Return the limit for a step, counted from 0; None if it is off."""
        if self.max_errors is None:
            return None
        return self.max_errors[min(step, len(self.max_errors) - 1)]


@dataclass(frozen=True, slots=True)
class Policy:
    """How one target is delivered to. A rollout keeps the policy that it began with."""

    steps: tuple[int, ...]
    """Rising percents that end in 100."""
    window: dt.timedelta
    """How long each step is watched, in data time: minutes not visible yet do not count."""
    check_every: dt.timedelta
    deadline: dt.timedelta
    """From the first shift; an approval has its own expiry."""
    watch: dt.timedelta
    """How long after promotion an alert still rolls back."""
    ready_within: dt.timedelta
    """How long a new revision may take to become Ready."""
    no_data: NoData
    approval: Approval
    verify: Smoke
    analysis: Analysis


@dataclass(frozen=True, slots=True)
class Target:
    """One place that a service is delivered to."""

    name: str
    ref: ServiceRef
    policy: Policy


@dataclass(frozen=True, slots=True)
class Notification:
    """A webhook that is told of events. Its URL is a secret and stands in the environment."""

    webhook: str
    """Names the environment variable WEBHOOK_<NAME>."""
    events: tuple[str, ...]
    """Kinds of event, such as `rollout.rolled_back`; empty means all."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service under Barq."""

    name: str
    image: str
    """The repository whose images are delivered; events for others are ignored."""
    branches: tuple[str, ...]
    registry_events: bool
    """Whether a push seen by the registry alone (no build, no tests) starts a delivery."""
    targets: tuple[Target, ...]
    """In the order of delivery."""
    notifications: tuple[Notification, ...]

    def target(self, name: str) -> Target | None:
        return next((target for target in self.targets if target.name == name), None)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The whole of delivery.yaml."""

    services: tuple[Service, ...]

    def service(self, name: str) -> Service | None:
        return next((service for service in self.services if service.name == name), None)
