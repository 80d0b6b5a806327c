"""What becomes of a rollout that nobody could judge by its deadline."""

from dataclasses import replace

import pytest

from rollouts.actions import Action, Hold, Promote, RollBack, Shift
from rollouts.deadline import asked, deadline_of, ends_at
from rollouts.deciding import decide
from rollouts.verdict import Evidence
from tests.unit.functions.rollouts.builders import at, policy, rollout, shifts, verdict, waiting

HOUR = 60 * 60
DAY = 24 * HOUR
UNSURE = verdict("inconclusive", missing_requests=8, missing_seconds=900.0)


def waits_for(action: Action) -> str:
    assert isinstance(action, Hold)
    return action.waits_for


def question(since=HOUR, **fields):
    return waiting(asked_at=at(since), expires_at=at(since + DAY), **fields)


def yes(since=HOUR, after=HOUR + 60):
    return question(since, decision="approved", by="ann", at=at(after), reason="quiet")


@pytest.mark.parametrize("found", [verdict("inconclusive"), verdict("no_data"), UNSURE])
@pytest.mark.parametrize(("seconds", "waits"), [(HOUR - 1, "data"), (HOUR, "approval")])
def test_a_person_is_asked_about_what_nobody_could_judge_by_the_deadline(found, seconds, waits):
    action = decide(rollout(), found, at(seconds))

    assert waits_for(action) == waits


def test_who_asks_says_why_and_until_when():
    assert decide(rollout(), verdict("inconclusive"), at(HOUR)) == Hold(
        87,
        "a person is asked, because it was not promoted within 1h: it says inconclusive",
        "approval",
        at(HOUR + DAY),
    )


@pytest.mark.parametrize(
    "bad",
    [
        {"page": "stable is equally bad"},
        {"cause": "hang"},
        {"evidence": Evidence(total=10.0)},
        {"evidence": Evidence(errors=10.0)},
        {"evidence": Evidence(latency=10.0)},
    ],
)
def test_what_may_be_bad_goes_back_at_the_deadline_and_not_before(bad):
    found = verdict("inconclusive", **bad)

    assert isinstance(decide(rollout(), found, at(HOUR - 1)), Hold)
    assert decide(rollout(), found, at(HOUR)) == RollBack(
        "not promoted within 1h: it says inconclusive", refuse=False
    )


def test_evidence_too_weak_to_doubt_is_asked_about():
    found = verdict("inconclusive", evidence=Evidence(errors=9.9, total=9.9))

    assert isinstance(decide(rollout(), found, at(HOUR)), Hold)


def test_in_a_dry_run_nothing_but_a_limit_goes_back_at_the_deadline():
    own = rollout(policy=policy(analysis={"dry_run": True}))

    for found in (
        verdict("inconclusive", page="stable is equally bad"),
        verdict("fail", cause="errors", watched=10.0),
    ):
        action = decide(own, found, at(HOUR))

        assert waits_for(action) == "approval"


def test_a_deadline_counts_from_the_first_shift_and_lets_a_step_have_its_window():
    """A window of five minutes and the four by which totals are late."""
    early = rollout(shifts=shifts(10, 50, minutes_between=50))
    late = rollout(shifts=shifts(10, 50, minutes_between=59))

    assert deadline_of(early) == at(minutes=60)
    assert deadline_of(late) == at(minutes=59 + 9)


@pytest.mark.parametrize(("seconds", "wait"), [(HOUR, 87), (HOUR + DAY - 30, 30)])
def test_while_a_person_is_asked_looks_are_seldom_enough_for_a_day(seconds, wait):
    own = rollout(deadline_approval=question())

    action = decide(own, verdict("inconclusive"), at(seconds))

    assert isinstance(action, Hold)
    assert (action.wait_seconds, action.until) == (wait, at(HOUR + DAY))


def test_while_a_person_is_asked_a_fail_goes_back_and_a_pass_goes_on():
    own = rollout(deadline_approval=question())

    assert decide(own, verdict("fail"), at(HOUR + 9)) == RollBack("it says fail", refuse=True)
    assert decide(own, verdict("pass"), at(HOUR + 9)) == Shift(1, 50, "it says pass")


