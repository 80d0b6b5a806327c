"""Histograms: a quantile without the values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.intervals import Histogram


@pytest.mark.parametrize(
    ("counts", "quantile", "ms"),
    [
        ((10, 0, 0), 0.5, 50.0),
        ((10, 0, 0), 1.0, 100.0),
        ((0, 10, 0), 0.5, 150.0),
        ((5, 5, 0), 0.5, 100.0),
        ((5, 5, 0), 0.75, 150.0),
        ((0, 0, 10), 0.5, 200.0),
        ((95, 5, 0), 0.95, 100.0),
        ((94, 6, 0), 0.95, 100 + 100 / 6),
    ],
)
def test_a_quantile_lies_straight_between_its_buckets_bounds(counts, quantile, ms):
    assert Histogram((100.0, 200.0), counts).quantile_ms(quantile) == pytest.approx(ms)


@pytest.mark.parametrize("histogram", [Histogram(), Histogram((100.0,), (0, 0))])
def test_without_requests_there_is_no_quantile(histogram):
    assert histogram.quantile_ms(0.95) is None


def test_a_histogram_without_bounds_knows_no_quantile():
    assert Histogram((), (5,)).quantile_ms(0.95) is None


@pytest.mark.parametrize("quantile", [0.0, 1.5])
def test_a_quantile_lies_above_0_and_at_most_at_1(quantile):
    with pytest.raises(AssertionError):
        Histogram().quantile_ms(quantile)


@given(
    st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(any),
    st.floats(0.01, 1.0),
    st.floats(0.01, 1.0),
)
def test_a_higher_quantile_is_never_lower(counts, one, other):
    histogram = Histogram((10.0, 20.0, 40.0), tuple(counts))
    low, high = sorted([one, other])

    below, above = histogram.quantile_ms(low), histogram.quantile_ms(high)

    assert below is not None
    assert above is not None
    assert below <= above <= 40.0
