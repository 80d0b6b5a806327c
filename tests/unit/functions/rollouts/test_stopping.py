"""How a rollout stops without moving traffic, and who may drive one."""

from dataclasses import replace

import pytest

from rollouts.actions import Stop
from rollouts.record import Rollout
from rollouts.stopping import driven, foreign_stop, stop_by_hand, undisturbed
from rollouts.traffic import Entry
from tests.unit.functions.rollouts.builders import (
    CANARY,
    EXECUTION,
    NOW,
    OTHER_EXECUTION,
    STABLE,
    at,
    driver,
    rollout,
    seen,
    step,
)


def test_the_execution_that_claimed_a_rollout_drives_it():
    own = rollout()

    assert driven(seen(own), driver()) == own


def test_every_other_execution_is_told_to_stop():
    found = driven(seen(rollout()), driver(OTHER_EXECUTION))

    assert found == Stop(
        "superseded",
        "rollout 0123abcd on api in team-production/europe-west1 is driven by"
        f" {EXECUTION}; nothing was changed",
    )


def test_without_a_rollout_there_is_nothing_to_drive():
    found = driven(seen(), driver())

    assert isinstance(found, Stop)
    assert "no rollout is under way" in found.because


@pytest.mark.parametrize("state", ["promoted", "rolled_back", "stopped", "superseded"])
def test_an_ended_rollout_is_told_as_it_ended(state):
    assert driven(seen(rollout(state, because="so")), driver()) == Stop(state, "so")


def test_an_end_without_a_reason_is_named_by_its_state():
    assert driven(seen(rollout("promoted")), driver()) == Stop(
        "promoted", "the rollout is promoted"
    )


def test_what_someone_else_wrote_stays_as_it_is():
    own = rollout()

    decision = foreign_stop(seen(own), own, "traffic is api-9 100 %", NOW)

    assert decision.action == Stop(
        "stopped", "traffic is api-9 100 %; the rollout stops and overwrites nothing"
    )
    assert decision.change is not None
    assert (decision.change.split, decision.change.template) == (None, None)
    ended = decision.change.record.rollout
    assert ended is not None
    assert (ended.state, ended.ended_at, ended.ended_by) == ("stopped", NOW, "barq")
    assert [notice.kind for notice in decision.notices] == ["rollout.stopped"]


def test_a_person_stops_a_rollout_where_it_is():
    decision = stop_by_hand(seen(rollout()), step(reason="wait for Bob", by="execution e2"), NOW)

    assert decision.action == Stop("stopped", "stopped by execution e2: wait for Bob")
    assert decision.change is not None
    assert decision.change.split is None
    (notice,) = decision.notices
    assert (notice.percent_before, notice.percent_after, notice.by) == (10, 10, "execution e2")


def test_a_word_for_an_earlier_rollout_does_not_stop_the_next():
    late = step(reason="wait", rollout="ffff0000")

    decision = stop_by_hand(seen(rollout()), late, NOW)

    assert decision.action == Stop(
        "superseded", "rollout ffff0000 is over; 0123abcd, which came after it, was left alone"
    )
    assert decision.change is None


def test_a_word_from_before_any_rollout_does_not_stop_the_first():
    decision = stop_by_hand(seen(rollout()), step(rollout="none", reason="r"), NOW)

    assert decision.change is None
    assert decision.action.because.startswith("no rollout was there when it was asked; 0123abcd")


def test_a_word_for_this_rollout_stops_it():
    meant = step(reason="wait", rollout="0123abcd")

    assert stop_by_hand(seen(rollout()), meant, NOW).change is not None


def test_a_rollout_that_nobody_disturbed_goes_on():
    assert undisturbed(seen(rollout()), driver(), NOW) == rollout()


def test_a_disturbed_rollout_is_ended_before_anything_is_written():
    found = undisturbed(seen(rollout(), generation=9), driver(), NOW)

    assert not isinstance(found, Rollout)
    assert isinstance(found.action, Stop)
    assert "written by someone else" in found.action.because


def test_a_stop_without_a_name_is_a_persons():
    decision = stop_by_hand(seen(rollout()), step(reason="why not"), NOW)

    assert decision.action.because == "stopped by a person: why not"


@pytest.mark.parametrize("service", [seen(), seen(rollout("promoted"))])
def test_there_may_be_nothing_to_stop(service):
    decision = stop_by_hand(service, step(), NOW)

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "unchanged"
    assert decision.change is None


def test_a_stop_that_is_repeated_tells_the_same_event_once_more():
    """Also where somebody had moved traffic before it."""
    request, moved = step(rollout="0123abcd", reason="r"), (Entry(STABLE, 70), Entry(CANARY, 30))
    before = seen(rollout(), split=moved)
    first = stop_by_hand(before, request, NOW)
    assert first.change is not None

    again = stop_by_hand(replace(before, record=first.change.record), request, at(60))

    assert again.change is None
    assert [one.as_cloud_event()["id"] for one in again.notices] == [
        one.as_cloud_event()["id"] for one in first.notices
    ]
