"""What a look has a person know: written down, so that it is told once."""

from dataclasses import replace

from rollouts.actions import Hold, RollBack, Shift, Stop
from rollouts.deciding import decide
from rollouts.telling import due, note
from tests.unit.functions.rollouts.builders import (
    OTHER_EXECUTION,
    at,
    driver,
    policy,
    rollout,
    seen,
    shifts,
    verdict,
    waiting,
)

HOUR = 60 * 60
UNSURE = verdict("inconclusive", missing_requests=1800, missing_seconds=900.4)
PAGE = verdict("inconclusive", page="stable is equally bad")
ALERT = policy(analysis={"watch_action": "alert"})
FULL = verdict("fail", 2, cause="full", watched=10.0)


def noted(own, found, now):
    return note(seen(own), driver(), found, now)


def is_due(own, found, now):
    return due(own, found, decide(own, found, now), now)


def after(decision):
    assert decision.change is not None
    assert decision.change.split is None
    return decision.change.record.rollout


def test_a_person_is_asked_at_the_deadline_once():
    own = rollout()

    assert not is_due(own, UNSURE, at(HOUR - 1))
    assert is_due(own, UNSURE, at(HOUR))
    first = noted(own, UNSURE, at(HOUR))
    second = noted(after(first), UNSURE, at(HOUR + 1))

    assert after(first).deadline_approval == waiting(asked_at=at(HOUR), expires_at=at(25 * HOUR))
    assert after(first).verdict == "it says inconclusive"
    assert isinstance(first.action, Hold)
    assert first.action.waits_for == "approval"
    assert not is_due(after(first), UNSURE, at(HOUR + 1))
    assert (second.change, second.notices) == (None, ())


def test_what_is_told_names_the_decision_that_led_to_it():
    found = {"id": "dece1550", "kind": "inconclusive"}

    decision = note(seen(rollout()), driver(), UNSURE, at(HOUR), found)

    assert [one.decision for one in decision.notices] == [found]


def test_a_question_says_what_is_missing_and_what_becomes_of_the_answers():
    (notice,) = noted(rollout(), UNSURE, at(HOUR)).notices

    assert notice.kind == "approval.requested"
    assert (notice.percent_before, notice.percent_after) == (10, 10)
    assert notice.because == (
        "api-2 has 10 % and was not promoted within 1h; nothing bad was seen, but too little to"
        " judge by: it says inconclusive; 1,800 more requests, 15m at the present rate, are"
        " missing. approve goes on to 50 %; deny, or no answer for 1d, rolls back"
    )


def test_a_question_without_a_rate_or_at_the_last_step_says_so_much_less():
    unknown = verdict("inconclusive", missing_requests=8)
    last = rollout(shifts=shifts(10, 50, 100))

    (few,) = noted(rollout(), unknown, at(HOUR)).notices
    (none,) = noted(last, verdict("no_data", 2), at(HOUR)).notices

    assert "it says inconclusive; 8 more requests are missing. approve" in few.because
    assert "it says no_data. approve goes on to promotion" in none.because


def test_a_second_deadline_is_asked_about_anew():
    agreed = waiting(asked_at=at(10), expires_at=at(HOUR), decision="approved", by="ann", at=at(20))
    own = rollout(shifts=shifts(10, 50), deadline_approval=agreed)

    decision = noted(own, verdict("inconclusive", 1), at(HOUR + 20))

    assert after(decision).deadline_approval.asked_at == at(HOUR + 20)
    assert after(decision).deadline_approval.decision == ""


def test_stable_that_fails_too_is_told_once_an_onset():
    first = noted(rollout(), PAGE, at(60))
    known = after(first)

    assert [one.kind for one in first.notices] == ["verdict.page"]
    assert first.notices[0].because == "stable is equally bad"
    assert isinstance(first.action, Hold)
    assert not is_due(known, PAGE, at(900))
    assert not is_due(known, verdict("inconclusive"), at(60 + 299))
    over = noted(known, verdict("inconclusive"), at(60 + 300))
    assert (after(over).paged_at, over.notices) == (None, ())
    assert [one.kind for one in noted(after(over), PAGE, at(400)).notices] == ["verdict.page"]


def test_errors_at_100_percent_that_take_nothing_back_are_told_once_a_rollout():
    own = rollout(policy=ALERT, shifts=shifts(10, 50, 100))

    first = noted(own, FULL, at(700))

    assert [one.kind for one in first.notices] == ["verdict.alert"]
    assert (first.notices[0].because, after(first).alerted_at) == ("it says fail", at(700))
    assert isinstance(first.action, Hold)
    assert not is_due(after(first), FULL, at(710))


def test_what_is_rolled_back_tells_that_alone():
    own = rollout()

    assert isinstance(decide(own, PAGE, at(HOUR)), RollBack)
    assert not is_due(own, PAGE, at(HOUR))
    assert not is_due(own, verdict("fail"), at(60))


def test_what_was_decided_meanwhile_is_decided_again():
    """Another look's shift came between: the new step has its own window."""
    own = rollout(shifts=shifts(10, 50, minutes_between=60))

    decision = noted(own, UNSURE, at(HOUR + 1))

    assert isinstance(decision.action, Hold)
    assert decision.action.waits_for == "data"
    assert (decision.change, decision.notices) == (None, ())


def test_a_rollout_that_has_no_traffic_or_has_ended_tells_nothing():
    waits, ended = rollout("verified"), rollout("promoted")

    assert isinstance(noted(waits, PAGE, at(60)).action, Shift)
    assert not is_due(waits, PAGE, at(60))
    assert isinstance(noted(ended, PAGE, at(60)).action, Stop)
    assert not is_due(ended, PAGE, at(60))


def test_only_the_driver_writes_and_only_on_what_nobody_else_changed():
    own = rollout()

    other = note(seen(own), driver(OTHER_EXECUTION), UNSURE, at(HOUR))
    foreign = note(replace(seen(own), generation=9), driver(), UNSURE, at(HOUR))

    assert isinstance(other.action, Stop)
    assert other.change is None
    assert isinstance(foreign.action, Stop)
    assert after(foreign).deadline_approval is None
