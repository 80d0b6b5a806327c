"""What travels from look to look: whole, of this rollout, or as good as lost."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.assembling import gather
from rollouts.judge_state import State, fresh_state, possible, read_state, state_of
from rollouts.judging import advance, begin, conclude
from rollouts.kept import Kept, Pace, dump, load_pace
from tests.unit.functions.rollouts import histories
from tests.unit.functions.rollouts.builders import at, policy, rollout
from tests.unit.functions.rollouts.signalled import MINUTE, bad, first, point, signals
from tests.unit.functions.rollouts.strategies import anything

OWN = rollout()
KEPT = Kept(
    at(20), at(10), at(0), dt.timedelta(seconds=60), dt.timedelta(seconds=120), at(0)
)  # fmt: skip
HISTORY = [*histories.past(minutes=3, errors=1), *histories.rollout((1, 0), (0, 2), lag=60)]
BETWEEN = [histories.told(one, at(30)) for one in HISTORY]
TALLY = advance(begin(OWN.policy), BETWEEN)
STATE = State("1f0a9c2b", TALLY, KEPT)


def travelled(state):
    return json.loads(json.dumps(state_of(state, OWN)))


def test_a_state_comes_back_and_the_next_verdict_is_what_it_would_have_been():
    back = read_state(travelled(STATE), OWN, at(30))

    assert back
    assert (back.decision, back.kept) == (STATE.decision, STATE.kept)
    assert travelled(back) == travelled(STATE)
    whole = advance(begin(OWN.policy), HISTORY)
    assert conclude(advance(back.tally, HISTORY)) == conclude(whole)


def test_session_affinity_travels_along():
    tally = advance(begin(OWN.policy, affinity=True), BETWEEN)

    back = read_state(travelled(replace(STATE, tally=tally)), OWN, at(30))

    assert back
    assert back.tally.affinity


def test_a_state_before_the_first_interval_is_not_worth_keeping():
    fresh = fresh_state(OWN, {}, affinity=False)

    assert (fresh.decision, fresh.kept, fresh.tally.counts) == ("", Pace(), None)
    assert list(state_of(replace(fresh, kept=KEPT), OWN)) == ["pace"]


def test_what_is_known_of_a_refused_log_travels_before_the_first_interval_too():
    waits = Pace(at(40), failures=2)
    told = state_of(State("1f0a9c2b", begin(OWN.policy), replace(KEPT, pace=waits)), OWN)

    assert read_state(told, OWN, at(30)) is None
    assert fresh_state(OWN, json.loads(json.dumps(told)), affinity=False).kept == waits


@given(anything())
def test_an_odd_pace_is_that_of_a_first_look(odd):
    found = fresh_state(OWN, {"pace": odd}, affinity=False).kept

    assert found == Pace() or load_pace(odd) == found


def test_a_state_that_kept_nothing_of_the_signals_is_not_worth_keeping():
    assert list(state_of(replace(STATE, kept=Pace()), OWN)) == ["pace"]


def test_a_fresh_state_knows_whether_clients_stick_to_a_revision():
    assert fresh_state(OWN, {}, affinity=True).tally.affinity
    assert not fresh_state(OWN, {}, affinity=False).tally.affinity


@pytest.mark.parametrize("part", ["decision", "tally", "kept"])
def test_a_state_without_one_of_its_parts_is_lost(part):
    told = travelled(STATE)
    del told[part]

    assert read_state(told, OWN, at(30)) is None


@pytest.mark.parametrize("decision", ["", None, 7, ["1f0a9c2b"]])
def test_a_state_that_names_no_decision_is_lost(decision):
    assert read_state(travelled(STATE) | {"decision": decision}, OWN, at(30)) is None


@given(st.sampled_from(["tally", "kept"]), anything())
def test_a_state_with_an_odd_part_is_lost(part, odd):
    assert read_state(travelled(STATE) | {part: odd}, OWN, at(30)) is None


@given(st.dictionaries(st.text(max_size=5), anything(), max_size=4))
def test_whatever_a_workflow_hands_back_nothing_escapes(told):
    assert read_state(told, OWN, at(30)) is None


def test_a_state_of_another_rollout_or_of_another_policy_is_lost():
    told = travelled(STATE)
    other = rollout(policy=policy(analysis={"sensitivity": "high"}))

    assert read_state(told, rollout(id="4567cdef"), at(30)) is None
    assert read_state(told, other, at(30)) is None


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"closed_until": at(80)}, True),
        ({"closed_until": at(80.1)}, False),
        ({"seen_until": at(80)}, True),
        ({"seen_until": at(80.1)}, False),
        ({"looked_at": at(90)}, True),
        ({"looked_at": at(90.1)}, False),
        ({"told_since": at(-0.1)}, False),
        ({"seen_until": at(minutes=-31)}, True),
        ({"seen_until": at(minutes=-31.1)}, False),
        ({"period": MINUTE / 60}, True),
        ({"period": MINUTE / 61}, False),
    ],
)
def test_what_no_look_can_have_kept_by_now_is_not_possible(more, expected):
    """The first shift was at 0, now is 30; the clocks of two functions may differ by a minute."""
    assert possible(replace(KEPT, **more), at(0), at(30)) is expected


@pytest.mark.parametrize("part", ["looked_at", "closed_until", "seen_until", "told_since"])
@pytest.mark.parametrize("number", [-1, 0, 1, 10**15])
def test_what_no_look_at_this_rollout_can_have_kept_is_lost(part, number):
    """In 1970, or in 2001: a look would go on for ever."""
    told = travelled(STATE)

    assert read_state(told | {"kept": told["kept"] | {part: number}}, OWN, at(30)) is None


SIGNALS: dict[str, Any] = {
    "points": [point(0, errors=2), point(0, "stable")],
    "logged": [bad(25.0), bad(295.0)],
}
AFTER_A_LOOK = dump(first(300, **SIGNALS).kept or KEPT)
MOST = 31 * 60 + 310
"""Periods of the past and intervals up to the look, where each is a second: no shorter is taken."""
NUMBERS = (
    st.integers()
    | st.integers(-3, 3)
    | st.integers(-19, 19).map(lambda power: 10 ** abs(power) * (1 if power > 0 else -1))
    | st.integers(-(10**10), 10**10).map(lambda near: AFTER_A_LOOK["closed_until"] + near)
)


@given(st.data())
def test_whatever_numbers_stand_there_a_look_gives_no_more_than_one_that_begins_anew(data):
    kept = json.loads(json.dumps(AFTER_A_LOOK))
    for key in data.draw(st.sets(st.sampled_from(sorted(kept)), min_size=1, max_size=3)):
        kept[key] = data.draw(changed(kept[key]))

    back = read_state(travelled(STATE) | {"kept": kept}, OWN, at(310))

    if back is not None:
        assert isinstance(back.kept, Kept)
        found = signals(310, period=back.kept.period, **SIGNALS)
        given_now = gather(back.kept, (), found, OWN.shifts, at(310)).intervals
        assert len(given_now) <= MOST


def changed(value):
    """Return numbers in the place of one number, however deep it stands."""
    if not isinstance(value, list) or not value:
        return NUMBERS
    return st.integers(0, len(value) - 1).flatmap(
        lambda index: changed(value[index]).map(
            lambda new: [*value[:index], new, *value[index + 1 :]]
        )
    )
