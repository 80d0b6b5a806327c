"""How stable gets everything, for good."""

from dataclasses import replace

import pytest

from rollouts.actions import Hold, Stop
from rollouts.deadline import words_of
from rollouts.record import KEPT_MAX, ApprovalGiven, Record, RefusedDigest
from rollouts.rolling_back import Ask, arrived, roll_back, take_back
from rollouts.shifting import shift
from rollouts.traffic import Entry
from tests.unit.functions.rollouts.builders import (
    CANARY,
    DIGEST,
    EXECUTION,
    NOW,
    OTHER_EXECUTION,
    STABLE,
    at,
    revision,
    rollout,
    seen,
    shifts,
    step,
)

DRIVEN = Ask("9 of 20 requests failed", refuse=True, execution=EXECUTION)
ALERT = Ask("error ratio", refuse=True, by="alert")
BY_HAND = Ask("rolled back by ann: broken", refuse=True, by="ann", by_hand=True, execution="e9")
ALL_STABLE = (Entry(STABLE, 100),)
OLD_DIGEST = "sha256:" + "0" * 64
FOREIGN = (Entry("api-9", 100),)


def ended(decision):
    assert decision.change is not None
    assert decision.change.record.rollout is not None
    return decision.change.record.rollout


@pytest.mark.parametrize("ask", [DRIVEN, ALERT, BY_HAND])
@pytest.mark.parametrize("done", [(), (10,), (10, 50), (10, 50, 100)])
def test_stable_gets_everything_in_one_write(ask, done):
    decision = roll_back(seen(rollout(shifts=shifts(*done))), ask, NOW)

    own = ended(decision)
    assert decision.change is not None
    assert decision.change.split == ALL_STABLE
    assert (own.state, own.because, own.ended_at) == ("rolled_back", ask.because, NOW)
    assert own.ended_by == (ask.by or "barq")
    assert own.shares == {STABLE: 100}
    assert isinstance(decision.action, Hold)
    assert (decision.action.waits_for, decision.action.until) == ("traffic", at(60))


def test_the_notice_tells_from_how_much_and_on_whose_word():
    (notice,) = roll_back(seen(rollout()), ALERT, NOW).notices

    assert notice.kind == "rollout.rolled_back"
    assert (notice.percent_before, notice.percent_after, notice.by) == (10, 0, "alert")


@pytest.mark.parametrize("asked_at", ["approval", "deadline_approval"])
def test_what_a_person_denied_is_taken_back_on_that_persons_word(asked_at):
    """Its driver asks for it: nobody is to be paged for what a person has just decided."""
    no = ApprovalGiven(at(), at(60), decision="denied", by="ann", at=at(5), reason="not now")
    own = rollout("verified", **{asked_at: no})

    decision = roll_back(seen(own), replace(DRIVEN, because=words_of(no), refuse=False), NOW)

    assert (ended(decision).ended_by, decision.notices[0].by) == ("ann", "ann")
    # What else ends it first is nobody's word.
    (other,) = roll_back(seen(own), DRIVEN, NOW).notices
    (alert,) = roll_back(seen(own), ALERT, NOW).notices
    assert (other.by, alert.by) == ("", "alert")


def test_the_digest_is_refused_when_evidence_spoke_against_it():
    decision = roll_back(seen(rollout()), DRIVEN, NOW)

    assert decision.change is not None
    assert decision.change.record.refused == (
        RefusedDigest(DIGEST, "0123abcd", NOW, "9 of 20 requests failed"),
    )


def test_the_digest_is_not_refused_for_what_was_not_its_fault():
    decision = roll_back(seen(rollout()), Ask("expired", refuse=False, execution=EXECUTION), NOW)

    assert decision.change is not None
    assert decision.change.record.refused == ()


def test_an_adopted_revision_has_no_digest_to_refuse():
    decision = roll_back(seen(rollout(adopted=True, digest="")), DRIVEN, NOW)

    assert decision.change is not None
    assert decision.change.record.refused == ()


def test_a_digest_is_refused_once_and_the_oldest_are_forgotten():
    known = tuple(RefusedDigest(f"d{number}", "r", NOW, "") for number in range(KEPT_MAX - 1))
    again = RefusedDigest(DIGEST, "r0", NOW, "before")
    record = Record(rollout(), 6, (again, *known))

    decision = roll_back(seen(record=record), DRIVEN, NOW)
    full = roll_back(seen(record=Record(rollout(), 6, (*known, known[0], known[1]))), DRIVEN, NOW)

    assert decision.change is not None
    assert [one.digest for one in decision.change.record.refused] == [
        *(one.digest for one in known),
        DIGEST,
    ]
    assert full.change is not None
    assert len(full.change.record.refused) == KEPT_MAX


