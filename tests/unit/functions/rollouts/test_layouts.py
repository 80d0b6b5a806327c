"""Bucket layouts in JSON: a rule where there is one, else every bound; both read back exactly."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.intervals import Histogram
from rollouts.layouts import BOUNDS_MAX, growing, read, shown

GOOGLE = growing(1.0, 1.4, 67)


def through_json(bounds):
    return read(json.loads(json.dumps(shown(bounds))))


def test_bounds_that_grow_by_one_factor_are_told_by_their_rule():
    assert shown(GOOGLE) == {"scale": 1.0, "factor": 1.4, "number": 67}
    assert through_json(GOOGLE) == GOOGLE


@pytest.mark.parametrize(
    "bounds", [(), (0.0, 1.0, 2.0, 4.0), (1.0, 2.0, 4.0), (1.0, 2.0, 4.0, 9.0),
               (1.0, 1e200, 2e200, 3e200), (*GOOGLE[:-1], math.nextafter(GOOGLE[-1], 0.0))]
)  # fmt: skip
def test_bounds_without_a_rule_are_told_one_by_one(bounds):
    assert shown(bounds) == bounds
    assert through_json(bounds) == bounds


@given(st.floats(1e-9, 1e9), st.floats(1.0001, 10.0), st.integers(0, 200))
def test_whatever_grows_is_read_back_to_the_last_bit(scale, factor, number):
    assert through_json(growing(scale, factor, number)) == growing(scale, factor, number)


def test_a_rule_for_more_bounds_than_any_layout_has_is_refused():
    with pytest.raises(ValueError, match=str(BOUNDS_MAX + 1)):
        read({"scale": 1.0, "factor": 1.4, "number": BOUNDS_MAX + 1})


# Histograms in a layout.


@given(st.lists(st.integers(0, 5), min_size=68, max_size=68).map(tuple))
def test_a_histogram_is_restored_as_it_was(counts):
    one = Histogram(GOOGLE, counts)

    assert Histogram.restored(json.loads(json.dumps(one.state()))) == one


def test_a_histogram_of_before_rules_is_restored_too():
    assert Histogram.restored([[1.0, 2.0], [0, 3, 4]]) == Histogram((1.0, 2.0), (0, 3, 4))


@pytest.mark.parametrize("state", [[[1.0, 2.0], 1, [1, 2, 3]], [[1.0, 2.0], -1, [1]]])
def test_buckets_that_a_layout_does_not_have_are_refused(state):
    with pytest.raises(ValueError, match="buckets"):
        Histogram.restored(state)
