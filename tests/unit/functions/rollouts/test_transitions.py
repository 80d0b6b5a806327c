"""Every write is a transition of the state machine, and nothing else is written."""

from dataclasses import replace
from typing import get_args

import pytest

from rollouts.errors import NoTransition
from rollouts.record import FINAL, Record, ShiftDone, State, Waiting
from rollouts.seen import Change
from rollouts.traffic import Entry, split_of
from rollouts.transitions import BY_NAME, TRANSITIONS, Name, check, made
from tests.unit.functions.rollouts.builders import (
    CALLBACK,
    CANARY,
    EXECUTION,
    NOW,
    OTHER_EXECUTION,
    STABLE,
    at,
    rollout,
    seen,
    shifts,
    waiting,
)

STATES = get_args(State)
ANSWERED = waiting(decision="approved", by="ann", at=NOW)
QUEUED = Waiting("9", OTHER_EXECUTION, CALLBACK, rollout().build, NOW)


def names(before, after):
    """Return the transitions between two rollouts, either of them None, or two records."""
    records = [one if isinstance(one, Record) else Record(rollout=one) for one in (before, after)]
    return [one.name for one in made(*records)]


WALK = {
    "started": (None, rollout("deploying")),
    "adopted": (None, rollout("deployed", adopted=True)),
    "became_ready": (rollout("deploying"), rollout("deployed")),
    "probed": (rollout("deployed"), rollout("deployed", probed=object())),
    "verified": (rollout("deployed"), rollout("verified", verified="2 paths")),
    "asked": (rollout("verified"), rollout("verified", approval=waiting())),
    "answered": (rollout("verified", approval=waiting()), rollout("verified", approval=ANSWERED)),
    "shifted": (rollout("verified"), rollout("shifting")),
    "told": (rollout(), rollout(paged_at=NOW)),
    "asked_at_deadline": (rollout(), rollout(deadline_approval=waiting(), verdict="too little")),
    "answered_at_deadline": (
        rollout(deadline_approval=waiting()),
        rollout(deadline_approval=ANSWERED),
    ),
    "promoted": (rollout(shifts=shifts(10, 50, 100)), rollout("promoted")),
    "rolled_back": (rollout(), rollout("rolled_back")),
    "given_back": (rollout("rolled_back"), rollout("rolled_back", ended_at=at(minutes=9))),
    "stopped": (rollout(), rollout("stopped")),
    "superseded": (rollout(), rollout("superseded", shifts=shifts(10))),
    "woken": (rollout(), rollout(overdue_at=NOW)),
    "stuck": (rollout("promoted"), rollout("promoted", stuck_at=NOW)),
    "queued": (Record(rollout=rollout()), Record(rollout=rollout(), waiting=QUEUED)),
    "left_queue": (
        Record(rollout=rollout("promoted"), waiting=QUEUED),
        Record(rollout=rollout("promoted")),
    ),
}


@pytest.mark.parametrize("name", get_args(Name))
def test_each_transition_is_known_by_what_it_changes(name):
    assert names(*WALK[name]) == [name]


def test_the_table_names_each_transition_once_and_states_that_there_are():
    assert [one.name for one in TRANSITIONS] == list(dict.fromkeys(BY_NAME))
    assert set(BY_NAME) == set(get_args(Name))
    for one in TRANSITIONS:
        assert {*one.before, *filter(None, [one.after])} <= set(STATES)


def test_no_final_state_is_left_but_for_a_rollback():
    left = {one.name for one in TRANSITIONS if set(one.before) & FINAL}

    moving = {one.name for one in TRANSITIONS if one.traffic != "kept"}
    assert left & moving == {"rolled_back", "given_back"}
    assert left - moving == {"left_queue", "stuck", "told"}
    assert "rolled_back" not in BY_NAME["rolled_back"].before


def test_every_state_that_has_not_ended_has_a_way_to_each_end_of_a_rollout():
    for name in ("rolled_back", "stopped", "superseded"):
        assert set(BY_NAME[name].before) >= set(STATES) - FINAL


@pytest.mark.parametrize("state", STATES)
def test_a_record_that_stays_as_it_is_makes_no_transition(state):
    assert names(rollout(state), rollout(state)) == []


@pytest.mark.parametrize("state", sorted({"promoted", "rolled_back", "stopped", "superseded"}))
@pytest.mark.parametrize("after", ["deploying", "deployed", "verified", "shifting"])
def test_nothing_goes_on_after_its_end(state, after):
    with pytest.raises(NoTransition):
        names(rollout(state, shifts=()), rollout(after, shifts=(), ended_at=None))


