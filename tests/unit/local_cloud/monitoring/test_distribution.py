"""The histogram: buckets, moments, percentiles."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.monitoring.distribution import BOUNDS, FINITE_BUCKETS, Distribution, merged

VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=30)


def of(values):
    distribution = Distribution()
    for value in values:
        distribution.add(value)
    return distribution


@given(VALUES)
def test_mean_and_deviation_are_exact(values):
    distribution = of(values)

    assert distribution.mean == pytest.approx(statistics.fmean(values))
    spread = statistics.pvariance(values) * len(values)
    assert distribution.sum_of_squared_deviation == pytest.approx(spread, rel=1e-6, abs=1e-1)


@given(VALUES)
def test_every_value_is_counted_in_the_bucket_that_holds_it(values):
    counts = of(values).bucket_counts()

    edges = [float("-inf"), *BOUNDS, float("inf")]
    for bucket, count in enumerate(counts):
        assert count == sum(edges[bucket] <= value < edges[bucket + 1] for value in values)
    assert sum(counts) == len(values)


@given(VALUES, VALUES)
def test_merging_is_counting_together_and_changes_neither(some, others):
    a, b = of(some), of(others)

    both = merged([a, b])

    assert both.bucket_counts() == of(some + others).bucket_counts()
    assert both.mean == pytest.approx(of(some + others).mean)
    assert a == of(some)
    assert b == of(others)


@given(VALUES, st.sampled_from([5, 50, 95, 99]))
def test_a_percentile_is_in_the_bucket_of_the_value_at_its_rank(values, percent):
    ordered = sorted(values)
    rank = max(0, -(-len(values) * percent // 100) - 1)
    edges = [0.0, *BOUNDS]

    bucket = max(i for i, edge in enumerate(edges) if edge <= ordered[rank])

    assert edges[bucket] <= of(values).percentile(percent) <= edges[bucket + 1]


def test_many_alike_are_added_at_once():
    many = Distribution()
    many.add(20.0, 1000)

    assert many.count == 1000
    assert many == merged([many])
    assert many.mean == 20.0


def test_what_is_above_all_bounds_has_the_last_bucket():
    distribution = of([1e12])

    assert len(distribution.bucket_counts()) == FINITE_BUCKETS + 2
    assert distribution.percentile(99) == BOUNDS[-1]


def test_nothing_has_no_buckets_and_percentile_zero():
    assert Distribution().bucket_counts() == []
    assert Distribution().percentile(95) == 0.0
    assert Distribution().mean == 0.0
