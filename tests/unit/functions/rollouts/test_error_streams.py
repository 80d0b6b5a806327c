"""Evidence in bad requests: as its formulae say it, and what it may never do."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.comparison import Group
from rollouts.error_streams import FLOOR, ErrorStreams, Judged
from rollouts.intervals import Carried
from rollouts.judging import advance, begin, judge
from tests.unit.functions.rollouts import by_the_book
from tests.unit.functions.rollouts.builders import at, policy
from tests.unit.functions.rollouts.histories import (
    COMPARED,
    clean,
    interval,
    last_known,
    looks,
    past,
    rollout,
    small_histories,
)


def near(value):
    return pytest.approx(value, rel=1e-6, abs=1e-12)


def streams_of(*judged, totals=(20, 180), estimated=0.0, share=10):
    """Return streams that took intervals of 10 s, each with (canary, stable) bad requests."""
    streams = ErrorStreams(COMPARED.analysis)
    for index, (canary, stable) in enumerate(judged):
        one = interval(10 * index, percent=share)
        groups = ((0, Group(share / 100, canary, stable)),) if canary or stable else ()
        streams.take(Judged(one, groups, 1.0), totals, estimated)
    return streams


# The formulae.


@given(small_histories())
def test_evidence_is_what_the_formulae_say(history):
    """Totals visible or late, steps and what was carried over them, clusters, the floor."""
    for now, tally, _ in looks(history, sorted({one.known_at for one in history})):
        expected, found = by_the_book.evidence(history, now), tally.ahead()

        assert math.exp(found.errors.log_value) == near(expected.errors)
        assert math.exp(found.log_floor) == near(expected.floor)
        assert math.exp(found.full.log_value) == near(expected.full)
        assert math.exp(found.log_errors) == near(expected.judged)


@given(small_histories(lags=(60, 170)))
def test_once_all_totals_are_visible_it_no_longer_matters_when_they_came(history):
    at_once = [replace(one, seen_at=one.known_at) for one in history]
    end = last_known(history)

    late, fresh = judge(history, COMPARED, end), judge(at_once, COMPARED, end)

    assert late.evidence == fresh.evidence


# Invariants.

COUNTS = st.tuples(st.integers(0, 5), st.integers(0, 20))
SHARES = st.sampled_from([1, 10, 25, 50, 90, 99])


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000), SHARES), max_size=10),
    st.integers(1, 600),
)
def test_evidence_is_at_most_one_while_no_request_was_bad(served, seconds):
    streams = ErrorStreams(COMPARED.analysis)
    for index, (canary, stable, share) in enumerate(sorted(served, key=lambda one: one[2])):
        one = interval(seconds * index, step=index // 3, percent=share, seconds=seconds)
        streams.take(Judged(one, (), 1.0), (canary, stable), 0.0)

        assert streams.errors.log_value <= 1e-12
        assert streams.log_floor <= 1e-12


@given(st.lists(COUNTS, min_size=1, max_size=8), st.data(), SHARES)
def test_an_error_of_stables_lowers_the_evidence_and_one_of_the_canarys_raises_it(bad, data, share):
    """With what an error is worth held fixed: clusters are judged beside it."""
    index = data.draw(st.integers(0, len(bad) - 1))
    canary, stable = bad[index]
    with_stable, with_canary = bad.copy(), bad.copy()
    with_stable[index], with_canary[index] = (canary, stable + 1), (canary + 1, stable)

    found, less, more = (
        streams_of(*one, share=share).errors for one in (bad, with_stable, with_canary)
    )

    assert less.log_value <= found.log_value <= more.log_value


@given(COUNTS, SHARES)
def test_of_every_effect_an_error_moves_the_evidence_its_way(bad, share):
    canary, stable = bad
    less, found, more = (
        streams_of(one, share=share).errors.masses
        for one in ((canary, stable + 1), bad, (canary + 1, stable))
    )

    for low, middle, high in zip(less, found, more, strict=True):
        assert low < middle < high


@given(st.lists(COUNTS, min_size=1, max_size=8), st.integers(0, 100))
def test_requests_without_an_error_change_nothing_up_to_the_configured_share(bad, canary):
    """10 of 100 are the canary's share; fewer change nothing either."""
    few = streams_of(*bad, totals=(min(canary, 10), 90))

    assert few.errors.state() == streams_of(*bad, totals=(10, 90)).errors.state()


def test_a_canary_that_served_more_than_its_share_is_judged_by_what_it_served():
    configured = streams_of((3, 3), totals=(20, 180))
    more = streams_of((3, 3), totals=(100, 100))

    assert more.errors.log_value < configured.errors.log_value


@given(
    st.lists(COUNTS, min_size=1, max_size=8),
    st.sampled_from([10, 50, 100]),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
)
def test_evidence_never_rises_in_an_estimated_count(bad, share, one, other):
    low, high = sorted((one, other))

    def evidence(estimated):
        streams = ErrorStreams(COMPARED.analysis)
        streams.limit_full(0.01)
        for index, (canary, stable) in enumerate(bad):
            groups = ((0, Group(share / 100, canary, stable)),) if canary or stable else ()
            streams.take(Judged(interval(10 * index, percent=share), groups, 1.0), None, estimated)
        return streams.log_errors, streams.log_floor, streams.full.log_value

    for small, large in zip(evidence(low), evidence(high), strict=True):
        assert large <= small + 1e-9