def test_a_rollback_is_final():
    after = ended(roll_back(seen(rollout()), DRIVEN, NOW))

    in_flight = shift(seen(after), step({"kind": "shift", "step": 1}), revision(), NOW)

    assert isinstance(in_flight.action, Stop)
    assert in_flight.action.outcome == "rolled_back"
    assert in_flight.change is None


@pytest.mark.parametrize("ask", [DRIVEN, ALERT, BY_HAND])
def test_a_rollback_that_is_repeated_changes_nothing(ask):
    after = rollout("rolled_back")

    decision = roll_back(seen(after), ask, at(minutes=3))

    assert decision.action == Stop("rolled_back", "it failed")
    assert decision.change is None
    assert [one.kind for one in decision.notices] == (
        [] if ask.by_hand else ["rollout.rolled_back"]
    )


def test_a_rollback_that_is_repeated_tells_the_same_event_once_more():
    """Whoever wrote it may have died before telling it."""
    first = roll_back(seen(rollout()), DRIVEN, at(minutes=2))
    assert first.change is not None

    again = roll_back(seen(first.change.record.rollout), DRIVEN, at(minutes=3))

    assert [one.as_cloud_event()["id"] for one in again.notices] == [
        one.as_cloud_event()["id"] for one in first.notices
    ]


def test_a_rollback_before_the_first_shift_came_from_0_percent():
    (notice,) = roll_back(seen(rollout("verified")), DRIVEN, NOW).notices

    assert (notice.percent_before, notice.percent_after) == (0, 0)


def test_the_reason_of_a_refusal_is_cut():
    decision = roll_back(seen(rollout()), replace(DRIVEN, because="x" * 900), NOW)

    assert decision.change is not None
    assert len(decision.change.record.refused[0].because) == 200


def test_foreign_tags_survive_a_rollback():
    split = (Entry(STABLE, 90), Entry(CANARY, 10), Entry("api-0", 0, "qa"))

    decision = roll_back(seen(rollout(), split=split), DRIVEN, NOW)

    assert decision.change is not None
    assert decision.change.split == (Entry(STABLE, 100), Entry("api-0", 0, "qa"))


def test_a_promoted_revision_is_taken_back_by_an_alert_and_by_hand():
    for ask in (ALERT, BY_HAND):
        decision = roll_back(seen(rollout("promoted")), ask, NOW)

        assert ended(decision).state == "rolled_back"
        assert decision.notices[0].percent_before == 100


def test_the_driver_takes_back_nothing_that_it_promoted():
    decision = roll_back(seen(rollout("promoted", because="good")), DRIVEN, NOW)

    assert decision.action == Stop("promoted", "good")
    assert decision.change is None


@pytest.mark.parametrize("state", ["stopped", "superseded"])
@pytest.mark.parametrize("ask", [DRIVEN, ALERT])
def test_what_was_stopped_stays_as_it_is(state, ask):
    decision = roll_back(seen(rollout(state)), ask, NOW)

    assert isinstance(decision.action, Stop)
    assert decision.change is None


def test_a_person_may_roll_back_what_was_stopped():
    assert ended(roll_back(seen(rollout("stopped")), BY_HAND, NOW)).state == "rolled_back"


def test_another_execution_takes_back_nothing():
    other = Ask("it failed", refuse=True, execution=OTHER_EXECUTION)

    decision = roll_back(seen(rollout()), other, NOW)

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "superseded"
    assert decision.change is None


@pytest.mark.parametrize("ask", [DRIVEN, ALERT])
def test_a_persons_traffic_is_not_overwritten(ask):
    decision = roll_back(seen(rollout(), split=FOREIGN), ask, NOW)

    assert ended(decision).state == "stopped"
    assert decision.change is not None
    assert decision.change.split is None


def test_an_alert_after_a_person_moved_on_from_a_promotion_changes_nothing():
    decision = roll_back(seen(rollout("promoted"), split=FOREIGN), ALERT, NOW)

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "unchanged"
    assert "traffic is api-9 100 %" in decision.action.because
    assert (decision.change, decision.notices) == (None, ())


def test_a_person_rolls_back_whatever_traffic_is():
    decision = roll_back(seen(rollout(), split=FOREIGN), BY_HAND, NOW)

    assert decision.change is not None
    assert decision.change.split == ALL_STABLE


def test_a_write_by_someone_else_that_left_traffic_alone_does_not_hinder_a_rollback():
    """Safety first: a changed label is no reason to leave users on a bad canary."""
    decision = roll_back(seen(rollout(), generation=99), DRIVEN, NOW)

    assert ended(decision).state == "rolled_back"


