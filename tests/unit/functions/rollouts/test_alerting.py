"""What follows from blame: a rollback, a word to a person, or nothing and why not."""

from dataclasses import replace

import pytest

from rollouts.alerting import excuse, settle
from rollouts.blame import Blame
from rollouts.record import Record
from rollouts.traffic import Entry
from rollouts.transitions import check
from tests.unit.functions.rollouts.builders import (
    CANARY,
    DIGEST,
    STABLE,
    at,
    policy,
    rollout,
    seen,
    shifts,
)

GUILTY = Blame(True, 'alert "error ratio" (9 bad requests at the canary)')
ALONE = replace(GUILTY, alone=True)
ONLY_TELLS = policy(analysis={"watch_action": "alert"})
FULL = rollout(shifts=shifts(10, 50, 100))
PROMOTED = rollout("promoted")
WATCHED = rollout("promoted", policy=ONLY_TELLS)


def settled(found, own=None, blame=GUILTY):
    return settle(found, own or found.record.rollout, blame, at(minutes=16))


def test_a_canary_to_blame_is_rolled_back_and_its_digest_refused():
    found = seen(rollout())

    decision, outcome = settled(found)

    assert outcome == "acted_on"
    assert decision.change.record.rollout.ended_by == "alert"
    assert decision.change.record.refusal(DIGEST)
    assert [one.name for one in check(found, decision.change)] == ["rolled_back"]


def test_a_canary_that_is_not_to_blame_is_left_alone():
    decision, outcome = settled(seen(rollout()), blame=Blame(False, "it is as good"))

    assert (outcome, decision.change, decision.action.because) == ("ignored", None, "it is as good")


def test_traffic_that_a_person_moved_is_not_overwritten_and_the_alert_did_not_act():
    """The rollout stops then, as it does at every step that finds somebody else's hand."""
    moved = seen(rollout(), split=(Entry(STABLE, 50), Entry(CANARY, 50)))

    decision, outcome = settled(moved)

    assert outcome == "ignored"
    assert decision.change.record.rollout.state == "stopped"
    assert decision.change.split is None
    assert "where Barq left" in decision.action.because


def test_the_rollout_promoted_before_is_taken_back():
    present = rollout("verified", id="younger", stable=CANARY, canary="api-3")
    found = seen(record=Record(rollout=present, promoted=PROMOTED, generation=6))

    decision, outcome = settled(found, PROMOTED)

    assert outcome == "acted_on"
    assert decision.change.record.rollout.id == PROMOTED.id
    assert [one.name for one in check(found, decision.change)] == ["superseded", "rolled_back"]


@pytest.mark.parametrize("own", [rollout(shifts=shifts(100), policy=ONLY_TELLS), WATCHED])
def test_at_100_percent_watch_action_alert_only_tells_a_person(own):
    found = seen(own)

    decision, outcome = settled(found, blame=ALONE)

    assert outcome == "told"
    assert decision.change.split is None
    assert decision.change.record.rollout == replace(own, alerted_at=at(minutes=16))
    (notice,) = decision.notices
    assert (notice.kind, notice.percent_before, notice.percent_after) == ("verdict.alert", 100, 100)
    assert notice.because.startswith('watch_action: alert: alert "error ratio" (')
    assert [one.name for one in check(found, decision.change)] == ["told"]


def test_it_tells_once():
    told = replace(WATCHED, alerted_at=at(minutes=15))

    decision, outcome = settled(seen(told), blame=ALONE)

    assert (outcome, decision.change, decision.notices) == ("ignored", None, ())
    assert decision.action.because.endswith("a person was told at 2026-11-22T12:15:00Z")


def test_of_the_rollout_promoted_before_it_tells_too():
    present = rollout("verified", id="younger", stable=CANARY, canary="api-3")
    found = seen(record=Record(rollout=present, promoted=WATCHED, generation=6))

    decision, outcome = settled(found, WATCHED, ALONE)

    assert outcome == "told"
    assert decision.change.record.rollout == present
    assert decision.change.record.promoted == replace(WATCHED, alerted_at=at(minutes=16))
    assert check(found, decision.change) == ()


@pytest.mark.parametrize("own", [WATCHED, rollout(shifts=shifts(100), policy=ONLY_TELLS)])
def test_nobody_is_told_of_a_canary_that_a_person_has_taken_back_already(own):
    decision, outcome = settled(seen(own, split=(Entry(STABLE, 100),)), blame=ALONE)

    assert (outcome, decision.change) == ("ignored", None)
    assert decision.action.because.endswith("nobody was told of the alert")


def test_a_service_that_someone_wrote_since_is_not_written_on_top_of():
    """A rollout under way stops at the next look: its driver must still see that."""
    own = rollout(shifts=shifts(100), policy=ONLY_TELLS)

    decision, outcome = settled(seen(own, generation=9), blame=ALONE)

    assert (outcome, decision.change) == ("ignored", None)
    assert "written by someone else" in decision.action.because


def test_a_promoted_one_is_told_of_whoever_wrote_something_else_since():
    assert settled(seen(WATCHED, generation=9), blame=ALONE)[1] == "told"


def test_blame_from_a_comparison_rolls_back_whatever_the_watch_does():
    """Seen at 50 %, just before the last shift: that is no common outage."""
    own = rollout(shifts=shifts(10, 50, 100), policy=ONLY_TELLS)

    assert settled(seen(own))[1] == "acted_on"
    assert settled(seen(FULL), blame=ALONE)[1] == "acted_on"


@pytest.mark.parametrize(
    ("own", "minutes", "told"),
    [
        (rollout("rolled_back", ended_by="alert"), 11, 1),
        (rollout("rolled_back", ended_by="alert"), 12, 0),
        (rollout("rolled_back", ended_by="barq"), 3, 0),
        (rollout("stopped", ended_by="ann"), 3, 0),
        (None, 3, 0),
    ],
)
def test_only_a_fresh_rollback_by_an_alert_is_told_again(own, minutes, told):
    """The alert may be delivered for the second time; one of next week may not speak of it."""
    decision = excuse(own, "it is rolled back already", at(minutes=minutes))

    assert (decision.change, len(decision.notices)) == (None, told)
