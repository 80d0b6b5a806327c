"""From a verdict to the one next action."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.actions import Hold, Promote, RollBack, Shift, Stop
from rollouts.deciding import decide, first_shift, stop_for
from rollouts.judging import Kind, Numbers, Verdict
from rollouts.policy import NoData
from rollouts.record import ShiftDone
from tests.unit.functions.rollouts.builders import at, policy, rollout, shifts

HOUR = 60 * 60


def numbers(step=0, watched=300.0):
    return Numbers(step, 10, 300, 0, 2700, 1, None, watched, 300.0)


def verdict(kind="pass", step=0, *, watched=300.0, settled=True):
    return Verdict(kind, f"it says {kind}", numbers(step, watched), settled=settled)


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


@pytest.mark.parametrize("kind", ["inconclusive", "no_data"])
@pytest.mark.parametrize(
    ("seconds", "expected"), [(HOUR - 1, Hold), (HOUR, RollBack), (HOUR + 1, RollBack)]
)
def test_what_nobody_can_judge_by_the_deadline_goes_back(kind, seconds, expected):
    action = decide(rollout(), verdict(kind), at(seconds))

    assert isinstance(action, expected)


def test_a_deadline_names_itself_and_does_not_refuse_the_digest():
    assert decide(rollout(), verdict("inconclusive"), at(HOUR)) == RollBack(
        "not promoted within 1h: it says inconclusive", refuse=False
    )


def test_a_deadline_counts_from_the_first_shift():
    own = rollout(shifts=shifts(10, 50, minutes_between=50))

    assert isinstance(decide(own, verdict("inconclusive", 1), at(minutes=59)), Hold)
    assert isinstance(decide(own, verdict("inconclusive", 1), at(minutes=60)), RollBack)


def test_past_the_deadline_a_pass_promotes_but_no_longer_shifts():
    shifting, last = rollout(), rollout(shifts=shifts(10, 50, 100))

    assert isinstance(decide(shifting, verdict(), at(HOUR - 1)), Shift)
    assert isinstance(decide(shifting, verdict(), at(HOUR)), RollBack)
    assert isinstance(decide(last, verdict(step=2), at(HOUR)), Promote)


def test_a_first_image_after_the_placeholder_is_promoted_at_once():
    own = rollout(placeholder=True, shifts=(ShiftDone(at(), 0, 100),))

    assert isinstance(decide(own, verdict("no_data", settled=False), at(1)), Promote)
    assert isinstance(decide(own, verdict("fail"), at(1)), RollBack)


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
)
SECONDS = st.integers(0, 3 * HOUR)
DONE = st.sampled_from([(10,), (10, 50), (10, 50, 100)])


@given(VERDICTS, SECONDS, DONE, st.sampled_from(get_args(NoData)))
def test_traffic_only_grows_on_a_pass_or_on_silence_that_the_policy_lets_pass(
    found, seconds, done, no_data
):
    own = rollout(shifts=shifts(*done), policy=policy(no_data=no_data))

    action = decide(own, found, at(seconds))

    if isinstance(action, Shift | Promote):
        assert found.numbers.step == len(done) - 1
        assert found.kind == "pass" or (found.kind, no_data, found.settled) == (
            "no_data",
            "pass",
            True,
        )
    if isinstance(action, Shift):
        assert action.step == len(done)
        assert action.percent == own.steps[action.step]


@given(VERDICTS, SECONDS, DONE, st.sampled_from(get_args(NoData)))
def test_a_hold_is_short_enough_and_never_past_the_deadline(found, seconds, done, no_data):
    own = rollout(shifts=shifts(*done), policy=policy(no_data=no_data))

    action = decide(own, found, at(seconds))

    assert action == decide(own, replace(found), at(seconds))
    if isinstance(action, Hold):
        assert seconds < HOUR
        assert 1 <= action.wait_seconds <= 10
        assert seconds + action.wait_seconds <= HOUR
