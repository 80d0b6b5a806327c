"""What the sweeper finds, what it does about it, and all that it leaves alone."""

from dataclasses import replace

import pytest

from rollouts.record import ApprovalGiven, Build, Record, Waiting
from rollouts.seen import hides
from rollouts.sweeping import SweepFacts, sweep
from rollouts.traffic import Entry
from rollouts.transitions import check
from tests.unit.functions.rollouts.builders import (
    CANARY,
    DIGEST,
    NOW,
    OTHER_EXECUTION,
    STABLE,
    at,
    policy,
    rollout,
    seen,
    shifts,
)

ALIVE, GONE, UNKNOWN = SweepFacts(True), SweepFacts(False), SweepFacts(unknown="no answer")
ALL_STABLE = (Entry(STABLE, 100),)
FOREIGN = (Entry("api-9", 100),)
STATES = ["deploying", "deployed", "verified", "shifting"]
HOUR = policy(deadline="1h", window="5m", ready_within="10m")
LATE = at(minutes=60)
"""The limit of a rollout that was shifted once, at NOW, and has an hour."""


def found(swept):
    return (swept.finding.kind, swept.finding.done) if swept.finding else None


def change(swept):
    assert swept.decision.change is not None
    return swept.decision.change


def finding(swept):
    assert swept.finding is not None
    return swept.finding


def written(seen_before, swept):
    """Return the rollout as it is written, and see that the state machine knows the write."""
    check(seen_before, change(swept))
    rollout_after = change(swept).record.rollout
    assert rollout_after is not None
    return rollout_after


def again(seen_before, swept):
    """Return the service as it is read after the write."""
    done = change(swept)
    split = done.split if done.split is not None else seen_before.split
    record = replace(done.record, generation=seen_before.generation)
    return replace(seen_before, split=split, served=split, record=record)


def test_a_service_that_never_had_a_rollout_is_well():
    swept = sweep(seen(), GONE, NOW)

    assert (found(swept), swept.decision.change) == (None, None)


# An execution that is gone.


@pytest.mark.parametrize("state", STATES)
def test_a_rollout_whose_execution_is_gone_gives_stable_everything(state):
    before = seen(rollout(state))

    swept = sweep(before, GONE, at(minutes=2))

    after = written(before, swept)
    assert found(swept) == ("execution_gone", "stable_back")
    assert (after.state, after.ended_by, after.shares) == ("rolled_back", "barq", {STABLE: 100})
    assert after.because == "its execution is gone (e1)"
    assert change(swept).split == ALL_STABLE
    assert change(swept).record.refused == ()
    assert [one.kind for one in swept.decision.notices] == ["rollout.rolled_back"]
    assert not finding(swept).page


def test_nothing_is_said_against_the_digest_of_a_rollout_that_lost_its_driver():
    swept = sweep(seen(rollout()), GONE, at(minutes=2))

    assert change(swept).record.refusal(DIGEST) is None


@pytest.mark.parametrize("state", STATES)
def test_a_claim_that_is_younger_than_half_a_minute_is_left_alone(state):
    own = rollout(state, claimed_at=at(-29.9))

    swept = sweep(seen(own), GONE, NOW)

    assert (found(swept), swept.decision.change) == (None, None)
    assert found(sweep(seen(own), GONE, at(0.1)))


@pytest.mark.parametrize("state", STATES)
def test_traffic_that_the_record_does_not_explain_is_not_touched_and_pages(state):
    before = seen(rollout(state), split=FOREIGN)

    swept = sweep(before, GONE, at(minutes=2))

    after = written(before, swept)
    assert found(swept) == ("execution_gone", "stopped")
    assert (after.state, after.ended_by) == ("stopped", "barq")
    assert change(swept).split is None
    assert finding(swept).page
    assert "its execution is gone (e1); traffic is api-9 100 %" in finding(swept).because


def test_an_older_object_written_back_after_the_end_is_given_back_at_once():
    """Its record says 10 %, its execution has long ended, and only the generation tells of it."""
    swept = sweep(seen(rollout(), generation=40), GONE, at(minutes=30))

    assert found(swept) == ("execution_gone", "stable_back")