@pytest.mark.parametrize(
    ("before", "after", "because"),
    [
        (rollout(), None, "would be lost"),
        (None, rollout("verified"), "would begin as verified"),
        (None, rollout("deploying", shifts=shifts(10)), "would begin"),
        (Record(past=("0123abcd",)), rollout("deploying"), "would begin again"),
        (rollout(), rollout(stable="api-0"), "would change its stable"),
        (rollout(), rollout(execution=OTHER_EXECUTION), "would change its execution"),
        (rollout(), rollout(shifts=shifts(10, 50, 100)), "would be shifted 2 times at once"),
        (rollout(), rollout(shifts=()), "would be shifted -1 times at once"),
        (
            rollout(),
            rollout(shifts=(*shifts(10), ShiftDone(NOW, 2, 100))),
            "would skip to step 2",
        ),
        (rollout("verified"), rollout(shifts=shifts(20)), "would skip to step 0"),
        (rollout(), rollout("promoted", shifts=shifts(10)), "would be promoted at 10 %"),
        (rollout(), rollout("rolled_back", shifts=()), "would change without a shift"),
        (rollout("verified"), rollout("deployed"), "is verified and would be became_ready"),
        (rollout("deployed"), rollout("deploying"), "is deployed and would be deploying"),
        (rollout("promoted"), rollout("stopped", shifts=shifts(10, 50, 100)), "would be stopped"),
        (rollout("deploying"), rollout("deploying", approval=waiting()), "would be asked"),
        (rollout("stopped"), rollout("stopped", because="new words"), "would be told"),
        (rollout("verified"), rollout("promoted", shifts=()), "would be promoted at 0 %"),
    ],
)
def test_what_is_no_transition_is_refused_with_what_it_would_do(before, after, because):
    with pytest.raises(NoTransition, match=because):
        names(before, after)


def test_one_write_may_supersede_one_rollout_and_start_another():
    new = rollout("deploying", id="89abcdef", execution=OTHER_EXECUTION)

    assert names(rollout(), new) == ["superseded", "started"]
    assert names(rollout("promoted"), new) == ["started"]


def test_one_write_may_take_back_what_was_promoted_before_the_present_one():
    promoted = rollout("promoted", id="00000001")
    back = replace(promoted, state="rolled_back")

    found = names(Record(rollout=rollout(), promoted=promoted), Record(rollout=back))

    assert found == ["superseded", "rolled_back"]


def test_one_write_may_ask_and_tell():
    after = rollout(deadline_approval=waiting(), paged_at=NOW)

    assert names(rollout(), after) == ["asked_at_deadline", "told"]


def test_a_record_without_any_rollout_may_be_written():
    assert names(None, Record(acted_on=("b",))) == []


def change(after, shares=None, **fields):
    split = None if shares is None else split_of(shares, ())
    return Change(Record(rollout=after), split, **fields)


def test_a_writes_traffic_is_what_its_record_says():
    shifted = rollout(shifts=shifts(10, 50))

    right = check(seen(rollout()), change(shifted, {STABLE: 50, CANARY: 50}))

    assert [one.name for one in right] == ["shifted"]
    with pytest.raises(NoTransition, match="traffic would be api-2 90 %, api-1 10 %, and"):
        check(seen(rollout()), change(shifted, {STABLE: 10, CANARY: 90}))


def test_a_transition_that_moves_traffic_writes_traffic():
    with pytest.raises(NoTransition, match="shifted would leave traffic as it is"):
        check(seen(rollout()), change(rollout(shifts=shifts(10, 50))))


def test_what_has_the_right_traffic_already_need_not_write_it():
    stable = (Entry(STABLE, 100),)
    back = rollout("rolled_back", shifts=())

    (found,) = check(seen(rollout("verified"), split=stable), change(back))

    assert found.name == "rolled_back"


def test_a_transition_that_keeps_traffic_writes_none():
    with pytest.raises(NoTransition, match="without a transition that says so"):
        check(seen(rollout()), change(rollout(paged_at=NOW), {STABLE: 90, CANARY: 10}))


def test_latest_never_gets_any_of_it():
    latest = Change(Record(rollout=rollout("rolled_back")), (Entry(None, 100),))

    with pytest.raises(NoTransition, match="whatever revision is the latest"):
        check(seen(rollout()), latest)


def test_traffic_is_not_written_without_a_rollout():
    with pytest.raises(NoTransition):
        check(seen(), Change(Record(), (Entry(STABLE, 100),)))
    assert check(seen(), Change(Record(acted_on=("b",)))) == ()


def test_who_drives_is_part_of_what_a_rollout_is():
    assert rollout().execution == EXECUTION
    with pytest.raises(NoTransition, match="callback"):
        names(rollout(), rollout(callback="https://elsewhere"))
