"""Evidence in slow requests: as its formulae say it, and what is left out."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.intervals import Histogram
from rollouts.judging import judge
from rollouts.slow_streams import SlowStreams
from rollouts.weighing import LOG_MAX
from tests.unit.functions.rollouts import by_the_book
from tests.unit.functions.rollouts.builders import at, policy
from tests.unit.functions.rollouts.histories import (
    BOUNDS,
    COMPARED,
    interval,
    last_known,
    latencies,
    looks,
    past,
    small_histories,
)

USUAL = latencies(12, 20)
"""2 % of requests are slow."""
SLOW = latencies(12, 300)


def streams(*histograms, warm_up=20.0, slowdown=0.1):
    built = SlowStreams(slowdown, warm_up)
    for one in histograms:
        built.learn(one)
    built.begin()
    return built


def both(start, of_canary=USUAL, of_stable=USUAL, **fields):
    return interval(start, latency=(of_canary, of_stable), **fields)


def evidence_of(*history, warm_up=20.0):
    built = streams(USUAL, warm_up=warm_up)
    for one in history:
        built.take(one, one.percent / 100)
    return built.log_value


@given(small_histories(lags=(0,), latency=True))
def test_evidence_is_what_the_formulae_say(history):
    for now, tally, _ in looks(history, [last_known(history)]):
        assert now
        expected = by_the_book.slow_evidence(history)

        found = math.exp(min(tally.slow.log_value, LOG_MAX))
        assert found == pytest.approx(min(expected, math.exp(LOG_MAX)), rel=1e-6, abs=1e-12)


def test_a_slow_canary_is_taken_back_and_says_what_is_slow():
    history = past(latency=USUAL) + [both(10 * index, SLOW, USUAL) for index in range(6)]

    verdict = judge(history, COMPARED, last_known(history))

    assert (verdict.kind, verdict.cause) == ("fail", "latency")
    assert "of its requests than of stable's take longer than 57 ms (" in verdict.because
    assert verdict.evidence.errors <= 1


def test_latency_is_not_compared_where_the_user_says_so():
    history = past(latency=USUAL) + [both(10 * index, SLOW, USUAL) for index in range(30)]
    by = policy(analysis={"slowdown_tolerated": "off"})

    assert judge(history, by, last_known(history)).evidence.latency == 1.0


def test_without_latencies_there_is_no_evidence():
    assert streams().log_value == 0.0
    assert evidence_of(interval(0), interval(30)) == pytest.approx(0.0)


# Start-up is left out.


@pytest.mark.parametrize(("start", "judged"), [(19, False), (20, True)])
def test_a_steps_first_seconds_are_not_judged(start, judged):
    assert (evidence_of(both(0), both(start, SLOW)) > 0.01) is judged


def test_the_first_seconds_are_those_after_the_canarys_first_request():
    silent = both(0, canary=(0, 0))

    assert evidence_of(silent, both(10), both(20, SLOW)) <= 0.01
    assert evidence_of(silent, both(10), both(30, SLOW)) > 0.01


def test_each_step_starts_up_anew():
    cold = both(100, SLOW, step=1)

    assert evidence_of(both(0), cold) <= 0.01
    assert evidence_of(both(0), cold, both(120, SLOW, step=1)) > 0.01


@pytest.mark.parametrize(("served", "judged"), [(4, False), (5, True)])
def test_a_canary_that_served_hardly_a_request_is_still_starting_up(served, judged):
    assert (evidence_of(both(0, canary=(served, 0)), both(20, SLOW)) > 0.01) is judged


@pytest.mark.parametrize(("since", "judged"), [(19, False), (20, True)])
def test_latencies_of_a_whole_period_are_judged_by_where_that_began(since, judged):
    late = both(70, SLOW, latency_since=at(since))

    assert (evidence_of(both(0), late) > 0.01) is judged


def test_a_period_that_began_in_an_earlier_step_is_not_judged():
    late = both(30, SLOW, step=1, latency_since=at(-20))

    assert evidence_of(both(-100), both(0, step=1), late, warm_up=0.0) <= 0.01


@pytest.mark.parametrize("step", [0, 2])
@pytest.mark.parametrize(("start", "warm"), [(19, False), (20, True)])
def test_it_says_whether_the_canary_had_started_up_at_100_percent_too(step, start, warm):
    built = streams(USUAL)

    assert not built.take(both(0, step=step), 0.1)
    assert built.take(both(start, step=step), 0.1) is warm


# What cannot be compared accuses nobody.


def test_at_100_percent_nothing_is_compared():
    assert evidence_of(both(0, step=2), both(30, SLOW, step=2)) <= 1e-12


@pytest.mark.parametrize("missing", [(None, USUAL), (SLOW, None)])
def test_latencies_of_one_role_alone_are_no_comparison(missing):
    assert evidence_of(both(0), both(30, *missing)) <= 1e-12


@pytest.mark.parametrize("other", [(0, 1), (1, 0)])
def test_buckets_of_another_layout_are_no_comparison(other):
    """Their slow requests cannot be told: neither role has none."""
    strange = latencies(12, 300, bounds=tuple(one + 0.5 for one in BOUNDS))
    pair = [(SLOW, USUAL)[role] if mine else strange for role, mine in enumerate(other)]

    assert evidence_of(both(0), both(30, *pair)) <= 1e-12


def test_quick_requests_say_nothing():
    quick = latencies(5, 0)

    assert evidence_of(both(0), both(30, quick, quick)) <= 1e-12


# What edges are learned from.


def test_edges_are_frozen_before_their_first_use():
    built = streams(USUAL)
    before = [one.edge for one in built.streams]
    for index in range(30):
        built.take(both(10 * index, SLOW, SLOW), 0.1)
    built.learn(SLOW)

    assert [one.edge for one in built.streams] == before
    assert len(before) == 2


def test_without_a_past_edges_are_learned_from_the_rollouts_first_intervals():
    few = latencies(12, 2, total=100)
    built = streams()
    known = []
    for index in range(4):
        built.take(both(30 * index, few, few), 0.1)
        known.append(built.known)

    assert known == [False, False, True, True]


def test_minutes_of_the_past_that_are_visible_late_are_learned_from():
    few = latencies(12, 2, total=100)
    built = streams(few)
    built.learn(few)
    built.take(both(0, few, few), 0.1)

    assert built.known


def test_late_minutes_of_the_past_tell_how_slow_requests_cluster():
    built, more = streams(USUAL), streams(USUAL)
    more.learn(SLOW)

    assert more.streams[0].phi.phi > built.streams[0].phi.phi


def test_stables_p99_is_known_also_where_latency_is_not_compared():
    built = streams(USUAL, slowdown=None)

    assert built.streams == ()
    assert built.stable_p99_ms == pytest.approx(USUAL.quantile_ms(0.99))
    assert streams(Histogram((), (1000,))).stable_p99_ms is None


# A state.


@given(small_histories(latency=True), st.integers(0, 12))
def test_a_state_is_restored_bit_for_bit(history, cut):
    def take(built, some):
        for one in some:
            if one.step >= 0:
                built.take(one, one.percent / 100)

    learned = [one.stable.latency for one in history if one.step < 0]
    whole, parts = streams(*learned), streams(*learned)
    take(whole, history)
    take(parts, history[:cut])
    restored = SlowStreams(0.1, 20.0)
    restored.restore(parts.state())
    take(restored, history[cut:])

    assert restored.state() == whole.state()


def test_two_edges_are_worth_their_average():
    built = streams(USUAL)
    built.take(both(0), 0.1)
    built.take(both(20, SLOW), 0.1)
    values = [math.exp(one.evidence.log_value) for one in built.streams]

    assert math.exp(built.log_value) == pytest.approx(sum(values) / 2)


def test_a_later_step_stakes_more_on_a_canary_that_turns_slow():
    same = evidence_of(both(0), both(30, SLOW))
    new = evidence_of(
        both(0), replace(both(10, step=1), percent=10), replace(both(30, SLOW, step=1), percent=10)
    )

    assert new > same


def test_a_past_in_another_layout_teaches_no_clusters():
    """Of minutes that become visible when the edges are known already."""
    strange = latencies(12, 300, bounds=tuple(one + 0.5 for one in BOUNDS))
    built = streams(USUAL)
    before = [one.phi.state() for one in built.streams]
    built.learn(strange)

    assert [one.phi.state() for one in built.streams] == before
    built.learn(USUAL)
    assert [one.phi.state() for one in built.streams] != before
