"""The benchmark's arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.health.numbers import Spread, arrivals, percentile, ratios, spread

VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=300)


@given(VALUES, st.integers(1, 100))
def test_a_percentile_is_one_of_the_values_and_the_smallest_that_covers_the_share(values, percent):
    found = percentile(values, percent)

    covered = sum(one <= found for one in values)
    covered_by_less = sum(one < found for one in values)
    assert found in values
    assert covered * 100 >= percent * len(values)
    assert covered_by_less * 100 < percent * len(values)


@pytest.mark.parametrize(
    ("percent", "value"), [(50, 50), (95, 95), (99, 99), (99.5, 100), (100, 100)]
)
def test_percentiles_of_the_first_hundred_numbers(percent, value):
    assert percentile(list(range(100, 0, -1)), percent) == value


def test_one_slow_answer_in_a_hundred_is_above_the_99th_percentile_and_two_are_not():
    assert percentile([1.0] * 99 + [9.0], 99) == 1.0
    assert percentile([1.0] * 98 + [9.0] * 2, 99) == 9.0


def test_arrivals_are_the_same_for_a_seed_rise_and_end_before_the_end():
    due = arrivals(200.0, 60.0, seed=1)

    assert due == arrivals(200.0, 60.0, seed=1) != arrivals(200.0, 60.0, seed=2)
    assert due == sorted(due)
    assert due[0] >= 0.0
    assert due[-1] < 60.0


def test_arrivals_have_the_rate_and_the_spread_of_independent_users():
    """Of a Poisson process: mean and variance of the requests in a second are both the rate."""
    due = arrivals(200.0, 500.0, seed=1)

    counts = [0] * 500
    for at in due:
        counts[int(at)] += 1
    mean = sum(counts) / 500
    variance = sum((one - mean) ** 2 for one in counts) / 499
    assert mean == pytest.approx(200.0, rel=0.02)
    assert variance == pytest.approx(200.0, rel=0.2)


def test_ratios_are_taken_round_by_round():
    """Of rounds on a machine that got slower and slower: the ratio of the medians would be 1."""
    ours, theirs = [300.0, 200.0, 100.0], [400.0, 200.0, 50.0]

    assert ratios(ours, theirs) == Spread(0.75, 1.0, 2.0)


def test_rounds_that_do_not_pair_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_the_spread_of_an_even_number_of_rounds_has_the_mean_of_the_middle_two():
    assert spread([4.0, 1.0, 3.0, 2.0]) == Spread(1.0, 2.5, 4.0)
