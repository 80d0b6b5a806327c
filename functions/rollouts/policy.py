"""What a user decides in delivery.yaml, as values that cannot be wrong. Not: how it is read.

Every percent is a whole number 0..100, every ratio 0.0..1.0, every duration a timedelta.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar, get_args

from rollouts.freezes import Freeze

NoData = Literal["hold", "extend", "pass", "roll_back"]
SecondPush = Literal["supersede", "queue", "reject"]
Sensitivity = Literal["low", "normal", "high"]
Profile = Literal["comparison", "fixed_counts"]
ChannelKind = Literal["slack", "webhook", "email", "pagerduty"]
CHANNELS: Final[tuple[ChannelKind, ...]] = get_args(ChannelKind)

ALPHA: Final[dict[Sensitivity, float]] = {"low": 0.002, "normal": 0.01, "high": 0.05}
FIXED_COUNTS: Final = (5, 10)
"""Errors that the profile `fixed_counts` allows in each step."""
GLANCE: Final = dt.timedelta(seconds=60)
"""A first step watched no longer than this is only there to meet what fails outright."""

T = TypeVar("T")


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
    """How a canary is compared with stable, and limits beside it. `None` means off."""

    profile: Profile
    """`fixed_counts` set `max_errors` where it was not given."""
    sensitivity: Sensitivity
    min_requests: tuple[int, ...]
    """Fewer requests than this in a step are too few for a pass; the last entry for the rest."""
    error_increase_tolerated: float
    """0.10: a canary with a tenth more errors than stable counts as good as stable."""
    error_ratio_ignored: float
    """A ratio: errors rarer than this never roll back."""
    slowdown_tolerated: float | None
    """0.10: a tenth slower is tolerated. None: latency is not compared."""
    warm_up: dt.timedelta
    """From the canary's first request of a step on: latency of this time is not judged."""
    bad_intervals_min: int
    """In how many intervals there must be errors of the canary before it is rolled back."""
    stable_also_bad: Literal["hold", "roll_back"]
    common_outage_max: dt.timedelta
    watch_action: Literal["roll_back", "alert"]
    early_promote: bool
    dry_run: bool
    probes: int
    """Requests that Barq itself sends to each role before the first shift."""
    max_errors: tuple[int, ...] | None
    """Errors (5xx) allowed in each step, the last entry for all further ones."""
    max_error_ratio: float | None
    max_latency_p95: dt.timedelta | None

    @property
    def alpha(self) -> float:
        """The chance of a false rollback in all steps of a rollout below 100 % together."""
        return ALPHA[self.sensitivity]

    def only_tells(self, cause: str, percent: int) -> bool:
        """Whether a person alone is told of a fail: at 100 % nothing is left to compare with."""
        return self.watch_action == "alert" and cause == "full" and percent == 100  # noqa: PLR2004

    def requests_needed(self, step: int) -> int:
        """Return what a step needs for a pass; before the first, what that one needs."""
        return _of_step(self.min_requests, step)

    def errors_allowed(self, step: int) -> int | None:
        """Return the limit for a step, counted from 0; None if it is off."""
        return None if self.max_errors is None else _of_step(self.max_errors, step)


@dataclass(frozen=True, slots=True)
class Policy:
    """How one target is delivered to. A rollout keeps the policy that it began with."""

    steps: tuple[int, ...]
    """Rising percents that end in 100."""
    window: tuple[dt.timedelta, ...]
    """How long each step is watched: so long its errors must be known, and totals be visible of
    0.6 of it. The last entry holds for all further steps."""
    check_every: dt.timedelta
    deadline: dt.timedelta
    """From the first shift, or from the yes of the person who was asked when it was over; an
    approval has its own expiry."""
    extend_max: dt.timedelta
    """With `no_data: extend`, how much longer than the deadline requests are waited for."""
    watch: dt.timedelta
    """How long after promotion an alert still rolls back."""
    ready_within: dt.timedelta
    """How long a new revision may take to become Ready."""
    no_data: NoData
    second_push: SecondPush
    """What becomes of a build that comes while this rollout is under way."""
    approval: Approval
    verify: Smoke
    analysis: Analysis

    def window_of(self, step: int) -> dt.timedelta:
        """Return the window of a step, counted from 0; before the first, that one's."""
        return _of_step(self.window, step)


def _of_step(values: Sequence[T], step: int) -> T:
    return values[min(max(step, 0), len(values) - 1)]


@dataclass(frozen=True, slots=True)
class Target:
    """One place that a service is delivered to."""

    name: str
    ref: ServiceRef
    policy: Policy
    freezes: tuple[Freeze, ...] = ()
    """When no canary gets a new share. Of the present delivery.yaml, as `stop_the_line` is, and
    not part of the policy: a rollout that is under way must stop for what is written now."""
    stop_the_line: str | None = None
    """Why no canary gets a new share until the line is opened again; None: it is open."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to tell people. What opens it is a secret and stands in the environment."""

    kind: ChannelKind
    name: str
    """Names the variable with the secret, but for e-mail: all of it goes by one server."""

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Notification:
    """What of a service a channel is told. A channel may have several: it is told their union."""

    channel: Channel
    events: tuple[str, ...] = ()
    """Kinds of event, such as `rollout.rolled_back`; empty means all."""
    targets: tuple[str, ...] = ()
    """Names of targets; empty means all."""
    to: tuple[str, ...] = ()
    """Whom an e-mail goes to; empty for any other channel."""
    sender: str = ""
    """Whom an e-mail is from; empty for any other channel."""


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