@pytest.mark.parametrize("state", ["promoted", "rolled_back", "stopped", "superseded"])
def test_what_has_ended_needs_no_execution(state):
    own = rollout(state, ended_by="ann", ended_at=at(minutes=2))

    swept = sweep(seen(own), GONE, at(minutes=9))

    assert (found(swept), swept.decision.change) == (None, None)


@pytest.mark.parametrize("state", STATES)
def test_a_rollout_whose_execution_lives_is_left_alone(state):
    swept = sweep(seen(rollout(state)), ALIVE, at(minutes=4))

    assert (found(swept), swept.decision.change) == (None, None)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("lasting", [False, True])
def test_an_execution_that_nobody_can_ask_after_is_left_alone_and_said(state, lasting):
    swept = sweep(seen(rollout(state)), replace(UNKNOWN, lasting=lasting), at(minutes=4))

    assert found(swept) == ("execution_unknown", "left_alone")
    assert swept.decision.change is None
    assert (finding(swept).because, finding(swept).page) == ("no answer", lasting)


@pytest.mark.parametrize("foreign", [{"split": FOREIGN}, {"generation": 50}])
def test_a_living_driver_is_woken_to_see_what_somebody_else_wrote(foreign):
    """It may wait for a person for a day, or be at work on another target and never come back."""
    before = seen(rollout(), **foreign)

    swept = sweep(before, ALIVE, at(minutes=4))

    assert found(swept) == ("past_its_limits", "driver_woken")
    assert "and it did not stop; its driver is woken" in finding(swept).because
    woken = replace(before, record=replace(before.record, rollout=written(before, swept)))
    assert found(sweep(woken, ALIVE, at(minutes=6.9))) is None
    assert found(sweep(woken, ALIVE, at(minutes=7))) == (
        "past_its_limits",
        "stopped" if "split" in foreign else "stable_back",
    )


def test_who_was_woken_long_ago_is_woken_anew_before_stable_gets_everything():
    own = rollout(overdue_at=at(minutes=1))

    assert found(sweep(seen(own, generation=50), ALIVE, at(minutes=10))) == (
        "past_its_limits",
        "driver_woken",
    )


# A driver that does not move.


def overdue(**fields):
    return rollout(policy=HOUR, **fields)


@pytest.mark.parametrize("facts", [ALIVE, UNKNOWN, replace(ALIVE, closed=True)])
def test_a_driver_past_all_its_limits_is_woken_first(facts):
    before = seen(overdue())

    swept = sweep(before, facts, at(120, minutes=60))

    after = written(before, swept)
    assert found(swept) == ("past_its_limits", "driver_woken")
    assert (after.state, after.overdue_at) == ("shifting", at(120, minutes=60))
    assert change(swept).split is None
    assert swept.decision.notices == ()


@pytest.mark.parametrize("facts", [ALIVE, UNKNOWN])
def test_stable_gets_everything_if_the_woken_driver_does_not_move(facts):
    before = seen(overdue(overdue_at=at(minutes=62)))

    swept = sweep(before, facts, at(minutes=65))

    after = written(before, swept)
    assert found(swept) == ("past_its_limits", "stable_back")
    assert (after.state, after.shares) == ("rolled_back", {STABLE: 100})
    assert "should have gone on by 2026-11-22T13:00:00Z" in after.because
    assert change(swept).record.refused == ()


def test_a_driver_has_a_while_to_be_late_and_a_while_after_it_was_woken():
    assert found(sweep(seen(overdue()), ALIVE, at(119.9, minutes=60))) is None
    woken = seen(overdue(overdue_at=at(minutes=62)))
    assert found(sweep(woken, ALIVE, at(-0.1, minutes=65))) is None


def test_a_wake_up_of_before_is_none_for_a_new_limit():
    """It moved on after it was woken, and is late once more."""
    own = overdue(overdue_at=at(minutes=-30))

    assert found(sweep(seen(own), ALIVE, at(minutes=62))) == ("past_its_limits", "driver_woken")


