"""The gate before the first shift, and a person's answer to it."""

from dataclasses import replace

import pytest

from rollouts.actions import Hold, Promote, RollBack, Shift, Stop
from rollouts.approving import Answer, answer, asleep, gate
from tests.unit.functions.rollouts.builders import (
    NOW,
    at,
    policy,
    rollout,
    seen,
    shifts,
    waiting,
)

MANUAL = policy(approval={"by": "manual", "expires": "24h"})
DAY = 24 * 60 * 60
YES = Answer("approve", "ann@example.org", "looks good")
NO = Answer("deny", "ann@example.org", "not before Monday")


def gated(now=NOW, **fields):
    own = rollout(**({"state": "verified", "policy": MANUAL} | fields))
    return gate(seen(own), own, now)


def answered(given, now=NOW, **fields):
    own = rollout(**({"state": "verified", "policy": MANUAL} | fields))
    return answer(seen(own), given, now)


def approval_after(decision):
    assert decision.change is not None
    assert decision.change.split is None
    assert decision.change.record.rollout is not None
    return decision.change.record.rollout.approval


def test_a_target_without_approval_has_an_open_gate():
    assert gated(policy=policy()) is None


def test_the_gate_stands_before_the_first_shift_alone():
    assert gated(state="shifting", shifts=shifts(10)) is None


def test_a_person_is_asked_once():
    first = gated()
    second = gated(approval=approval_after(first))

    assert first.action == Hold(3600, "waiting for an approval", "approval", at(DAY))
    (notice,) = first.notices
    assert notice.kind == "approval.requested"
    assert (notice.percent_before, notice.percent_after) == (0, 0)
    assert second.action == first.action
    assert second.change is None


def test_a_question_that_may_not_have_been_told_is_told_again_under_the_same_id():
    """Nobody else looks: a rollout whose question got lost would only expire."""
    (first,) = gated().notices
    asked = approval_after(gated())

    (again,) = gated(at(299), approval=asked).notices

    assert again.as_cloud_event()["id"] == first.as_cloud_event()["id"]
    assert gated(at(300), approval=asked).notices == ()


@pytest.mark.parametrize(("now", "wait"), [(at(), 3600), (at(DAY - 100), 101), (at(DAY - 0.5), 1)])
def test_a_hold_looks_again_within_the_hour_and_at_the_expiry(now, wait):
    decision = gated(now, approval=waiting())

    assert decision.action.wait_seconds == wait


def test_a_yes_opens_the_gate():
    assert gated(approval=waiting(decision="approved", by="ann", at=at(5))) is None


def test_a_yes_that_came_in_time_still_counts_after_the_expiry():
    assert gated(at(2 * DAY), approval=waiting(decision="approved", by="ann", at=at(5))) is None


@pytest.mark.parametrize(
    ("reason", "because"), [("", "denied by ann"), ("not now", "denied by ann: not now")]
)
def test_a_no_rolls_back_without_refusing_the_digest(reason, because):
    decision = gated(approval=waiting(decision="denied", by="ann", reason=reason))

    assert decision.action == RollBack(because, refuse=False)
    assert decision.change is None


@pytest.mark.parametrize(
    ("seconds", "kind"), [(DAY - 1, Hold), (DAY, RollBack), (DAY + 1, RollBack)]
)
def test_silence_rolls_back_at_the_expiry_and_not_before(seconds, kind):
    decision = gated(at(seconds), approval=waiting())

    assert isinstance(decision.action, kind)


def test_an_expiry_says_since_when_and_how_long_was_allowed():
    decision = gated(at(DAY), approval=waiting())

    assert decision.action == RollBack(
        "the approval of api-2 expired at 2026-11-23T12:00:00Z, 1d after it was asked for",
        refuse=False,
    )


def test_an_approval_is_noted_with_who_when_and_why():
    decision = answered(YES, at(60), approval=waiting())

    assert approval_after(decision) == waiting(
        decision="approved", by="ann@example.org", at=at(60), reason="looks good"
    )
    assert isinstance(decision.action, Shift)
    (notice,) = decision.notices
    assert (notice.kind, notice.by) == ("approval.given", "ann@example.org")
    assert (notice.percent_before, notice.percent_after) == (0, 0)
    assert notice.because == "approved by ann@example.org: looks good"


def test_a_denial_is_noted_and_asks_for_a_rollback():
    decision = answered(NO, at(60), approval=waiting())

    noted = approval_after(decision)
    assert noted.decision == "denied"
    assert decision.action == RollBack("denied by ann@example.org: not before Monday", refuse=False)
    assert [notice.kind for notice in decision.notices] == ["approval.denied"]
    assert decision.notices[0].because == "denied by ann@example.org: not before Monday"


