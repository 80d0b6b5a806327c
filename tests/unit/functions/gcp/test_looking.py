"""A look asks each signal sparingly, and a signal that cannot be read is no data."""

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gcp.looking import Look, look
from gcp.ports import LogRead, Totals
from gcp.request_log import PAGES_MAX
from rollouts.errors import BarqError, Denied, OverQuota, Refused, Transient
from rollouts.intervals import BEFORE, BadRequest, Interval, Point
from rollouts.reading import OVERLAP, PAST
from rollouts.record import ShiftDone
from tests.docs.small_world import NOW, PRODUCTION, SmallWorld
from tests.unit.functions.gcp.worlds import rollout

MINUTE = dt.timedelta(seconds=60)
OWN = rollout(shifts=(ShiftDone(NOW, 0, 10),))


def at(seconds):
    return NOW + dt.timedelta(seconds=seconds)


@dataclass
class World(SmallWorld):
    """A small world with these answers, and what was asked of it."""

    bad: tuple[BadRequest, ...] = ()
    log: dict[str, Any] = field(default_factory=dict)
    refusal: BarqError | None = None
    metrics_refusal: BarqError | None = None
    points: tuple[Point, ...] = ()
    metrics_notes: tuple[str, ...] = ()
    asked: list[tuple[object, ...]] = field(default_factory=list)

    def request_log_bad_requests(self, ref, revisions, since, now, *, arrived_since=None, pages=1):
        self.asked.append(("log", arrived_since, pages))
        if self.refusal:
            raise self.refusal
        return LogRead(self.bad, now, **self.log)

    def metrics_totals(self, ref, revisions, since, now, *, in_flight=False):
        self.asked.append(("metrics", since, in_flight))
        if self.metrics_refusal:
            raise self.metrics_refusal
        delay = 2 * MINUTE
        visible = now - delay - (now - delay - NOW) % MINUTE
        return Totals(self.points, visible, MINUTE, delay, self.metrics_notes)


def looks(world, *seconds):
    """Return the last of several looks, each with what the one before kept."""
    last: Look | None = None
    unseen: dict[dt.datetime, Interval] = {}
    for second in seconds:
        world.asked.clear()
        kept = last.kept if last else None
        last = look(world, PRODUCTION, OWN, at(second), kept, tuple(unseen.values()))
        unseen |= {one.start: one for one in last.intervals}
        unseen = {start: one for start, one in unseen.items() if one.seen_at is None}
    assert last
    return last


def test_without_a_state_both_signals_are_read_from_the_beginning():
    world = World()

    look(world, PRODUCTION, OWN, at(30), in_flight=True)

    assert world.asked == [
        ("metrics", NOW - PAST, True),
        ("log", NOW - OVERLAP, PAGES_MAX),
    ]


def test_with_a_state_a_look_is_one_page_of_the_log():
    world = World()

    looks(world, 30, 40)

    assert world.asked == [("log", NOW - dt.timedelta(seconds=40), 1)]


def test_the_metrics_are_read_again_when_a_new_minute_is_visible():
    world = World()

    looks(world, 30, 59)
    assert [kind for kind, *_ in world.asked] == ["log"]
    looks(world, 30, 60)

    assert world.asked[0] == ("metrics", at(-120), False)


def test_what_was_read_comes_as_intervals():
    bad = BadRequest("x", "canary", at(2), at(3))

    found = looks(World(bad=(bad,)), 15)

    assert found.intervals[-1].canary.errors == 1
    assert found.signals.bad == (bad,)
    assert (found.notes, found.slow_until) == ((), None)


@pytest.mark.parametrize(
    ("log", "note"),
    [
        (
            {"capped": True, "whole_since": NOW},
            "holds more bad requests than one look reads, whole from 2026-11-22T12:00:00Z on",
        ),
        ({"capped": True}, "holds more bad requests than one look reads"),
        ({"unsearched": True}, "was not searched to the end: it may hold more"),
    ],
)
def test_a_read_that_is_not_the_whole_log_says_why(log, note):
    found = looks(World(log=log), 15)

    assert found.notes == (f"the request log {note}",)
    assert found.signals.capped


