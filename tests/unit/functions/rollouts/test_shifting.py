"""How a canary gets its share."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.actions import Hold, RollBack, Shift, Stop
from rollouts.freezing import Closed
from rollouts.instants import show_instant
from rollouts.record import ApprovalGiven, ShiftDone
from rollouts.shifting import promote, shift, verified
from rollouts.traffic import Entry
from tests.unit.functions.rollouts.builders import (
    CANARY,
    NOW,
    OTHER_EXECUTION,
    STABLE,
    at,
    driver,
    policy,
    revision,
    rollout,
    seen,
    shifts,
    step,
)

READY = revision()
FIRST = Shift(0, 10, "smoke tests passed").as_json()
SECOND = Shift(1, 50, "0 of 300 requests failed").as_json()
MOVED = (Entry(STABLE, 40), Entry(CANARY, 60))


def rolled(decision):
    assert decision.change is not None
    assert decision.change.record.rollout is not None
    return decision.change.record.rollout


def test_the_first_shift_gives_the_canary_its_first_share():
    decision = shift(seen(rollout("verified")), step(FIRST), READY, NOW)

    own = rolled(decision)
    assert decision.change is not None
    assert decision.change.split == (
        Entry(STABLE, 90),
        Entry(CANARY, 10),
        Entry(CANARY, 0, "canary"),
    )
    assert (own.state, own.shifts) == ("shifting", (ShiftDone(NOW, 0, 10),))
    assert own.because == "smoke tests passed"
    assert decision.action == Hold(10, "api-2 has 10 %", "data", at(minutes=60))
    (notice,) = decision.notices
    assert (notice.kind, notice.percent_before, notice.percent_after) == ("traffic.shifted", 0, 10)


def test_a_later_shift_notes_the_verdict_that_led_to_it():
    decision = shift(seen(rollout()), step(SECOND), READY, at(minutes=5))

    own = rolled(decision)
    assert own.shifts == (*shifts(10), ShiftDone(at(minutes=5), 1, 50))
    assert own.verdict == "0 of 300 requests failed"
    assert isinstance(decision.action, Hold)
    assert decision.action.until == at(minutes=60)


def test_a_share_of_100_leaves_stable_out_of_the_split():
    own = rollout(shifts=shifts(10, 50))

    decision = shift(seen(own), step({"kind": "shift", "step": 2}), READY, NOW)

    assert decision.change is not None
    assert decision.change.split == (Entry(CANARY, 100), Entry(CANARY, 0, "canary"))


def test_the_percent_is_the_policys_and_not_the_requests():
    decision = shift(
        seen(rollout("verified")), step({"kind": "shift", "step": 0, "percent": 99}), READY, NOW
    )

    assert rolled(decision).percent == 10


@pytest.mark.parametrize("asked", [0, 1])
def test_a_shift_that_was_done_is_not_done_again(asked):
    own = rollout(shifts=shifts(10, 50))

    decision = shift(seen(own), step({"step": asked}), READY, at(minutes=20))

    assert decision.action == Hold(10, "api-2 has 50 %", "data", at(minutes=60))
    assert decision.change is None
    assert len(decision.notices) == asked


def test_a_shift_that_is_repeated_tells_the_same_event_once_more():
    """Whoever wrote it may have died before telling it."""
    (first,) = shift(seen(rollout()), step({"step": 1}), READY, at(minutes=5)).notices
    after = rollout(shifts=shifts(10, 50))

    (again,) = shift(seen(after), step({"step": 1}), READY, at(minutes=6)).notices

    assert again.as_cloud_event()["id"] == first.as_cloud_event()["id"]
    assert (again.percent_before, again.percent_after) == (10, 50)


def test_a_promotion_that_is_repeated_tells_the_same_event_once_more():
    own = rollout(shifts=shifts(10, 50, 100))
    first = promote(seen(own), step({"kind": "promote"}), at(minutes=15))
    assert first.change is not None

    again = promote(seen(first.change.record.rollout), step({"kind": "promote"}), at(minutes=16))

    assert again.action == first.action
    assert [one.as_cloud_event()["id"] for one in again.notices] == [
        one.as_cloud_event()["id"] for one in first.notices
    ]


def test_another_executions_promotion_is_not_told_again():
    theirs = rollout("promoted", execution=OTHER_EXECUTION)

    assert promote(seen(theirs), step({"kind": "promote"}), at(minutes=16)).notices == ()


@pytest.mark.parametrize("asked", [2, 99, None, "1", -1])
def test_a_step_that_is_not_the_next_one_changes_nothing(asked):
    for own in (rollout("verified"), rollout()):
        decision = shift(seen(own), step({"step": asked}), READY, NOW)

        assert isinstance(decision.action, Hold)
        assert (decision.change, decision.notices) == (None, ())


def test_there_is_no_step_after_the_last():
    own = rollout(shifts=shifts(10, 50, 100))

    decision = shift(seen(own), step({"step": 3}), READY, NOW)

    assert decision.action == Hold(1, "step 3 is not the next one", "data")


@pytest.mark.parametrize("state", ["deploying", "deployed"])
def test_a_canary_that_is_not_verified_gets_no_share(state):
    """Its driver comes here after the smoke test alone: the record must have gone back."""
    decision = shift(seen(rollout(state)), step(FIRST), READY, NOW)

    assert isinstance(decision.action, Stop)
    assert f"the record went back to {state}" in decision.action.because
    assert decision.change is not None
    assert decision.change.split is None


def test_a_closed_gate_holds_the_first_shift():
    own = rollout("verified", policy=policy(approval={"by": "manual"}))

    decision = shift(seen(own), step(FIRST), READY, NOW)

    assert isinstance(decision.action, Hold)
    assert decision.action.waits_for == "approval"
    assert rolled(decision).shifts == ()


@pytest.mark.parametrize(
    ("canary", "because"),
    [
        (None, "api-2 is not Ready: it does not exist any more"),
        (revision(readiness="failed", reason="it crashed"), "api-2 is not Ready: it crashed"),
    ],
)
def test_a_canary_that_is_not_ready_any_more_is_rolled_back(canary, because):
    decision = shift(seen(rollout()), step(SECOND), canary, NOW)

    assert decision.action == RollBack(because, refuse=False)
    assert decision.change is None


PENDING = revision(readiness="pending", reason="MIN_INSTANCES_WARMING")


def test_a_canary_whose_readiness_is_only_changing_is_waited_for():
    decision = shift(seen(rollout()), step(SECOND), PENDING, NOW)

    assert isinstance(decision.action, Hold)
    assert decision.action.waits_for == "revision"
    assert decision.change is None


def test_a_canary_that_never_gets_ready_again_is_given_up():
    own = rollout("verified", policy=policy(ready_within="1m", window="1m"))

    early = shift(seen(own), step(FIRST), PENDING, own.claimed_at + dt.timedelta(seconds=119))
    late = shift(seen(own), step(FIRST), PENDING, own.claimed_at + dt.timedelta(seconds=120))

    assert isinstance(early.action, Hold)
    assert late.action == RollBack("api-2 is not Ready: MIN_INSTANCES_WARMING", refuse=False)


@pytest.mark.parametrize(("seconds", "moves"), [(0, True), (50, True), (51, False)])
def test_a_verdict_moves_traffic_only_while_it_is_fresh(seconds, moves):
    """Two looks of 10 s and half a minute: then what it spoke of may have gone bad."""
    decided = SECOND | {"decided_at": show_instant(NOW - dt.timedelta(seconds=seconds))}

    decision = shift(seen(rollout()), step(decided), READY, NOW)

    assert (decision.change is not None) is moves
    if not moves:
        assert decision.action == Hold(1, "the verdict is old: look again", "data")


def test_an_old_verdict_promotes_nothing():
    own = rollout(shifts=shifts(10, 50, 100))
    old = {"kind": "promote", "decided_at": show_instant(NOW - dt.timedelta(minutes=5))}

    decision = promote(seen(own), step(old), NOW)

    assert decision.change is None
    assert isinstance(decision.action, Hold)


def test_the_first_shift_stands_on_no_verdict_that_could_grow_old():
    old = FIRST | {"decided_at": show_instant(NOW - dt.timedelta(days=1))}

    assert shift(seen(rollout("verified")), step(old), READY, NOW).change is not None


FROZEN = Closed("every day", "frozen until 13:00 (every day)", at(minutes=60))


@pytest.mark.parametrize(
    ("own", "action"), [(rollout("verified"), FIRST), (rollout("shifting"), SECOND)]
)
def test_a_closed_line_holds_the_first_share_and_the_next(own, action):
    decision = shift(seen(own), step(action), READY, at(minutes=5), FROZEN)

    assert isinstance(decision.action, Hold)
    assert (decision.action.waits_for, decision.action.until) == ("freeze", FROZEN.until)
    assert rolled(decision).shifts == own.shifts


def test_in_a_freeze_a_person_is_asked_all_the_same():
    own = rollout("verified", policy=policy(approval={"by": "manual"}))

    decision = shift(seen(own), step(FIRST), READY, NOW, FROZEN)

    assert isinstance(decision.action, Hold)
    assert decision.action.waits_for == "approval"


def test_a_persons_no_at_the_deadline_is_heard_in_a_freeze():
    no = ApprovalGiven(NOW, at(minutes=90), "denied", "ann", at(minutes=61))
    own = rollout(deadline_approval=no)

    decision = shift(seen(own), step(SECOND), READY, at(minutes=62), FROZEN)

    assert decision.action == RollBack("denied by ann", refuse=False)


def test_a_share_that_is_given_past_a_closed_line_says_so_in_record_and_event():
    own = rollout("verified", override_freeze="execution e1: checkout is down")

    decision = shift(seen(own), step(FIRST), READY, NOW, FROZEN)

    said = "smoke tests passed; not held by every day, by execution e1: checkout is down"
    assert rolled(decision).percent == 10
    assert rolled(decision).because == said
    assert [one.because for one in decision.notices] == [said]


def test_a_placeholder_is_replaced_in_one_step():
    decision = shift(seen(rollout("verified", placeholder=True)), step({"step": 0}), READY, NOW)

    assert rolled(decision).percent == 100


def test_a_smoke_test_that_passed_is_noted_once():
    line = "smoke tests passed: /health/ready, slowest 12 ms"
    first = verified(seen(rollout("deployed")), step(), line, NOW)
    second = verified(seen(rolled(first)), step(), line, NOW)

    assert (rolled(first).state, rolled(first).verified) == ("verified", line)
    (notice,) = first.notices
    assert (notice.kind, notice.percent_before, notice.percent_after) == ("rollout.verified", 0, 0)
    assert first.action == Shift(0, 10, line)
    assert second.action == Shift(0, 10, line)
    assert (second.change, second.notices) == (None, ())


def test_a_canary_with_all_of_the_traffic_is_promoted_and_loses_its_tag():
    own = rollout(shifts=shifts(10, 50, 100))

    decision = promote(seen(own), step({"kind": "promote", "because": "0 of 900"}), at(minutes=15))

    ended = rolled(decision)
    assert decision.change is not None
    assert decision.change.split == (Entry(CANARY, 100),)
    assert (ended.state, ended.because, ended.ended_by) == ("promoted", "0 of 900", "barq")
    assert decision.action == Stop("promoted", "0 of 900")
    assert decision.action.go_on
    (notice,) = decision.notices
    assert (notice.kind, notice.percent_before, notice.percent_after) == (
        "rollout.promoted",
        100,
        100,
    )


@pytest.mark.parametrize("own", [rollout("verified"), rollout(), rollout(shifts=shifts(10, 50))])
def test_below_100_percent_there_is_nothing_to_promote(own):
    decision = promote(seen(own), step({"kind": "promote"}), NOW)

    assert isinstance(decision.action, Hold)
    assert "nothing to promote" in decision.action.because
    assert decision.change is None


def do_shift(service, request):
    return shift(service, request, READY, NOW)


def do_promote(service, request):
    return promote(service, request, NOW)


def do_verified(service, request):
    return verified(service, request, "passed", NOW)


EVERY = pytest.mark.parametrize("act", [do_shift, do_promote, do_verified])


@pytest.mark.parametrize(
    ("act", "done"), [(do_shift, shifts(10)), (do_promote, shifts(10, 50, 100))]
)
def test_a_persons_no_since_the_verdict_is_heard(act, done):
    no = ApprovalGiven(at(0), at(60), "denied", "ann@example.com", at(30), "not today")

    decision = act(seen(rollout(shifts=done, deadline_approval=no)), step(SECOND))

    assert decision.change is None
    assert decision.action == RollBack("denied by ann@example.com: not today", refuse=False)


@EVERY
def test_a_persons_traffic_stops_the_rollout_and_is_not_overwritten(act):
    decision = act(seen(rollout(), split=MOVED), step(SECOND))

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "stopped"
    assert "traffic is api-2 60 %, api-1 40 %" in decision.action.because
    assert decision.change is not None
    assert decision.change.split is None


@EVERY
@pytest.mark.parametrize("state", ["promoted", "rolled_back", "stopped", "superseded"])
def test_nothing_moves_after_an_end(act, state):
    decision = act(seen(rollout(state)), step(SECOND))

    assert isinstance(decision.action, Stop)
    assert decision.change is None


@EVERY
def test_another_execution_moves_nothing(act):
    decision = act(seen(rollout()), step(SECOND, driver=driver(OTHER_EXECUTION)))

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "superseded"
    assert decision.change is None


@given(
    done=st.integers(0, 3),
    asked=st.integers(-3, 5) | st.none() | st.text(max_size=2),
    minutes=st.integers(0, 10_000),
)
def test_traffic_only_ever_grows_by_the_next_step_of_the_policy(done, asked, minutes):
    own = rollout("shifting" if done else "verified", shifts=shifts(*(10, 50, 100)[:done]))

    decision = shift(seen(own), step({"step": asked}), READY, at(minutes=minutes))

    if decision.change is not None:
        assert asked == done
        assert rolled(decision).percent == (10, 50, 100)[done]


def test_a_long_reason_is_cut():
    decision = shift(seen(rollout("verified")), step({"step": 0, "because": "x" * 900}), READY, NOW)

    assert len(rolled(decision).because) == 500


def test_no_look_comes_later_than_the_deadline():
    """A record may hold a policy that was taken before `check_every` had a limit."""
    seldom = policy(check_every="2h", deadline="1h")

    begun = shift(seen(rollout("verified", policy=seldom)), step(FIRST), READY, NOW)
    shifted = rollout(shifts=shifts(10, 50), policy=seldom)
    late = shift(seen(shifted), step(FIRST), READY, at(minutes=59))
    over = shift(seen(shifted), step(FIRST), READY, at(minutes=70))

    assert begun.action == Hold(3600, "api-2 has 10 %", "data", at(minutes=60))
    assert late.action == Hold(60, "api-2 has 50 %", "data", at(minutes=60))
    assert over.action == Hold(1, "api-2 has 50 %", "data", at(minutes=60))


def test_a_canary_that_does_not_get_ready_is_not_looked_at_later_than_it_is_given_up():
    own = rollout("verified", policy=policy(ready_within="1m", window="1m", check_every="10m"))

    decision = shift(seen(own), step(FIRST), PENDING, own.claimed_at + dt.timedelta(seconds=30))

    assert decision.action == Hold(90, "api-2 is not Ready: MIN_INSTANCES_WARMING", "revision")
