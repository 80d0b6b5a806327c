"""Whose was a bad request? The factors of a comparison, on both sides of each boundary."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.comparison import EFFECTS, LOG_WEIGHTS, Group, comparing, factors, served_share

SHARES = st.floats(0.001, 0.99)
COUNTS = st.integers(0, 1000)


def test_the_weights_of_all_effects_are_one():
    assert sum(map(math.exp, LOG_WEIGHTS)) == pytest.approx(1.0)
    assert comparing().log_value == pytest.approx(0.0)


def test_a_bad_request_of_the_canarys_speaks_for_the_larger_effects():
    """At a tenth of the traffic and no margin: the odds of 2 : 9 against 1 : 9, and so on."""
    found = factors([(Group(0.10, 1, 0), 0.10)], 1.0, 1.0)

    assert [math.exp(one) for one in found] == pytest.approx(
        [effect / (1 + 0.1 * (effect - 1)) for effect in EFFECTS]
    )


@given(COUNTS, COUNTS, SHARES, st.floats(1.0, 2.0))
def test_no_worse_canary_gains_nothing_on_average(canary, stable, share, margin):
    """At the edge of what is tolerated a factor is 1 in expectation: what makes looking free."""
    edge = margin * share / (margin * share + 1 - share)
    one, other = (
        factors([(group, share)], margin, 1.0) for group in (Group(share, 1, 0), Group(share, 0, 1))
    )

    for won, lost in zip(one, other, strict=True):
        assert edge * math.exp(won) + (1 - edge) * math.exp(lost) == pytest.approx(1.0)
    several = factors([(Group(share, canary, stable), share)], margin, 1.0)
    for won, lost, all_ in zip(one, other, several, strict=True):
        assert all_ == pytest.approx(canary * won + stable * lost, abs=1e-6)


@given(st.integers(1, 50), COUNTS, SHARES, SHARES)
def test_evidence_falls_in_the_share_that_is_judged_by(canary, stable, one, other):
    low, high = sorted((one, other))
    group = Group(low, canary, stable)

    for at_low, at_high in zip(
        factors([(group, low)], 1.1, 1.0), factors([(group, high)], 1.1, 1.0), strict=True
    ):
        assert at_high <= at_low + 1e-9


@pytest.mark.parametrize("share", [0.0, 0.999, 1.0])
def test_a_share_that_leaves_nothing_to_compare_with_is_skipped(share):
    assert factors([(Group(share, 9, 9), share)], 1.1, 1.0) == [0.0] * len(EFFECTS)


def test_a_group_without_bad_requests_says_nothing():
    assert factors([(Group(0.1, 0, 0), 0.1)], 1.1, 1.0) == [0.0] * len(EFFECTS)


def test_groups_of_several_shares_are_judged_each_by_its_own():
    ten, fifty = (Group(0.1, 1, 2), 0.1), (Group(0.5, 3, 4), 0.6)

    assert factors([ten, fifty], 1.1, 0.5) == pytest.approx(
        [
            0.5 * (one + other)
            for one, other in zip(factors([ten], 1.1, 1.0), factors([fifty], 1.1, 1.0), strict=True)
        ]
    )


@pytest.mark.parametrize(("share", "gains"), [(0.25, True), (0.26, False)])
def test_above_a_quarter_an_unseen_interval_gains_nothing_from_the_smallest_effect(share, gains):
    group = Group(share, 20, 0)

    seen = factors([(group, share)], 1.1, 1.0)
    unseen = factors([(group, share)], 1.1, 1.0, unseen=True)

    assert seen[0] > 0
    assert unseen[0] == (seen[0] if gains else 0.0)
    assert unseen[1:] == seen[1:]


def test_an_unseen_interval_may_lose_by_the_smallest_effect():
    group = Group(0.5, 0, 5)

    assert factors([(group, 0.5)], 1.1, 1.0, unseen=True) == factors([(group, 0.5)], 1.1, 1.0)


@given(SHARES, st.integers(0, 10**9), st.integers(0, 10**9))
def test_the_share_to_judge_by_is_never_below_the_configured_one(share, canary, stable):
    judged = served_share(share, canary, stable)

    assert share <= judged < 1.0 or canary


def test_fifty_requests_are_believed_as_much_as_the_configured_share():
    assert served_share(0.10, 50, 0) == pytest.approx(0.55)
    assert served_share(0.10, 0, 0) == 0.10
    assert served_share(0.10, 0, 50) == 0.10
