"""From a verdict to the one next action."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.actions import Hold, Promote, RollBack, Shift, Stop
from rollouts.deciding import decide, first_shift, stop_for
from rollouts.policy import NoData
from rollouts.record import ApprovalGiven, ShiftDone
from rollouts.verdict import Cause, Evidence, Kind, Numbers, Verdict
from tests.unit.functions.rollouts.builders import at, policy, rollout, shifts, verdict

HOUR = 60 * 60


FAR = policy(analysis={"dry_run": True})
ALERT = policy(analysis={"watch_action": "alert"})


@pytest.mark.parametrize(
    ("done", "step", "action"),
    [
        ((10,), 0, Shift(1, 50, "it says pass")),
        ((10, 50), 1, Shift(2, 100, "it says pass")),
        ((10, 50, 100), 2, Promote("it says pass")),
    ],
)
def test_a_pass_goes_on_to_the_next_step_and_at_last_to_promotion(done, step, action):
    assert decide(rollout(shifts=shifts(*done)), verdict(step=step), at(minutes=6)) == action


def test_a_fail_rolls_back_at_once_and_refuses_the_digest():
    assert decide(rollout(), verdict("fail"), at(1)) == RollBack("it says fail", refuse=True)


@pytest.mark.parametrize("kind", ["pass", "no_data"])
def test_what_speaks_for_an_earlier_step_moves_nothing(kind):
    """Right after a shift nothing of the new step is seen: the last word is the old step's."""
    for no_data in get_args(NoData):
        own = rollout(shifts=shifts(10, 50), policy=policy(no_data=no_data))

        action = decide(own, verdict(kind, step=0), at(minutes=5))

        assert isinstance(action, Hold)


def test_what_speaks_against_an_earlier_step_rolls_back_all_the_same():
    own = rollout(shifts=shifts(10, 50))

    assert isinstance(decide(own, verdict("fail", step=0), at(minutes=5)), RollBack)


def test_past_the_deadline_a_pass_still_goes_on():
    """Nothing is missing any more, and the next step is watched whole."""
    assert isinstance(decide(rollout(), verdict(), at(HOUR)), Shift)
    last = rollout(shifts=shifts(10, 50, 100))
    assert isinstance(decide(last, verdict(step=2), at(HOUR)), Promote)


def test_a_precaution_rolls_back_without_refusing_the_digest():
    assert decide(rollout(), verdict("fail", cause="shared"), at(1)) == RollBack(
        "it says fail", refuse=False
    )


@pytest.mark.parametrize("cause", ["errors", "latency", "full", "hang", "shared"])
def test_a_dry_run_goes_on_after_the_window_and_says_what_it_would_have_done(cause):
    own = rollout(policy=FAR)

    early = decide(own, verdict("fail", cause=cause, watched=299.0), at(60))
    over = decide(own, verdict("fail", cause=cause), at(60))

    because = "dry run: would have been rolled back: it says fail"
    assert early == Hold(10, because, "data", at(HOUR))
    assert over == Shift(1, 50, because)


@pytest.mark.parametrize("cause", ["errors", "latency", "hang", "shared"])
def test_a_dry_run_is_not_held_by_a_doubt(cause):
    found = verdict("inconclusive", cause=cause)

    because = "dry run: would have been held: it says inconclusive"
    assert decide(rollout(policy=FAR), found, at(60)) == Shift(1, 50, because)
    assert isinstance(decide(rollout(), found, at(60)), Hold)


@pytest.mark.parametrize("cause", ["", "limit"])
def test_a_dry_run_is_held_by_what_is_missing_and_by_a_limit_that_both_break(cause):
    found = verdict("inconclusive", cause=cause)

    assert isinstance(decide(rollout(policy=FAR), found, at(60)), Hold)


def test_a_dry_run_acts_on_absolute_limits():
    own = rollout(policy=FAR)

    assert decide(own, verdict("fail", cause="limit"), at(60)) == RollBack("it says fail")


def test_a_dry_run_does_not_leave_a_step_for_what_failed_in_an_earlier_one():
    own = rollout(policy=FAR, shifts=shifts(10, 50))

    assert isinstance(decide(own, verdict("fail", cause="errors", step=0), at(301)), Hold)


