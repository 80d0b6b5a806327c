"""What is slow: edges learned from stable, and how much a tolerated slowdown explains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.intervals import Histogram
from rollouts.slowness import (
    EDGE_MS_MIN,
    MARGIN_MAX,
    MARGIN_MIN,
    REQUESTS_MIN,
    Edge,
    buckets_above,
    edges,
    merged,
)
from tests.unit.functions.rollouts import by_the_book
from tests.unit.functions.rollouts.histories import BOUNDS

STEPS = (50.0, 100.0, 200.0, 400.0)
COUNTS = st.lists(st.integers(0, 300), min_size=66, max_size=66).map(tuple)


def shares(*counts):
    return Histogram(STEPS, counts)


@given(COUNTS, st.floats(0, 1))
def test_edges_are_what_the_specification_says(counts, slowdown):
    latency = Histogram(BOUNDS, counts)
    expected = by_the_book.edges_of([latency], slowdown) or []

    found = edges(latency, slowdown)

    assert [one.ms for one in found] == [ms for ms, _ in expected]
    assert [one.margin for one in found] == pytest.approx([margin for _, margin in expected])


@pytest.mark.parametrize("missing", [0, 1])
def test_too_few_requests_tell_no_edge(missing):
    latency = shares(0, REQUESTS_MIN - missing, 0, 0, 0)

    assert bool(edges(latency, 0.1)) is not missing


@pytest.mark.parametrize(("above", "edge"), [(125, 100.0), (126, 200.0)])
def test_an_edge_has_at_most_a_quarter_more_above_it_than_meant(above, edge):
    found = edges(shares(0, 1000 - above, above, 0, 0), 0.1)

    assert found[0].ms == edge


def test_nothing_below_50_ms_is_slow():
    quick = Histogram((10.0, 25.0, 75.0), (1000, 0, 0, 0))

    assert {one.ms for one in edges(quick, 0.1)} == {75.0}
    assert EDGE_MS_MIN == 50


def test_a_service_that_is_slower_than_every_bucket_has_no_edge():
    assert edges(shares(0, 0, 0, 0, 1000), 0.1) == ()


def test_a_histogram_without_bounds_has_no_edge():
    assert edges(Histogram((), (1000,)), 0.1) == ()


def test_a_steep_edge_allows_more_than_a_flat_one():
    steep, flat = edges(shares(0, 900, 99, 1, 0), 0.1), edges(shares(0, 0, 100, 880, 20), 0.1)

    assert all(MARGIN_MIN <= one.margin <= MARGIN_MAX for one in (*steep, *flat))
    assert edges(shares(0, 700, 200, 100, 0), 0.1)[0].margin == pytest.approx(
        1.1 ** (1.0986 / 0.6931), rel=1e-3
    )


def test_the_more_slowdown_is_tolerated_the_more_odds_it_explains():
    margins = [edges(shares(0, 700, 200, 100, 0), slow)[0].margin for slow in (0.1, 0.5, 1, 5)]

    assert margins == sorted(set(margins))
    assert margins[-1] > 6 > margins[0]


def test_what_nothing_is_known_of_allows_the_most():
    """No request above the edge, or no bound below it: no slope."""
    assert edges(shares(1000, 0, 0, 0, 0), 0.1)[0] == Edge(50.0, MARGIN_MAX)
    assert edges(Histogram((100.0,), (990, 10)), 0.1)[0] == Edge(100.0, MARGIN_MAX)


@given(COUNTS, st.sampled_from(BOUNDS))
def test_a_request_at_the_edge_is_slow(counts, edge):
    latency = Histogram(BOUNDS, counts)

    assert sum(latency.counts[buckets_above(latency, edge) :]) == by_the_book.above(latency, edge)


def test_an_edge_that_is_no_bound_tells_nothing():
    assert buckets_above(shares(1, 1, 1, 1, 1), 60.0) is None


def test_histograms_of_another_layout_are_left_out():
    added = merged([shares(1, 2, 3, 4, 5), Histogram((1.0,), (9, 9)), shares(1, 0, 0, 0, 0)])

    assert added == shares(2, 2, 3, 4, 5)
    assert merged([]) is None
