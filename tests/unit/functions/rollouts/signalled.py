"""A small world of requests, looked at again and again as check_metrics does. Not: any claim."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rollouts.assembling import Gathered, gather
from rollouts.grid import floor
from rollouts.intervals import BEFORE, BadRequest, Interval, Point, Role, Signals
from rollouts.kept import Kept, dump, load
from rollouts.reading import log_since, metrics_since
from rollouts.record import ShiftDone
from tests.unit.functions.rollouts.builders import at, shifts

MINUTE = dt.timedelta(seconds=60)
TEN = shifts(10)
LATE_IN_SLOT = (ShiftDone(at(33), 0, 10),)
"""A first shift within an interval, and within a minute."""


def bad(
    ended: float, role: Role = "canary", *, took: float = 0.1, reached: bool = True, name: str = ""
) -> BadRequest:
    """Return a bad request that ended so many seconds after NOW."""
    return BadRequest(name or f"{role}-{ended}", role, at(ended - took), at(ended), reached)


def point(minute: int, role: Role = "canary", requests: int = 100, errors: int = 0) -> Point:
    """Return the totals of the minute that begins so many minutes after NOW."""
    return Point(at(minutes=minute), at(minutes=minute + 1), role, requests, errors)


def signals(
    now: float, *, points: Sequence[Point] = (), logged: Sequence[BadRequest] = (), **more: object
) -> Signals:
    """Return what a look at NOW + `now` seconds reads, both signals whole."""
    values: dict[str, object] = {
        "points": tuple(points),
        "since": at(minutes=-30),
        "visible_until": floor(at(now - 120), MINUTE),
        "period": MINUTE,
        "bad": tuple(logged),
        "log_until": at(now),
        "delay": dt.timedelta(seconds=120),
    }
    return Signals(**(values | more))  # type: ignore[arg-type]


@dataclass
class Rollout:
    """A rollout's looks, one after another, and the history that they gave."""

    shifts: tuple[ShiftDone, ...]
    kept: Kept | None = None
    history: dict[dt.datetime, Interval] = field(default_factory=dict)

    @property
    def unseen(self) -> tuple[Interval, ...]:
        return tuple(
            one for one in self.history.values() if one.step > BEFORE and one.seen_at is None
        )

    def look(self, found: Signals, now: float) -> Gathered:
        """Take a look. What was given before must come again with the same errors."""
        given = gather(self.kept, self.unseen, found, self.shifts, at(now))
        document = json.dumps(dump(given.kept), separators=(",", ":"))
        assert len(document) < 1024
        self.kept = load(json.loads(document))
        assert self.kept == given.kept
        for one in given.intervals:
            before = self.history.get(one.start)
            assert before is None or errors_of(before) == errors_of(one)
            self.history[one.start] = one
        return given

    @property
    def intervals(self) -> list[Interval]:
        return [self.history[start] for start in sorted(self.history)]


def first(now: float, done: tuple[ShiftDone, ...] = TEN, **found: Any) -> Rollout:
    """Return a rollout after its first look."""
    rollout = Rollout(done)
    rollout.look(signals(now, **found), now)
    return rollout


def silent_at(now: float) -> Rollout:
    """Return a rollout whose log is known to be silent since its first look."""
    rollout = first(now, points=[point(0, errors=9), point(0, "stable")])
    assert rollout.kept
    assert rollout.kept.pace.silent
    return rollout


def during(rollout: Rollout) -> list[Interval]:
    return [one for one in rollout.intervals if one.step > BEFORE]


def errors_of(one: Interval) -> tuple[object, ...]:
    """Return all that is final when an interval is given first."""
    arms = [(arm.errors, arm.unreached) for arm in (one.canary, one.stable)]
    return one.start, one.end, one.step, one.percent, *arms, one.carried, one.known_at


def carried(intervals: Iterable[Interval], role: Role) -> int:
    return sum(getattr(late, role) for one in intervals for late in one.carried)


def errors(intervals: Sequence[Interval], role: Role) -> int:
    """Return the bad requests of a role during the rollout, own and carried."""
    own = sum(getattr(one, role).errors for one in intervals if one.step > BEFORE)
    return int(own) + carried(intervals, role)


@dataclass(frozen=True)
class Happened:
    """A bad request, and when the log tells of it; None: never."""

    bad: BadRequest
    told: dt.datetime | None


@dataclass
class World:
    """What both signals can be asked for at any time."""

    happened: Sequence[Happened]
    requests: int = 200
    """Good requests of each role in each minute."""
    delay: dt.timedelta = dt.timedelta(seconds=120)

    def read(self, rollout: Rollout, now: dt.datetime, *, log: bool = True) -> Signals:
        metrics, logged = (
            metrics_since(rollout.kept, rollout.shifts),
            log_since(rollout.kept, rollout.unseen, rollout.shifts),
        )
        visible = floor(now - self.delay, MINUTE)
        return Signals(
            points=tuple(self.points(floor(metrics, MINUTE), visible)),
            since=metrics,
            visible_until=visible,
            period=MINUTE,
            bad=tuple(
                one.bad
                for one in self.happened
                if log and one.told and logged.arrived_since <= one.told <= now
                if one.bad.began >= logged.began_since
            ),
            log_until=now if log else None,
            delay=self.delay,
        )

    def points(self, since: dt.datetime, until: dt.datetime) -> Iterable[Point]:
        while since < until:
            end = since + MINUTE
            for role in ("canary", "stable"):
                yield Point(since, end, role, *self._totals(since, end, role))
            since = end

    def _totals(self, since: dt.datetime, end: dt.datetime, role: str) -> tuple[int, int]:
        failed = sum(
            one.bad.role == role and one.bad.reached and since <= one.bad.ended < end
            for one in self.happened
        )
        return self.requests + failed, failed


def run(
    world: World,
    shifts: tuple[ShiftDone, ...],
    looks: Sequence[float],
    unread: Collection[float] = (),
) -> Rollout:
    """Look at these seconds after NOW; the log cannot be read at those in `unread`."""
    rollout = Rollout(shifts)
    for now in looks:
        rollout.look(world.read(rollout, at(now), log=now not in unread), now)
    return rollout