def test_without_visible_totals_a_wide_share_gains_nothing_from_the_smallest_effect():
    seen = streams_of((9, 3), share=50, totals=(100, 100))
    fresh = streams_of((9, 3), share=50, totals=None, estimated=100.0)

    assert fresh.errors.log_value < seen.errors.log_value
    assert streams_of((6, 4), totals=None).errors.log_value == pytest.approx(
        streams_of((6, 4), totals=(0, 0)).errors.log_value
    )


# How many errors it takes.


@pytest.mark.parametrize(
    ("percent", "needed"),
    [(1, 2), (2, 2), (5, 3), (10, 3), (20, 5), (25, 5), (50, 10), (80, 30)],
)
def test_so_many_errors_of_the_canary_alone_roll_back(percent, needed):
    """One in each interval, none of stable's, 20 requests a second."""
    history = past() + rollout(*[(1, 0)] * needed, percent=percent)

    assert judge(history, COMPARED, last_known(history)).kind == "fail"
    assert judge(history[:-1], COMPARED, last_known(history[:-1])).kind != "fail"


def test_an_error_ratio_that_is_not_worth_acting_on_rolls_nothing_back():
    """3 errors in 60,000 requests: the canary's alone, and under 0.02 %."""
    history = past(2000) + rollout((1, 0), (1, 0), (1, 0), rps=20_000)

    verdict = judge(history, COMPARED, last_known(history))

    assert (verdict.kind, verdict.evidence.errors) == ("inconclusive", 1.0)
    assert verdict.evidence.floor < math.exp(FLOOR)


def test_the_floor_may_pass_on_visible_totals_alone():
    """Far too high an estimate of the last interval does not take back what is proven."""
    streams = streams_of(*[(1, 0)] * 4)
    before = streams.log_errors

    streams.take(Judged(interval(40), (), 1.0), None, 1e7)

    assert streams.floor.log_value < FLOOR <= streams.floor_seen.log_value
    assert streams.log_errors == before


# At 100 %.


def test_at_100_percent_nothing_is_compared():
    streams = streams_of((50, 50), share=100)

    assert streams.errors.log_value == pytest.approx(0.0)


def test_at_100_percent_a_canary_is_held_to_the_past_of_stable():
    history = past(20, errors=1) + rollout(*[(1, 0)] * 30, step=2)
    worse = past(20, errors=1) + rollout(*[(100, 0)] * 2, step=2)

    assert judge(history, COMPARED, last_known(history)).kind == "pass"
    verdict = judge(worse, COMPARED, last_known(worse))
    assert (verdict.kind, verdict.cause) == ("fail", "full")


@pytest.mark.parametrize(("failed", "kind"), [(2, "pass"), (100, "fail")])
def test_without_a_past_one_request_in_ten_may_fail_at_100_percent(failed, kind):
    history = rollout(*[(failed, 0)] * 30, step=2, rps=2)

    assert judge(history, COMPARED, last_known(history)).kind == kind


def test_an_outage_during_the_steps_does_not_raise_what_is_allowed_at_100_percent():
    def full(stable_bad):
        history = [
            *past(20, errors=1),
            *rollout(*[(stable_bad // 9, stable_bad)] * 5),
            *rollout((30, 0), since=50, step=2),
        ]
        tally = begin(COMPARED)
        advance(tally, history)
        return tally.full_limit

    assert full(0) == full(90)


def test_what_began_under_an_earlier_share_is_no_evidence_at_100_percent():
    """It is compared with stable at the share that it began under, and not twice."""
    late = (Carried(1, 50, 40, 40),)
    history = past() + clean(30, step=1)
    carried = [*history, interval(300, (200, 0), (0, 0), step=2, carried=late)]
    without = [*history, interval(300, (200, 0), (0, 0), step=2)]

    end = last_known(carried)

    assert (
        judge(carried, COMPARED, end).evidence.full == judge(without, COMPARED, end).evidence.full
    )
    assert judge(carried, COMPARED, end).evidence.errors < 1


def test_what_is_told_late_of_100_percent_counts_there():
    late = (Carried(2, 100, 100, 0),)
    history = [*past(), interval(0, (200, 0), (0, 0), step=2, carried=late)]

    assert judge(history, COMPARED, at(10)).cause == "full"


def test_a_limit_of_every_request_is_none():
    streams = ErrorStreams(COMPARED.analysis)
    streams.limit_full(1.0)

    assert streams.full_test is None


# A new step, and copies.


def test_a_new_step_stakes_more_on_a_canary_that_turns_bad():
    same, new = streams_of((0, 0)), streams_of((0, 0))
    failing = ((0, Group(0.1, 2, 0)),)
    same.take(Judged(interval(10), failing, 1.0), (20, 180), 0.0)
    new.take(Judged(interval(10, step=1, percent=10), failing, 1.0), (20, 180), 0.0)

    assert new.errors.log_value > same.errors.log_value


def test_a_tolerated_increase_is_the_users_choice():
    def evidence(tolerated):
        by = policy(analysis={"error_increase_tolerated": tolerated})
        history = past() + rollout((2, 0), (2, 0))
        return judge(history, by, at(20)).evidence.errors

    assert evidence(1.0) < evidence(0.1) < evidence(0)


@given(small_histories(lags=(170,)))
def test_looking_ahead_leaves_no_trace(history):
    for _, tally, _ in looks(history, sorted({one.known_at for one in history})):
        before = tally.errors.state()
        ahead = tally.ahead()
        ahead.limit_full(0.5)

        assert tally.errors.state() == before