def test_at_100_percent_an_alert_in_the_place_of_a_rollback_lets_the_window_end():
    own = rollout(policy=ALERT, shifts=shifts(10, 50, 100))

    early = decide(own, verdict("fail", 2, cause="full", watched=299.0), at(601))
    over = decide(own, verdict("fail", 2, cause="full"), at(900))

    assert isinstance(early, Hold)
    assert over == Promote("watch_action: alert: it says fail")


@pytest.mark.parametrize(
    ("done", "cause"), [((10, 50, 100), "errors"), ((10, 50, 100), "limit"), ((10, 50), "full")]
)
def test_anything_else_rolls_back_although_errors_at_100_percent_only_alert(done, cause):
    own = rollout(policy=ALERT, shifts=shifts(*done))

    assert isinstance(decide(own, verdict("fail", 2, cause=cause), at(900)), RollBack)


@pytest.mark.parametrize(
    ("watched", "seconds", "expected"),
    [(0.9, 15, Hold), (10.0, 20, Promote), (0.0, 59, Hold), (0.0, 60, Promote)],
)
def test_a_first_image_after_the_placeholder_is_promoted_after_a_glance(watched, seconds, expected):
    own = rollout(placeholder=True, shifts=(ShiftDone(at(), 0, 100),))

    found = verdict("no_data", settled=False, watched=watched)

    assert isinstance(decide(own, found, at(seconds)), expected)
    assert isinstance(decide(own, verdict("fail", watched=watched), at(seconds)), RollBack)


def test_a_glance_at_the_first_image_is_no_longer_than_a_window():
    quick = policy(window="2s", check_every="1s")
    own = rollout(placeholder=True, shifts=(ShiftDone(at(), 0, 100),), policy=quick)

    assert isinstance(decide(own, verdict("inconclusive", watched=2.0), at(4)), Promote)
    assert decide(own, verdict("inconclusive", watched=1.9), at(59.5)) == Hold(
        1, "it says inconclusive", "data", at(60)
    )


def test_a_hold_says_why_what_it_waits_for_and_until_when():
    assert decide(rollout(), verdict("inconclusive"), at(60)) == Hold(
        10, "it says inconclusive", "data", at(HOUR)
    )


@pytest.mark.parametrize(
    ("watched", "now", "wait"),
    [
        (0.0, at(60), 10),
        (295.5, at(60), 10),
        (300.0, at(60), 10),
        (0.0, at(HOUR - 3), 3),
        (0.0, at(HOUR - 0.2), 1),
    ],
)
def test_the_next_look_comes_after_check_every_and_no_later_than_the_deadline(watched, now, wait):
    """Not at the window's end: what is watched grows a period at a time, and looks cost quota."""
    action = decide(rollout(), verdict("inconclusive", watched=watched), now)

    assert isinstance(action, Hold)
    assert action.wait_seconds == wait


@pytest.mark.parametrize(
    ("no_data", "settled", "expected"),
    [
        ("hold", True, Hold),
        ("hold", False, Hold),
        ("pass", True, Shift),
        ("pass", False, Hold),
        ("roll_back", True, RollBack),
        ("roll_back", False, Hold),
    ],
)
def test_silence_means_what_the_policy_says_once_waiting_would_show_no_more(
    no_data, settled, expected
):
    own = rollout(policy=policy(no_data=no_data))

    assert isinstance(decide(own, verdict("no_data", settled=settled), at(60)), expected)


def test_a_step_that_passed_unseen_says_so():
    own = rollout(policy=policy(no_data="pass"))

    assert decide(own, verdict("no_data"), at(60)).because == "it says no_data; no_data: pass"


def test_a_rollback_for_silence_does_not_refuse_the_digest():
    own = rollout(policy=policy(no_data="roll_back"))

    assert decide(own, verdict("no_data"), at(60)) == RollBack(
        "it says no_data; no_data: roll_back", refuse=False
    )


