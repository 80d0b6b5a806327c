"""Which failed requests are lost through Barq."""

import datetime as dt

import pytest

from benchmarks.kills.counting import Counted, Dead
from local_cloud.kit.traffic import ServedRequest

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
PLATFORM = "The request failed because the connection to the instance had an error."


def at(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


def request(revision: str, began: float, seconds: float = 0.1, **fields) -> ServedRequest:
    plain = ServedRequest("p", "r", "s", revision, "i", "GET", "http://s/", 200, at(began), seconds)
    return plain._replace(**fields)


def broken(revision: str, began: float, seconds: float = 0.1) -> ServedRequest:
    return request(revision, began, seconds, status=503, text=PLATFORM)


def counted(*requests: ServedRequest, killed_at: float | None = None) -> Counted:
    found = Counted(canary="canary")
    for one in requests:
        if killed_at is not None and not found.deaths and one.ended >= at(killed_at):
            found.deaths.append(Dead("canary", at(killed_at)))
        found.note(one)
    return found


def test_requests_that_were_answered_are_not_lost():
    assert counted(request("stable", 0), request("canary", 1, status=404)).lost == 0


def test_what_the_canary_answers_with_a_failure_of_its_own_is_not_lost_through_barq():
    found = counted(request("canary", 0, status=500))

    assert (len(found.failed), found.lost) == (1, 0)


def test_what_was_in_the_canary_as_it_was_killed_is_not():
    assert counted(broken("canary", 0.95), killed_at=1.0).lost == 0


def test_what_came_to_the_canary_while_it_was_dead_is_not():
    assert counted(broken("canary", 1.5, 2.0), killed_at=1.0).lost == 0


def test_what_ended_before_the_kill_is_lost():
    assert counted(broken("canary", 0.5), request("stable", 2), killed_at=1.0).lost == 1


def test_what_comes_once_the_canary_answers_again_is_lost():
    revived = request("canary", 1.5, 0.5)

    assert counted(revived, broken("canary", 2.1), killed_at=1.0).lost == 1


def test_what_came_before_it_answered_again_is_not():
    """It waited for the process that another request found first."""
    assert counted(request("canary", 1.5, 0.5), broken("canary", 1.9), killed_at=1.0).lost == 0


@pytest.mark.parametrize("revision", ["stable", ""])
def test_a_failure_of_anyone_else_is_lost_whenever_it_was(revision):
    assert counted(broken(revision, 1.5), killed_at=1.0).lost == 1
    assert counted(request(revision, 1.5, status=500), killed_at=1.0).lost == 1


def test_what_callers_missed_and_the_proxy_never_saw_is_lost():
    found = counted(broken("canary", 1.0), killed_at=1.0)

    found.callers_failed = 3

    assert found.lost == 2