@pytest.mark.parametrize(
    ("foreign", "done"),
    [({"split": FOREIGN}, "stopped"), ({"generation": 50}, "stable_back")],
)
def test_a_driver_that_does_not_move_even_when_it_is_woken_beside_another_ones_write(foreign, done):
    """The mark hides nothing from the driver: it sees what somebody else wrote, and stops."""
    before = seen(overdue(), **foreign)
    woken = sweep(before, ALIVE, at(minutes=62))
    assert found(woken) == ("past_its_limits", "driver_woken")
    assert hides(before, change(woken))

    swept = sweep(seen(overdue(overdue_at=at(minutes=62)), **foreign), ALIVE, at(minutes=65))

    assert found(swept) == ("past_its_limits", done)
    assert (change(swept).split is None) == (done == "stopped")


def test_before_the_first_shift_a_closed_line_is_waited_for():
    own = rollout("verified", policy=HOUR)

    assert found(sweep(seen(own), replace(ALIVE, closed=True), at(minutes=6000))) is None
    assert found(sweep(seen(own), ALIVE, at(minutes=6000))) == ("past_its_limits", "driver_woken")


def test_an_approval_that_may_still_be_given_is_waited_for():
    asked = ApprovalGiven(NOW, at(minutes=1440))
    own = rollout("verified", policy=HOUR, approval=asked)

    assert found(sweep(seen(own), ALIVE, at(minutes=1440))) is None
    assert found(sweep(seen(own), ALIVE, at(minutes=1442)))


# What Barq stopped, and left with a share.


def stopped(**fields):
    values = {"ended_by": "barq", "because": "someone wrote", "ended_at": at(minutes=2)}
    return rollout("stopped", **(values | fields))


def test_what_barq_stopped_with_a_share_gives_it_back():
    before = seen(stopped())

    swept = sweep(before, GONE, at(minutes=3))

    after = written(before, swept)
    assert found(swept) == ("left_with_a_share", "stable_back")
    assert (after.state, after.ended_by, after.shares) == ("rolled_back", "barq", {STABLE: 100})
    assert after.because == "it was left with 10 % when it stopped: someone wrote"


@pytest.mark.parametrize(
    ("own", "more"),
    [
        (stopped(ended_by="ann"), {}),
        (stopped(ended_at=at(150.1)), {}),
        (stopped(shifts=()), {}),
        (stopped(), {"split": FOREIGN}),
        (stopped(), {"split": (Entry(STABLE, 80), Entry(CANARY, 20))}),
        (stopped(), {"generation": 8}),
    ],
    ids=["a person's stop", "young", "no share", "moved away", "other share", "written since"],
)
def test_a_stop_is_left_alone(own, more):
    """A person's always; Barq's, as long as somebody else may have a hand in it."""
    swept = sweep(seen(own, **more), GONE, at(minutes=3))

    assert (found(swept), swept.decision.change) == (None, None)


@pytest.mark.parametrize("facts", [UNKNOWN, replace(UNKNOWN, lasting=True)])
def test_who_cannot_ask_after_executions_still_tells_of_a_split_that_is_not_served(facts):
    own = rollout("verified", claimed_at=NOW)

    swept = sweep(seen(own, served=FOREIGN), facts, at(minutes=3))

    assert found(swept) == ("not_served", "told")


# A delivery that waits for its turn.


def queued(own, **fields):
    waits = Waiting("ffff0000", OTHER_EXECUTION, "https://callback", Build(), NOW)
    return seen(record=Record(own, 6, waiting=waits), **fields)


@pytest.mark.parametrize("own", [rollout(), rollout("promoted"), stopped(ended_by="ann")])
def test_who_waits_and_is_gone_loses_its_place(own):
    before = queued(own)

    swept = sweep(before, SweepFacts(True, waiting_alive=False), at(minutes=4))

    assert written(before, swept) == own
    assert found(swept) == ("waiting_gone", "left_queue")
    assert change(swept).record.waiting is None
    assert change(swept).record.past == ("ffff0000",)


@pytest.mark.parametrize("waiting_alive", [True, None])
def test_who_waits_and_may_live_keeps_its_place(waiting_alive):
    facts = SweepFacts(True, waiting_alive=waiting_alive)

    assert found(sweep(queued(rollout()), facts, at(minutes=4))) is None


def test_a_place_in_the_queue_that_was_just_taken_is_kept():
    facts = SweepFacts(True, waiting_alive=False)

    assert found(sweep(queued(rollout()), facts, at(29))) is None