def test_before_the_first_shift_there_is_nothing_to_judge():
    assert decide(rollout("verified", verified="passed"), verdict("fail", -1), at(0)) == Shift(
        0, 10, "passed"
    )
    assert first_shift(rollout("deployed")) == Shift(0, 10, "nothing to judge at 0 %")
    assert first_shift(rollout("deployed", placeholder=True)) == Shift(
        0, 100, "the stable revision is the installer's placeholder"
    )


@pytest.mark.parametrize("state", ["promoted", "rolled_back", "stopped", "superseded"])
def test_an_ended_rollout_stops_whatever_the_verdict(state):
    own = rollout(state, because="so it was")

    assert decide(own, verdict(), at(0)) == Stop(state, "so it was") == stop_for(own)


def test_a_rollout_under_way_has_no_end_to_tell():
    with pytest.raises(AssertionError):
        stop_for(rollout())


EVIDENCE = st.builds(Evidence, *[st.floats(0, 1e6) for _ in ("errors", "latency", "full", "total")])
VERDICTS = st.builds(
    Verdict,
    st.sampled_from(get_args(Kind)),
    st.just("because"),
    st.builds(
        Numbers,
        step=st.integers(-1, 2),
        percent=st.integers(0, 100),
        canary_requests=st.integers(0, 1000),
        canary_errors=st.integers(0, 1000),
        stable_requests=st.integers(0, 1000),
        stable_errors=st.integers(0, 1000),
        canary_p95_ms=st.none() | st.floats(0, 1000),
        watched_seconds=st.floats(0, 1000),
        window_seconds=st.just(300.0),
    ),
    settled=st.booleans(),
    missing_requests=st.integers(0, 3),
    missing_seconds=st.none() | st.floats(0, 1000),
    cause=st.sampled_from(get_args(Cause)),
    page=st.sampled_from(["", "stable is equally bad"]),
    evidence=EVIDENCE,
)
ASKED = st.none() | st.builds(
    ApprovalGiven,
    asked_at=st.integers(0, 3 * HOUR).map(at),
    expires_at=st.integers(3 * HOUR, 9 * HOUR).map(at),
    decision=st.sampled_from(["", "approved", "denied"]),
    by=st.just("ann"),
    at=st.integers(0, 3 * HOUR).map(at),
)
SECONDS = st.integers(0, 3 * HOUR)
DONE = st.sampled_from([(10,), (10, 50), (10, 50, 100)])


@given(VERDICTS, SECONDS, DONE, st.sampled_from(get_args(NoData)), ASKED, st.booleans())
def test_traffic_only_grows_on_a_pass_a_persons_yes_or_as_the_policy_says(
    found, seconds, done, no_data, asked, dry_run
):
    own = rollout(
        shifts=shifts(*done),
        policy=policy(no_data=no_data, analysis={"dry_run": dry_run}),
        deadline_approval=asked,
    )

    action = decide(own, found, at(seconds))

    if isinstance(action, Shift | Promote):
        yes = asked is not None and asked.decision == "approved"
        unseen = (found.kind, no_data, found.settled) == ("no_data", "pass", True)
        assert yes or found.numbers.step == len(done) - 1
        compared = dry_run and found.cause not in ("", "limit")
        assert yes or found.kind == "pass" or unseen or compared
        assert asked is None or asked.decision != "denied"
    if isinstance(action, Shift):
        assert action.step == len(done)
        assert action.percent == own.steps[action.step]
    if found.kind == "fail" and not dry_run:
        assert isinstance(action, RollBack)


@given(VERDICTS, SECONDS, DONE, st.sampled_from(get_args(NoData)), ASKED)
def test_a_hold_never_spins_and_never_lasts_longer_than_what_it_waits_for(
    found, seconds, done, no_data, asked
):
    own = rollout(shifts=shifts(*done), policy=policy(no_data=no_data), deadline_approval=asked)

    action = decide(own, found, at(seconds))

    assert action == decide(own, replace(found), at(seconds))
    if isinstance(action, Hold):
        assert action.wait_seconds >= 1
        assert action.until is not None
        assert at(seconds) < action.until
        assert at(seconds + action.wait_seconds) <= action.until
