"""Exact tails, by numbers that anybody can compute again."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.tails import binomial_tail, poisson_tail


@pytest.mark.parametrize(
    ("successes", "trials", "chance", "exactly"),
    [
        (3, 3, 0.1, 0.001),
        (10, 10, 0.5, 1 / 1024),
        (9, 10, 0.5, 11 / 1024),
        (2, 2, 0.25, 1 / 16),
        (1, 1, 0.1, 0.1),
        (1, 10, 0.1, 1.0),
        (0, 0, 0.5, 1.0),
        (0, 9, 0.5, 1.0),
    ],
)
def test_a_binomial_tail_is_exact_and_one_up_to_the_mean(successes, trials, chance, exactly):
    assert binomial_tail(successes, trials, chance) == pytest.approx(exactly, rel=1e-12)


@given(
    st.integers(1, 40).flatmap(lambda trials: st.tuples(st.integers(1, trials), st.just(trials))),
    st.integers(1, 99),
)
def test_a_binomial_tail_agrees_with_whole_numbers(counts, percent):
    successes, trials = counts
    chance = Fraction(percent, 100)
    exactly = sum(
        math.comb(trials, number) * chance**number * (1 - chance) ** (trials - number)
        for number in range(successes, trials + 1)
    )

    found = binomial_tail(successes, trials, percent / 100)

    assert found == (1.0 if found == 1.0 else pytest.approx(float(exactly), rel=1e-9))
    assert (found == 1.0) == (successes <= trials * (percent / 100))


@pytest.mark.parametrize(
    ("seen", "mean", "exactly"),
    [
        (1, 0.5, 1 - math.exp(-0.5)),
        (2, 0.5, 1 - math.exp(-0.5) * 1.5),
        (3, 1.0, 1 - math.exp(-1.0) * 2.5),
        (1, 1.0, 1.0),
        (5, 1000.0, 1.0),
    ],
)
def test_a_poisson_tail_is_exact_and_one_up_to_the_mean(seen, mean, exactly):
    assert poisson_tail(seen, mean) == pytest.approx(exactly, rel=1e-12)


@pytest.mark.parametrize("seen", [1001, 1200, 3000])
def test_the_tails_of_a_full_page_are_small_and_finite(seen):
    assert 0.0 <= poisson_tail(seen, 1000.0) < 0.5
    assert 0.0 <= binomial_tail(seen, 10_000, 0.1) < 0.5


def test_more_is_less_likely():
    assert poisson_tail(20, 5.0) > poisson_tail(21, 5.0) > 0.0
    assert binomial_tail(20, 50, 0.2) > binomial_tail(21, 50, 0.2) > 0.0
