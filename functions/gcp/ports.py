"""What the handlers need of the world: small interfaces, one for each thing that can fail alone.

Nothing is imported here but the core's values, so a handler that needs one port pays for one.
Every method is safe to repeat. All raise `Transient` for what another attempt may cure,
`Denied`, `Missing` or `Refused` for what it may not; vendor errors stop in the adapters.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rollouts.intervals import BadRequest, Point, Role
from rollouts.notices import Notice
from rollouts.policy import Channel, Delivery, ServiceRef
from rollouts.seen import Change, RevisionSeen, ServiceSeen
from rollouts.smoke import Tested

if TYPE_CHECKING:  # Letters to people: a rollback that starts cold has no use for them.
    from rollouts.routing import Letter


class Services(Protocol):
    """Reads services, and is the only thing that writes to Cloud Run."""

    def read(self, ref: ServiceRef) -> ServiceSeen:
        """Read a service. Raises Missing, and BadRecord if its record cannot be read."""

    def write(self, seen: ServiceSeen, change: Change) -> None:
        """Write `change` on top of `seen`, if nobody wrote since.

        Raises Conflict if somebody did; nothing was written then. The record's generation is
        set to `seen.generation` here, where it is known.
        """


class Revisions(Protocol):
    """Reads revisions."""

    def read(self, ref: ServiceRef, revision: str) -> RevisionSeen | None:
        """Read a revision by its bare name; None if there is none (yet)."""


class Registry(Protocol):
    """Reads image indexes."""

    def children(self, repository: str, digest: str) -> frozenset[str]:
        """Return the digests of an index's children; empty for an image that is no index."""


Probe = Tested
"""What a smoke test's request came to."""


class Prober(Protocol):
    """Sends smoke tests."""

    def get(self, url: str, path: str, *, audience: str, timeout: dt.timedelta) -> Probe:
        """GET `url` + `path` with an ID token for `audience`. Never raises for a bad answer."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Cloud Monitoring's answer for two revisions."""

    points: tuple[Point, ...]
    """No point for a period without requests."""
    visible_until: dt.datetime
    """All points that end at or before this are visible. Stands on the period's grid."""
    period: dt.timedelta
    delay: dt.timedelta = dt.timedelta(0)
    """How long after its end a period becomes visible, at most."""
    notes: tuple[str, ...] = ()
    """What of it could not be read, and why, for people."""


class Metrics(Protocol):
    """Reads totals and latencies: whole, and minutes late."""

    def totals(
        self,
        ref: ServiceRef,
        revisions: Mapping[str, Role],
        since: dt.datetime,
        now: dt.datetime,
        *,
        in_flight: bool = False,
    ) -> Totals:
        """Return what is visible of [since, now). Period and delay come from the descriptor.

        `in_flight`: requests open at once, too, if they can be read.
        """


@dataclass(frozen=True, slots=True)
class LogRead:
    """The request log's answer."""

    bad: tuple[BadRequest, ...]
    until: dt.datetime
    capped: bool = False
    """There were more than was read: enough evidence, not all of it."""
    unsearched: bool = False
    """The search did not get to the end: whatever is not in `bad` is unknown, not absent."""
    whole_since: dt.datetime | None = None
    """Of requests that began after this, all are in `bad`. None: of all that were asked for, or
    of none that can be named if the search did not get to the end."""


class RequestLog(Protocol):
    """Reads bad requests: seconds fresh, no totals."""

    def bad_requests(
        self,
        ref: ServiceRef,
        revisions: Mapping[str, Role],
        since: dt.datetime,
        before: dt.datetime,
        *,
        arrived_since: dt.datetime | None = None,
        pages: int = 1,
    ) -> LogRead:
        """Return the bad requests that began in [since, before).

        `arrived_since` leaves out those that were in the log before. Bad are 5xx, and what
        reached no container. In at most `pages` calls of the API: where these do not reach, the
        oldest are missing.
        """


class Decisions(Protocol):
    """Reads what was decided, and what it stood on."""

    def records(self, rollout: str) -> Sequence[Mapping[str, Any]]:
        """Return the decision records of a rollout that the log still has, in any order."""


class Events(Protocol):
    """Tells the world what happened."""

    def publish(self, notices: Sequence[Notice]) -> None:
        """Publish in order."""


class Executions(Protocol):
    """Knows the workflow's executions."""

    def alive(self, execution: str) -> bool:
        """Whether an execution, by its full name, still runs or waits to. Unknown ones do not."""


class Waker(Protocol):
    """Wakes a waiting execution through its callback."""

    def wake(self, callback: str) -> None:
        """Tell it to look again. An execution that is gone or already awake is no error."""


class Channels(Protocol):
    """Tells people. The secret of each channel stands in the environment."""

    def send(self, channel: Channel, letter: "Letter") -> None:
        """Send once; who is told anew shows it twice, but for an e-mail and PagerDuty."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> dt.datetime:
        """Return the present instant in UTC."""


class World(Protocol):
    """All that a handler may touch. Each part is made when it is first asked for."""

    @property
    def delivery(self) -> Delivery: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def services(self) -> Services: ...
    @property
    def revisions(self) -> Revisions: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def prober(self) -> Prober: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def request_log(self) -> RequestLog: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def events(self) -> Events: ...
    @property
    def executions(self) -> Executions: ...
    @property
    def waker(self) -> Waker: ...
    @property
    def channels(self) -> Channels: ...
