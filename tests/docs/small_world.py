"""A world of plain values for the handlers: enough to answer what the reference shows.

Not for tests of behaviour: tests/flow runs the handlers over the local cloud.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gcp.ports import LogRead, Totals
from rollouts.delivery_file import parse_delivery
from rollouts.errors import Missing
from rollouts.intervals import BadRequest, Histogram, Point, Role
from rollouts.notices import Notice
from rollouts.policy import Channel, Delivery, ServiceRef
from rollouts.record import Record
from rollouts.routing import Letter
from rollouts.seen import Change, Readiness, RevisionSeen, ServiceSeen
from rollouts.smoke import Tested
from rollouts.traffic import Entry

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
FAST = dt.timedelta(milliseconds=40)
REPOSITORY = "europe-west1-docker.pkg.dev/barq-build/shop/api"
DIGEST = "sha256:" + "9f2c" * 16
OLD_DIGEST = "sha256:" + "51aa" * 16
IMAGE = f"{REPOSITORY}@{DIGEST}"
STABLE = "api-51aa51-7d1f0a"
PRODUCTION = ServiceRef("barq-production", "europe-west1", "api")
DELIVERY = parse_delivery(
    {
        "services": {
            "api": {
                "image": REPOSITORY,
                "targets": {
                    "staging": {
                        "project": "barq-staging",
                        "region": PRODUCTION.region,
                        "service": PRODUCTION.service,
                        "steps": [100],
                        "no_data": "pass",
                    },
                    "production": {
                        "project": PRODUCTION.project,
                        "region": PRODUCTION.region,
                        "service": PRODUCTION.service,
                        "approval": {"by": "manual"},
                    },
                },
                "notifications": [{"webhook": "team"}],
            }
        }
    }
)


def service(ref: ServiceRef) -> ServiceSeen:
    return ServiceSeen(
        ref=ref,
        generation=7,
        split=(Entry(STABLE, 100),),
        served=(Entry(STABLE, 100),),
        latest_ready=STABLE,
        record=Record(),
        container="api",
        image=f"{REPOSITORY}@{OLD_DIGEST}",
        url="https://api-abc-ew.a.run.app",
    )


@dataclass
class SmallWorld:
    """Every port is this one object, so that a scenario sets what it needs in one place."""

    at: dt.datetime = NOW
    kept: dict[ServiceRef, ServiceSeen] = field(default_factory=dict)
    readiness: Readiness = "ready"
    smoke_status: int = 200
    requests: int = 100
    errors: int = 0
    alive_executions: bool = True
    told: list[Notice] = field(default_factory=list)
    posted: list[Letter] = field(default_factory=list)
    logged: list[Mapping[str, Any]] = field(default_factory=list)
    """Decision records."""

    def __post_init__(self) -> None:
        for target in DELIVERY.services[0].targets:
            self.kept[target.ref] = service(target.ref)

    delivery: Delivery = DELIVERY

    @property
    def clock(self) -> "SmallWorld":
        return self

    def __getattr__(self, name: str) -> Any:
        known = (
            "services revisions registry prober metrics request_log events executions waker"
            " channels decisions"
        )
        if name not in known.split():
            raise AttributeError(name)
        return _Port(self, name)

    def now(self) -> dt.datetime:
        return self.at

    def services_read(self, ref: ServiceRef) -> ServiceSeen:
        if ref not in self.kept:
            raise Missing(f"the service {ref} does not exist")
        return self.kept[ref]

    def services_write(self, seen: ServiceSeen, change: Change) -> None:
        split = seen.split if change.split is None else change.split
        served = tuple(
            replace(entry, url="https://canary---api-abc-ew.a.run.app" if entry.tag else None)
            for entry in split
        )
        self.kept[seen.ref] = replace(
            seen,
            record=replace(change.record, generation=seen.generation),
            generation=seen.generation + 1,
            split=split,
            served=served,
        )

    def revisions_read(self, ref: ServiceRef, revision: str) -> RevisionSeen | None:
        digest = OLD_DIGEST if revision == STABLE else DIGEST
        ready: Readiness = "ready" if revision == STABLE else self.readiness
        return RevisionSeen(revision, ready, "", f"{REPOSITORY}@{digest}", digest)

    def registry_children(self, repository: str, digest: str) -> frozenset[str]:
        return frozenset()

    def prober_get(self, url: str, path: str, *, audience: str, timeout: dt.timedelta) -> Tested:
        return Tested(path, self.smoke_status, dt.timedelta(milliseconds=12))

    def metrics_totals(
        self,
        ref: ServiceRef,
        revisions: Mapping[str, Role],
        since: dt.datetime,
        now: dt.datetime,
        *,
        in_flight: bool = False,
    ) -> Totals:
        points = []
        for count in range(int((now - MINUTE * 3 - since) / MINUTE)):
            begins = since + MINUTE * count
            points.append(self._point(begins, "stable", self.requests * 9, 0))
            if begins >= NOW:
                points.append(self._point(begins, "canary", self.requests, self.errors))
        return Totals(tuple(points), now - MINUTE * 3, MINUTE, MINUTE * 3)

    def _point(self, begins: dt.datetime, role: Role, requests: int, errors: int) -> Point:
        fine = requests - errors
        slow = fine // 20
        latency = Histogram((50.0, 100.0, 200.0), (0, fine - slow, slow, 0))
        return Point(begins, begins + MINUTE, role, requests, errors, latency)

    def request_log_bad_requests(
        self,
        ref: ServiceRef,
        revisions: Mapping[str, Role],
        since: dt.datetime,
        now: dt.datetime,
        *,
        arrived_since: dt.datetime | None = None,
        pages: int = 1,
    ) -> LogRead:
        """Tell the canary's errors as the totals do, spread over each minute since NOW."""
        wait = MINUTE / max(self.errors, 1)
        ends = [NOW + wait * (count + 1) for count in range(int((now - NOW) / wait))]
        bad = (
            BadRequest(f"{end:%H%M%S%f}", "canary", end - FAST, end)
            for end in ends * bool(self.errors)
            if since <= end - FAST
        )
        return LogRead(tuple(bad), now)

    def events_publish(self, notices: Sequence[Notice]) -> None:
        self.told += notices

    def executions_alive(self, execution: str) -> bool:
        return self.alive_executions

    def waker_wake(self, callback: str) -> None:
        """Nobody sleeps here."""

    def decisions_records(self, rollout: str) -> Sequence[Mapping[str, Any]]:
        return [one for one in self.logged if one["rollout"] == rollout]

    def channels_send(self, channel: Channel, letter: Letter) -> None:
        self.posted.append(letter)


class _Port:
    """One port: its methods are the world's, named port_method."""

    def __init__(self, world: SmallWorld, name: str) -> None:
        self._world = world
        self._name = name

    def __getattr__(self, method: str) -> Any:
        return getattr(self._world, f"{self._name}_{method}")