def test_a_search_that_broke_off_without_a_find_is_no_empty_log():
    broken = looks(World(log={"unsearched": True}), 15)
    found = looks(
        World(log={"unsearched": True}, bad=(BadRequest("x", "canary", at(2), at(3)),)), 15
    )

    assert broken.signals.log_until is None
    assert all(one.step == BEFORE for one in broken.intervals)
    assert (found.signals.log_until, found.intervals[-1].canary.errors) == (at(15), 1)


class Failing(World):
    """A canary that fails 500 requests a second, and a log that tells the newest of a page."""

    def request_log_bad_requests(self, ref, revisions, since, now, *, arrived_since=None, pages=1):
        upto = (now - NOW) // dt.timedelta(milliseconds=2)
        newest = range(max(0, upto - 1000 * pages), upto)
        bad = [BadRequest(str(one), "canary", at(one / 500), at(one / 500)) for one in newest]
        return LogRead(tuple(bad), now, capped=True, whole_since=bad[0].began)


def test_a_busy_canary_that_fails_every_request_fills_no_page_with_what_closes_later():
    """The newest of a page would be of the last two seconds, and no interval that closes."""
    found = looks(Failing(), 18, 28, 38)

    assert found.intervals[-1].end == at(30)
    assert found.intervals[-1].canary.errors == 1000


@pytest.mark.parametrize("refusal", [Refused("an entry has no id"), Transient("no answer in time")])
def test_a_log_that_cannot_be_read_is_no_data_and_asked_again_at_the_next_look(refusal):
    world = World(refusal=refusal)

    found = looks(world, 15, 25)

    assert found.signals.log_until is None
    assert found.notes == (f"the request log could not be read: {refusal.message}",)
    assert [kind for kind, *_ in world.asked] == ["log"]


@pytest.mark.parametrize("refusal", [OverQuota("HTTP 429"), Denied("HTTP 403")])
def test_a_log_that_refuses_is_left_alone_and_the_look_says_so(refusal):
    world = World(refusal=refusal)

    first = looks(world, 15)
    later = looks(world, 15, 25)

    wait = first.kept.pace.wait_until
    assert at(30) <= wait <= at(35)
    assert first.notes[0] == f"the request log could not be read: {refusal.message}"
    assert "the request log is asked again at 2026-11-22T12:00:3" in first.notes[1]
    assert first.slow_until == wait
    assert (world.asked, later.notes) == ([], first.notes[1:])


def test_a_log_that_refuses_again_waits_longer_and_a_success_ends_the_wait():
    world = World(refusal=OverQuota("HTTP 429"))
    second = looks(world, 15, 36)
    world.refusal = None

    third = look(world, PRODUCTION, OWN, at(80), second.kept)

    assert at(36 + 30) <= second.kept.pace.wait_until <= at(36 + 40)
    assert (third.kept.pace.wait_until, third.kept.pace.failures) == (None, 1)
    assert third.signals.log_until == at(80)


def test_metrics_that_cannot_be_read_are_no_data_and_asked_again():
    world = World(metrics_refusal=Transient("no answer in time"))

    found = looks(world, 15, 25)

    assert found.notes == ("Cloud Monitoring could not be read: no answer in time",)
    assert [kind for kind, *_ in world.asked] == ["metrics", "log"]
    assert all(one.canary.requests is None for one in found.intervals)


def test_a_note_of_the_metrics_is_a_note_of_the_look():
    assert looks(World(metrics_notes=("requests in flight were not read",)), 15).notes == (
        "requests in flight were not read",
    )


def test_a_silent_log_is_read_once_a_minute_beside_the_metrics():
    points = (Point(NOW, at(60), "canary", 50, 9),)
    world = World(points=points)

    found = looks(world, 15, 175, 185)
    assert found.kept.pace.silent
    assert found.slow_until == at(240)
    looks(world, 15, 175, 185, 195)
    assert world.asked == []
    looks(world, 15, 175, 185, 240)

    assert [kind for kind, *_ in world.asked] == ["metrics", "log"]


def test_a_probe_stands_in_the_history_that_is_built_anew():
    probed = replace(looks(World(), 15).intervals[0], step=-2)

    found = look(World(), PRODUCTION, OWN, at(15), probed=probed)

    assert found.intervals[0] is probed