@pytest.mark.parametrize("own", [rollout(), rollout("promoted"), rollout("rolled_back")])
def test_a_word_for_an_earlier_rollout_does_not_take_back_the_next(own):
    decision = roll_back(seen(own), replace(BY_HAND, rollout="ffff0000"), NOW)

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "superseded"
    assert decision.change is None


def test_a_word_for_this_rollout_takes_it_back():
    meant = replace(BY_HAND, rollout="0123abcd")

    assert ended(roll_back(seen(rollout()), meant, NOW)).state == "rolled_back"


def test_without_a_rollout_there_is_nothing_to_take_back():
    decision = roll_back(seen(), ALERT, NOW)

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "unchanged"


def test_for_its_driver_a_rollout_that_is_gone_is_no_good_end():
    """Else the delivery would go on to the next target, after a failed one."""
    decision = roll_back(seen(), DRIVEN, NOW)

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "stopped"
    assert not decision.action.go_on


def test_a_person_takes_back_what_someone_gave_a_rolled_back_canary():
    again = seen(rollout("rolled_back"), split=(Entry(CANARY, 100),))

    decision = roll_back(again, BY_HAND, NOW)

    assert decision.change is not None
    assert decision.change.split == ALL_STABLE


# An alert takes back what was promoted before the present rollout began.

PROMOTED = rollout("promoted", id="older", canary="api-1", stable="api-0", digest=OLD_DIGEST)


def after_promotion(present, **given):
    """Return a service whose stable is what was promoted last, under the next rollout."""
    service = seen(present, **given)
    return replace(service, record=replace(service.record, promoted=PROMOTED))


def test_what_was_promoted_last_is_taken_back_and_the_present_rollout_with_it():
    present = rollout("verified", stable="api-1")
    service = after_promotion(present, split=(Entry("api-1", 100),))

    decision = take_back(service, ALERT, NOW)

    assert decision.change is not None
    assert decision.change.split == (Entry("api-0", 100),)
    record = decision.change.record
    assert record.rollout is not None
    assert (record.rollout.id, record.rollout.state) == ("older", "rolled_back")
    assert record.promoted is None
    assert record.refusal(OLD_DIGEST)
    assert [one.kind for one in decision.notices] == ["rollout.superseded", "rollout.rolled_back"]


def test_a_present_rollout_that_has_ended_is_not_told_again():
    present = rollout("rolled_back", stable="api-1")
    service = after_promotion(present, split=(Entry("api-1", 100),))

    assert [one.kind for one in take_back(service, ALERT, NOW).notices] == ["rollout.rolled_back"]


def test_traffic_that_a_person_moved_is_not_taken_back():
    service = after_promotion(rollout("verified", stable="api-1"), split=FOREIGN)

    decision = take_back(service, ALERT, NOW)

    assert decision.change is None
    assert isinstance(decision.action, Stop)


OVER = rollout("rolled_back", ended_at=NOW)
STALE = (Entry(STABLE, 90), Entry(CANARY, 10))


def test_a_rollback_has_arrived_when_stable_is_served_everything():
    assert arrived(seen(OVER), OVER, at(5)).action == Stop("rolled_back", "it failed")


@pytest.mark.parametrize(
    ("seconds", "kind", "notices"), [(0, Hold, 0), (59, Hold, 0), (60, Stop, 1), (90, Stop, 1)]
)
def test_a_rollback_that_does_not_arrive_within_a_minute_pages_a_person(seconds, kind, notices):
    decision = arrived(seen(OVER, served=STALE), OVER, at(seconds))

    assert isinstance(decision.action, kind)
    assert decision.change is None
    assert [notice.kind for notice in decision.notices] == ["traffic.stuck"] * notices
    assert all(notice.percent_after == 10 for notice in decision.notices)


def test_a_rollback_on_the_way_says_until_when_it_is_waited_for():
    decision = arrived(seen(OVER, served=STALE), OVER, at(10))

    assert isinstance(decision.action, Hold)
    assert decision.action.until == at(60)
    assert "is not served it yet" in decision.action.because


def test_traffic_that_a_person_moved_after_a_rollback_is_not_stuck():
    moved = seen(OVER, split=FOREIGN, served=FOREIGN)

    assert isinstance(arrived(moved, OVER, at(90)).action, Stop)
    assert arrived(moved, OVER, at(90)).notices == ()


def test_a_rollback_of_unknown_time_is_waited_for_from_now():
    unknown = rollout("rolled_back", ended_at=None)

    assert isinstance(arrived(seen(unknown, served=STALE), unknown, at(500)).action, Hold)