def test_who_leaves_the_queue_hides_nothing_that_somebody_else_wrote():
    facts = SweepFacts(True, waiting_alive=False)
    before = queued(rollout(overdue_at=at(minutes=3)), generation=50)

    swept = sweep(before, facts, at(minutes=4))

    assert found(swept) == ("waiting_gone", "left_queue")
    assert hides(before, change(swept))


def test_the_rollout_comes_before_the_queue():
    facts = SweepFacts(False, waiting_alive=False)

    assert found(sweep(queued(rollout()), facts, at(minutes=4))) == (
        "execution_gone",
        "stable_back",
    )


# A split that is written, and not served.

STILL = (Entry(STABLE, 100),)
BACK = (Entry(STABLE, 90), Entry(CANARY, 10))


@pytest.mark.parametrize(
    ("own", "served", "percent"),
    [
        (rollout(), STILL, 0),
        (rollout("rolled_back"), BACK, 10),
        (rollout("promoted", ended_at=at(minutes=2)), BACK, 10),
        (stopped(ended_by="ann"), STILL, 0),
    ],
    ids=["shifting", "rolled_back", "promoted", "stopped"],
)
def test_a_written_split_that_is_not_served_is_told_once(own, served, percent):
    before = seen(own, served=served)

    swept = sweep(before, ALIVE, at(minutes=3))

    after = written(before, swept)
    (notice,) = swept.decision.notices
    assert found(swept) == ("not_served", "told")
    assert finding(swept).page
    assert (notice.kind, notice.percent_after) == ("traffic.stuck", percent)
    assert "still" in notice.because
    assert (after.stuck_at, after.state) == (at(minutes=3), own.state)
    assert change(swept).split is None
    second = replace(again(before, swept), served=served)
    assert found(sweep(second, ALIVE, at(minutes=4))) is None


def test_a_rollback_that_is_not_served_is_told_in_the_drivers_own_words():
    """Both may tell it, and readers know it again by the event's id."""
    from rollouts.rolling_back import arrived  # noqa: PLC0415

    own = rollout("rolled_back")
    before = seen(own, served=BACK)

    (mine,) = sweep(before, ALIVE, at(minutes=4)).decision.notices
    (drivers,) = arrived(before, own, at(minutes=3)).notices

    assert mine.as_cloud_event()["id"] == drivers.as_cloud_event()["id"]


def test_the_next_split_that_is_not_served_is_told_anew():
    own = rollout(shifts=shifts(10, 50), stuck_at=at(minutes=2))

    swept = sweep(seen(own, served=BACK), ALIVE, at(minutes=7))

    assert found(swept) == ("not_served", "told")


@pytest.mark.parametrize(
    "before",
    [
        seen(rollout(shifts=shifts(10)), served=BACK),
        seen(rollout("rolled_back", ended_at=at(120.1)), served=BACK),
        seen(rollout("deploying"), served=FOREIGN),
        seen(rollout("promoted"), split=FOREIGN, served=BACK),
        seen(rollout("rolled_back"), served=BACK, generation=50),
    ],
    ids=["served", "young", "while the canary starts", "a person's", "written since"],
)
def test_what_is_served_or_not_ours_is_not_told(before):
    assert found(sweep(before, ALIVE, at(minutes=3))) is None


# Whatever was found, a second sweep finds nothing.


@pytest.mark.parametrize(
    ("before", "facts", "now"),
    [
        (seen(rollout()), GONE, at(minutes=2)),
        (seen(rollout(), split=FOREIGN), GONE, at(minutes=2)),
        (seen(overdue()), ALIVE, at(minutes=62)),
        (seen(overdue(overdue_at=LATE)), ALIVE, at(minutes=63)),
        (seen(overdue(), split=FOREIGN), ALIVE, at(minutes=65)),
        (seen(stopped()), GONE, at(minutes=3)),
        (queued(rollout()), SweepFacts(True, waiting_alive=False), at(minutes=2)),
    ],
)
def test_a_second_sweep_finds_nothing(before, facts, now):
    swept = sweep(before, facts, now)

    assert swept.finding is not None
    written(before, swept)
    second = sweep(again(before, swept), facts, now)
    assert (found(second), second.decision.change) == (None, None)
