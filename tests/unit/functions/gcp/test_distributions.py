import pytest
from google.api.distribution_pb2 import Distribution
from hypothesis import given
from hypothesis import strategies as st

from gcp.distributions import bounds_of, highest_of, histogram_of
from rollouts.errors import Refused
from rollouts.intervals import Histogram

Options = Distribution.BucketOptions


def explicit(*bounds):
    return Options(explicit_buckets=Options.Explicit(bounds=bounds))


def test_explicit_bounds_are_as_written():
    assert bounds_of(explicit(0, 10, 25.5)) == (0, 10, 25.5)


def test_linear_bounds_begin_at_the_offset():
    linear = Options.Linear(num_finite_buckets=3, width=20, offset=10)

    assert bounds_of(Options(linear_buckets=linear)) == (10, 30, 50, 70)


def test_exponential_bounds_grow_from_the_scale():
    growing = Options.Exponential(num_finite_buckets=3, growth_factor=2, scale=5)

    assert bounds_of(Options(exponential_buckets=growing)) == (5, 10, 20, 40)


def test_counts_that_were_left_out_at_the_end_are_zero():
    value = Distribution(count=3, bucket_options=explicit(0, 10, 25), bucket_counts=[0, 3])

    assert histogram_of(value) == Histogram((0, 10, 25), (0, 3, 0, 0))


def test_no_buckets_are_no_histogram():
    assert histogram_of(Distribution(count=3, mean=12.0)) is None


def test_more_counts_than_buckets_are_refused():
    value = Distribution(count=4, bucket_options=explicit(10), bucket_counts=[1, 1, 2])

    with pytest.raises(Refused, match="3 bucket counts for 1 bounds"):
        histogram_of(value)


@st.composite
def layouts(draw):
    finite = draw(st.integers(1, 20))
    positive = st.floats(0.01, 1e4)
    return draw(
        st.one_of(
            st.builds(
                lambda width, offset: Options(
                    linear_buckets=Options.Linear(
                        num_finite_buckets=finite, width=width, offset=offset
                    )
                ),
                positive,
                positive,
            ),
            st.builds(
                lambda growth, scale: Options(
                    exponential_buckets=Options.Exponential(
                        num_finite_buckets=finite, growth_factor=growth, scale=scale
                    )
                ),
                st.floats(1.01, 4),
                positive,
            ),
            st.lists(positive, min_size=1, max_size=20, unique=True).map(
                lambda bounds: explicit(*sorted(bounds))
            ),
        )
    )


@given(layouts(), st.lists(st.integers(0, 1000), max_size=22))
def test_whatever_the_layout_no_request_gets_lost(options, counts):
    bounds = bounds_of(options)
    counts = counts[: len(bounds) + 1]
    value = Distribution(count=sum(counts), bucket_options=options, bucket_counts=counts)

    found = histogram_of(value)

    assert found is not None
    assert found.total == sum(counts)
    assert len(found.counts) == len(found.bounds_ms) + 1
    assert list(found.bounds_ms) == sorted(found.bounds_ms)


LAYOUT = Distribution.BucketOptions(
    explicit_buckets=Distribution.BucketOptions.Explicit(bounds=[1, 4, 16])
)


@pytest.mark.parametrize(
    ("counts", "mean", "highest"),
    [
        ((3, 0, 0, 0), 0.5, 0.5),
        ((0, 2, 0, 0), 0.0, 1.0),
        ((5, 0, 1, 0), 1.0, 4.0),
        ((0, 0, 0, 1), 40.0, 40.0),
        ((0, 1, 0, 0), float("nan"), 1.0),
        ((1, 0, 0, 0), -3.0, 0.0),
    ],
)
def test_the_highest_value_is_at_least_its_buckets_lower_bound_or_the_mean(counts, mean, highest):
    value = Distribution(count=sum(counts), mean=mean, bucket_options=LAYOUT, bucket_counts=counts)

    assert highest_of(value) == highest


def test_a_distribution_that_tells_its_range_is_exact():
    value = Distribution(
        count=2,
        range=Distribution.Range(min=0, max=9),
        bucket_options=LAYOUT,
        bucket_counts=[1, 0, 1],
    )

    assert highest_of(value) == 9.0


def test_a_distribution_without_buckets_has_its_mean():
    assert highest_of(Distribution(count=1, mean=7.0)) == 7.0


def test_a_distribution_without_values_has_no_highest():
    assert highest_of(Distribution(bucket_options=LAYOUT)) is None