def test_an_approval_needs_no_reason():
    decision = answered(Answer("approve", "ann", ""), approval=waiting())

    assert decision.notices[0].because == "approved by ann"


@pytest.mark.parametrize("second", [YES, NO])
def test_a_second_answer_is_told_what_the_first_was(second):
    first = waiting(decision="denied", by="bob@example.org", at=at(5))

    decision = answered(second, at(60), approval=first)

    assert decision.action == Stop(
        "unchanged",
        "rollout 0123abcd was already denied by bob@example.org; nothing was changed",
    )
    assert (decision.change, decision.notices) == (None, ())


def test_an_answer_that_came_again_wakes_who_may_have_slept_through_the_first():
    given = waiting(decision="approved", by="bob@example.org", at=at(5))
    own = rollout(state="verified", approval=given)
    unchanged = Stop("unchanged", "already approved")

    assert asleep(unchanged, own) == own.callback != ""
    assert asleep(Shift(10, 1, "go on"), own) == ""
    assert asleep(unchanged, replace(own, approval=waiting())) == ""
    assert asleep(unchanged, replace(own, approval=None)) == ""
    assert asleep(unchanged, replace(own, state="rolled_back")) == ""
    assert asleep(unchanged, None) == ""


def test_an_answer_for_an_earlier_rollout_is_not_one_for_the_next():
    decision = answered(replace(YES, rollout="ffff0000"), approval=waiting())

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "superseded"
    assert decision.change is None


def test_an_answer_may_name_the_rollout_that_it_means():
    decision = answered(replace(YES, rollout="0123abcd"), approval=waiting())

    assert approval_after(decision).decision == "approved"


def test_a_late_answer_is_told_that_it_is_late():
    decision = answered(YES, at(DAY), approval=waiting())

    assert isinstance(decision.action, Stop)
    assert "expired at 2026-11-23T12:00:00Z" in decision.action.because
    assert decision.change is None


def test_an_answer_that_nobody_waits_for_changes_nothing():
    nothing = answer(seen(), YES, NOW)
    ended = answered(YES, state="rolled_back", approval=waiting())
    unasked = answered(YES, state="deploying")

    for decision, because in (
        (nothing, "no rollout of api in team-production/europe-west1 waits for an approval;"),
        (ended, "waits for an approval: the last one is rolled_back;"),
        (unasked, "rollout 0123abcd waits for no approval (deploying);"),
    ):
        assert isinstance(decision.action, Stop)
        assert because in decision.action.because
        assert decision.change is None


# At the deadline.


def question(**fields):
    return waiting(asked_at=at(3600), expires_at=at(3600 + DAY), **fields)


def at_deadline(given, now, **fields):
    return answered(given, now, **({"state": "shifting", "deadline_approval": question()} | fields))


def test_a_yes_at_the_deadline_is_noted_beside_the_first_one_and_goes_on():
    first = waiting(decision="approved", by="bob", at=at(5))

    decision = at_deadline(YES, at(3700), shifts=shifts(10), approval=first)

    noted = decision.change.record.rollout
    assert noted.approval == first
    assert noted.deadline_approval == question(
        decision="approved", by="ann@example.org", at=at(3700), reason="looks good"
    )
    assert decision.action == Shift(1, 50, "approved by ann@example.org: looks good")
    (notice,) = decision.notices
    assert (notice.kind, notice.percent_before, notice.percent_after) == ("approval.given", 10, 10)


def test_a_yes_at_the_deadline_of_the_last_step_promotes():
    decision = at_deadline(YES, at(3700), shifts=shifts(10, 50, 100))

    assert isinstance(decision.action, Promote)


def test_a_no_at_the_deadline_rolls_back():
    decision = at_deadline(NO, at(3700), shifts=shifts(10))

    assert decision.action == RollBack("denied by ann@example.org: not before Monday", refuse=False)
    assert decision.change.record.rollout.deadline_approval.decision == "denied"


def test_a_yes_to_a_step_that_was_passed_meanwhile_only_starts_the_deadline_anew():
    decision = at_deadline(YES, at(4300), shifts=shifts(10, 50, minutes_between=70))

    assert decision.change.record.rollout.deadline_approval.decision == "approved"
    assert decision.action == Stop(
        "passed",
        "approved by ann@example.org: looks good; it went on meanwhile, and its deadline begins"
        " anew",
    )


def test_an_answer_at_the_deadline_that_comes_late_or_twice_changes_nothing():
    late = at_deadline(YES, at(3600 + DAY), shifts=shifts(10))
    twice = at_deadline(
        YES, at(3700), shifts=shifts(10), deadline_approval=question(decision="denied", by="bob")
    )

    assert "expired at 2026-11-23T13:00:00Z" in late.action.because
    assert "already denied by bob" in twice.action.because
    assert (late.change, twice.change) == (None, None)
