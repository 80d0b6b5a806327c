import math

import pytest

from benchmarks.verdict.mann_whitney import shift_interval, standardized

QUANTILE_98 = 2.3263


def apart(count):
    """Two samples of which every point of the first lies above every point of the second."""
    return [10.0 + one for one in range(count)], [one / 7 for one in range(count)]


def z_of(count):
    first, second = apart(count)
    return standardized(first, second, 0.0)


def test_four_against_four_can_never_separate_at_98_percent():
    assert z_of(4) == pytest.approx(2.165, abs=1e-3)
    assert z_of(4) < QUANTILE_98


def test_five_against_five_can():
    assert z_of(5) == pytest.approx(2.507, abs=1e-3)
    assert z_of(5) > QUANTILE_98


def test_z_falls_as_the_first_sample_is_moved_down():
    first, second = [1.0, 4.0, 6.0, 9.0], [0.5, 3.0, 7.0]
    values = [standardized(first, second, shift / 4) for shift in range(-30, 40)]

    assert values == sorted(values, reverse=True)


def test_ties_between_samples_share_their_ranks():
    assert standardized([1.0, 2.0], [1.0, 2.0], 0.0) == 0.0


def test_samples_of_one_value_have_no_z():
    with pytest.raises(ValueError, match="tied"):
        standardized([1.0, 1.0], [1.0, 1.0], 0.0)


def test_fully_separated_samples_of_five_have_the_least_difference_as_lower_bound():
    first, second = apart(5)

    assert shift_interval(first, second, 0.98).lower == pytest.approx(min(first) - max(second))


def test_the_estimate_is_about_the_median_of_all_differences():
    """Hollander and Wolfe's tritiated water: 0.305 between the 25th and the 26th difference."""
    first = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    second = [1.15, 0.88, 0.90, 0.74, 1.21]
    differences = sorted(one - other for one in first for other in second)

    shift = shift_interval(first, second, 0.95)

    assert differences[24] - 1e-9 <= shift.estimate <= differences[25] + 1e-9
    assert shift.lower < 0 < shift.estimate < shift.upper


def test_an_interval_narrows_with_less_confidence_and_moves_with_the_sample():
    first = [math.sin(one) for one in range(12)]
    second = [math.cos(3 * one) for one in range(12)]

    wide, narrow = shift_interval(first, second, 0.98), shift_interval(first, second, 0.5)
    moved = shift_interval([one + 3 for one in first], second, 0.98)

    assert wide.lower < narrow.lower <= narrow.upper < wide.upper
    assert moved.lower == pytest.approx(wide.lower + 3)
    assert moved.upper == pytest.approx(wide.upper + 3)
