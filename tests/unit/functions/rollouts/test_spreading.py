"""Whole numbers that add up, by weight and above their floors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.spreading import spread

PARTS = st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 50)), min_size=1, max_size=12).map(
    lambda parts: tuple(zip(*parts, strict=True))
)


@pytest.mark.parametrize(
    ("total", "weights", "floors", "parts"),
    [
        (100, [1, 1, 1], [0, 0, 0], [33, 34, 33]),
        (100, [10, 40, 50], [0, 0, 0], [10, 40, 50]),
        (6, [0, 0, 0], [0, 0, 0], [2, 2, 2]),
        (6, [0, 0, 1], [0, 0, 0], [0, 0, 6]),
        (10, [1, 1], [9, 0], [9, 1]),
        (3, [1, 1], [9, 1], [9, 1]),
        (0, [1, 1], [0, 0], [0, 0]),
        (5, [], [], []),
    ],
)
def test_a_total_is_spread_by_weight_above_the_floors(total, weights, floors, parts):
    assert spread(total, weights, floors) == parts


@given(st.integers(0, 10**9), PARTS)
def test_the_parts_add_up_and_none_is_below_its_floor(total, parts):
    weights, floors = parts

    found = spread(total, weights, floors)

    assert all(part >= least for part, least in zip(found, floors, strict=True))
    assert sum(found) == max(total, sum(floors))


@given(st.integers(0, 10**6), PARTS)
def test_without_floors_no_part_is_a_whole_request_off_its_share(total, parts):
    weights = parts[0]

    found = spread(total, weights, [0] * len(weights))

    whole = sum(weights) or len(weights)
    for part, weight in zip(found, weights if any(weights) else [1] * len(weights), strict=True):
        assert abs(part * whole - total * weight) <= whole
