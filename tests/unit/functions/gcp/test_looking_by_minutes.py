import datetime as dt
from dataclasses import dataclass, field

import pytest

from gcp.looking_by_minutes import look
from gcp.ports import LogRead
from rollouts.errors import Refused
from rollouts.record import ShiftDone
from tests.docs.small_world import NOW, PRODUCTION, SmallWorld
from tests.unit.functions.gcp.worlds import rollout


@dataclass
class World(SmallWorld):
    """A small world with this answer of the request log."""

    log: LogRead | Refused = field(default_factory=lambda: LogRead((), NOW))

    def request_log_bad_requests(self, ref, revisions, since, now, *, pages=1):
        if isinstance(self.log, Refused):
            raise self.log
        return self.log


def signals(log):
    now = NOW + dt.timedelta(minutes=5)
    return look(World(log=log), PRODUCTION, rollout(shifts=(ShiftDone(NOW, 0, 10),)), now)[0]


@pytest.mark.parametrize(
    ("log", "note"),
    [
        (LogRead((), NOW, capped=True), "holds more bad requests than one read returns"),
        (LogRead((), NOW, unsearched=True), "was not searched to the end: it may hold more"),
    ],
)
def test_a_read_that_is_not_the_whole_log_says_why(log, note):
    assert signals(log).notes == (f"the request log {note}",)


def test_a_log_that_was_read_whole_needs_no_note():
    assert signals(LogRead((), NOW)).notes == ()


def test_a_log_that_cannot_be_understood_is_no_data():
    found = signals(Refused("an entry has no id"))

    assert (found.bad, found.log_until) == ((), None)
    assert found.notes == ("the request log could not be read: an entry has no id",)