def test_while_a_person_is_asked_a_doubt_alone_takes_nothing_back():
    """Evidence of 10 comes up by chance in up to a tenth of all days; a fail is acted on."""
    own = rollout(deadline_approval=question())

    for doubt in (
        verdict("inconclusive", evidence=Evidence(total=10.0)),
        verdict("inconclusive", page="stable is equally bad"),
    ):
        action = decide(own, doubt, at(HOUR + 9))

        assert waits_for(action) == "approval"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(HOUR + DAY - 1, Hold), (HOUR + DAY, RollBack), (9 * DAY, RollBack)]
)
def test_no_answer_rolls_back_at_the_expiry_without_refusing(seconds, expected):
    action = decide(rollout(deadline_approval=question()), UNSURE, at(seconds))

    assert isinstance(action, expected)
    if isinstance(action, RollBack):
        assert not action.refuse
        assert action.because.startswith("the approval of api-2 expired at 2026-11-23T13:00:00Z")


@pytest.mark.parametrize("kind", ["pass", "inconclusive", "no_data"])
def test_a_no_rolls_back_whatever_the_verdict(kind):
    own = rollout(deadline_approval=question(decision="denied", by="ann", reason="not today"))

    assert decide(own, verdict(kind), at(HOUR + 9)) == RollBack(
        "denied by ann: not today", refuse=False
    )


def test_a_yes_goes_on_from_the_step_that_was_asked_about():
    last = rollout(shifts=shifts(10, 50, 100), deadline_approval=yes())

    assert decide(rollout(deadline_approval=yes()), UNSURE, at(HOUR + 61)) == Shift(
        1, 50, "approved by ann: quiet; it says inconclusive"
    )
    assert isinstance(decide(last, replace(UNSURE), at(HOUR + 61)), Promote)


def test_a_yes_does_not_go_on_while_something_may_be_bad():
    found = verdict("inconclusive", page="stable is equally bad")

    action = decide(rollout(deadline_approval=yes()), found, at(HOUR + 61))

    assert waits_for(action) == "data"


def test_in_a_dry_run_a_yes_goes_on_whatever_the_comparison_says():
    own = rollout(policy=policy(analysis={"dry_run": True}), deadline_approval=yes())

    action = decide(own, verdict("fail", cause="errors", watched=9.0), at(HOUR + 61))

    assert isinstance(action, Shift)
    assert action.because.startswith("approved by ann: quiet; dry run:")


def test_a_yes_starts_the_deadline_anew():
    own = rollout(shifts=(*shifts(10), *shifts(10, 50, minutes_between=62)[1:]))
    own = replace(own, deadline_approval=yes())

    before = decide(own, replace(UNSURE), at(2 * HOUR + 59))
    after = decide(own, replace(UNSURE), at(2 * HOUR + 60))

    assert deadline_of(own) == at(2 * HOUR + 60)
    assert (waits_for(before), waits_for(after)) == ("data", "approval")


def test_in_a_deadline_that_began_anew_looks_are_seldom_enough_for_the_execution():
    long = policy(deadline="5000m", check_every="1m")
    own = rollout(policy=long, shifts=shifts(10, 50, minutes_between=5001))
    own = replace(own, deadline_approval=yes(5000 * 60, 5000 * 60 + 1))

    action = decide(own, verdict("inconclusive", 1), at(minutes=5002))

    assert isinstance(action, Hold)
    assert action.wait_seconds == 600


def test_what_was_asked_about_an_earlier_step_is_not_asked_any_more():
    """It passed that step meanwhile: neither a yes nor the expiry is meant for this one."""
    own = rollout(shifts=shifts(10, 50, minutes_between=70), deadline_approval=question())
    agreed = replace(own, deadline_approval=yes(after=71 * 60))

    assert asked(own) is None
    assert waits_for(decide(own, verdict("inconclusive", 1), at(minutes=71))) == "data"
    assert waits_for(decide(own, verdict("inconclusive", 1), at(minutes=79))) == "approval"
    assert isinstance(decide(agreed, verdict("inconclusive", 1), at(minutes=79)), Hold)


@pytest.mark.parametrize(
    ("found", "minutes"),
    [
        (verdict("no_data"), 90),
        (verdict("inconclusive", missing_requests=8), 90),
        (verdict("inconclusive", missing_seconds=8.0), 90),
        (verdict("inconclusive"), 60),
        (verdict("inconclusive", missing_requests=8, page="stable is equally bad"), 60),
    ],
)
def test_extend_moves_the_deadline_while_requests_are_what_is_missing(found, minutes):
    own = rollout(policy=policy(no_data="extend"))

    assert ends_at(own, found) == at(minutes=minutes)
    assert waits_for(decide(own, found, at(minutes=minutes - 1))) == "data"
    late = decide(own, found, at(minutes=minutes))
    assert isinstance(late, RollBack) or waits_for(late) == "approval"


def test_only_extend_moves_the_deadline():
    assert ends_at(rollout(), verdict("no_data")) == at(minutes=60)
