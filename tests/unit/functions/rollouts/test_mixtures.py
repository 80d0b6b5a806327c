"""Evidence as it grows, in logarithms: no count overflows, and waiting costs nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.mixtures import NOW_SHARE, Mixture, logs

HALVES = logs(0.5, 0.5)
LOGS = st.floats(-1e9, 1e9)


def test_what_is_staked_at_the_start_is_one():
    mixture = Mixture(HALVES)

    assert mixture.log_value == pytest.approx(0.0)
    assert mixture.reserve == pytest.approx(math.log(1 - NOW_SHARE))


@given(st.lists(st.floats(-100, 0), max_size=20))
def test_waiting_for_a_change_costs_and_gains_nothing(leaks):
    mixture = Mixture(HALVES)
    for kept in leaks:
        mixture.leak(kept)
        mixture.multiply((0.0, 0.0))

    assert mixture.log_value == pytest.approx(0.0, abs=1e-12)


@given(st.lists(st.floats(-5, 0), min_size=1, max_size=10))
def test_what_flowed_in_parts_is_what_flowed_at_once(leaks):
    parts, whole = Mixture(HALVES), Mixture(HALVES)
    for kept in leaks:
        parts.leak(kept)
    whole.leak(sum(leaks))
    parts.multiply((3.0, -1.0))
    whole.multiply((3.0, -1.0))

    assert parts.log_value == pytest.approx(whole.log_value)


def test_what_flows_in_meets_only_factors_from_then_on():
    """Half of the 0.3 in reserve flows in after the first factor: it meets the second alone."""
    mixture = Mixture(logs(1.0))
    mixture.multiply((math.log(2),))
    mixture.leak(math.log(0.5))
    mixture.multiply((math.log(3),))

    assert math.exp(mixture.log_value) == pytest.approx(0.15 + (0.7 * 2 + 0.15) * 3)


def test_a_reserve_that_flows_out_whole_is_no_error():
    mixture = Mixture(HALVES)
    for _ in range(3):
        mixture.leak(-800.0)
        mixture.multiply((1.0, 1.0))

    assert mixture.log_value == pytest.approx(3.0)


@given(st.lists(st.tuples(LOGS, LOGS, st.floats(-1e6, 0)), max_size=30))
def test_no_count_overflows(steps):
    mixture = Mixture(HALVES)
    for one, other, kept in steps:
        mixture.leak(kept)
        mixture.multiply((one, other))

    assert math.isfinite(mixture.log_value)
    assert all(map(math.isfinite, mixture.state()))


def test_a_copy_goes_its_own_way():
    mixture = Mixture(HALVES)
    other = mixture.copy()
    other.leak(-1.0)
    other.multiply((5.0, 5.0))

    assert mixture.log_value == pytest.approx(0.0)
    assert mixture.state() != other.state()


@given(st.lists(st.tuples(LOGS, st.floats(-9, 0)), max_size=5))
def test_a_state_is_restored_bit_for_bit(steps):
    mixture, restored = Mixture(HALVES), Mixture(HALVES)
    for factor, kept in steps:
        mixture.multiply((factor, 0.0))
        mixture.leak(kept)
    restored.restore(mixture.state())
    for one in (mixture, restored):
        one.multiply((0.1, 0.2))

    assert restored.state() == mixture.state()


@pytest.mark.parametrize("size", [0, 1, 3, 5])
def test_a_state_of_another_number_of_effects_is_refused(size):
    with pytest.raises(ValueError, match="another size"):
        Mixture(HALVES).restore([0.0] * size)


@given(st.floats(-2000, 700))
def test_what_flows_is_added_as_what_it_is_a_logarithm_of(mass):
    """Also to a mass that clean requests have brought down further than a float can tell."""
    mixture = Mixture(HALVES)
    mixture.multiply((mass, mass))
    before = mixture.masses[0]
    mixture.leak(-0.5)
    flowed = math.log(0.5 * (1 - NOW_SHARE) * -math.expm1(-0.5))

    mixture.multiply((0.0, 0.0))

    high, low = max(before, flowed), min(before, flowed)
    assert mixture.masses[0] == pytest.approx(high + math.log1p(math.exp(low - high)))
