"""Clusters among stable's bad requests: what one interval of them is worth."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.dispersion import ERRORS, SLOW, Dispersion
from tests.unit.functions.rollouts import by_the_book

COUNTS = st.lists(
    st.tuples(st.integers(0, 50), st.floats(0, 1e4).map(lambda one: round(one, 3)), st.booleans()),
    max_size=20,
)


def dispersion(*noted, prior=ERRORS):
    built = Dispersion(prior)
    for bad, weight, past in noted:
        built.note(bad, weight, past=past)
    return built


@given(COUNTS, st.sampled_from([ERRORS, SLOW]))
def test_phi_is_what_the_formula_says(noted, prior):
    chains = [
        [(bad, weight) for bad, weight, past in noted if past is which] for which in (True, False)
    ]

    expected = by_the_book.phi_of(chains, prior.phi, prior.weight, prior.phi_max)

    assert dispersion(*noted, prior=prior).phi == pytest.approx(expected)


@given(COUNTS, st.integers(0, 10**9))
def test_a_cluster_is_worth_at_least_one_bad_request_and_at_most_all(noted, bad):
    worth = dispersion(*noted).discount(bad)

    assert 0 < worth <= 1
    assert bad == 0 or worth * bad >= 1 - 1e-9


def test_a_single_bad_request_is_worth_all_of_it():
    clustered = dispersion(*[(40 * (index % 2), 10.0, True) for index in range(20)])

    assert clustered.discount(1) == clustered.discount(0) == 1.0
    assert clustered.discount(1000) == pytest.approx(1 / clustered.phi)


def test_nothing_known_is_the_prior():
    assert dispersion().phi == ERRORS.phi == 1.25
    assert dispersion(prior=SLOW).phi == SLOW.phi == 1.5
    assert dispersion((5, 10.0, True)).phi == 1.25


def test_independent_failures_are_no_cluster():
    rng = random.Random(7)
    counts = [sum(rng.random() < 0.01 for _ in range(1000)) for _ in range(200)]

    assert dispersion(*[(bad, 60.0, True) for bad in counts]).phi == pytest.approx(1.0, abs=0.3)


def test_failures_of_one_instance_at_once_are_a_cluster():
    counts = [20 if index % 10 == 0 else 0 for index in range(60)]

    assert dispersion(*[(bad, 60.0, True) for bad in counts]).phi > 10


def test_the_slow_change_of_a_day_is_no_cluster():
    ramp = dispersion(*[(index, 60.0, True) for index in range(10, 200)])

    assert ramp.phi < 1.25


def test_phi_has_an_upper_bound():
    assert dispersion((0, 1.0, True), (10**6, 1.0, True)).phi == ERRORS.phi_max


def test_past_and_rollout_are_not_compared_with_each_other():
    """Minutes of before and intervals of 10 s: also where the former become visible later."""
    mixed = dispersion((60, 60.0, True), (1, 9.0, False), (60, 60.0, True), (1, 9.0, False))

    assert mixed.phi == pytest.approx(
        by_the_book.phi_of([[(60, 60), (60, 60)], [(1, 9), (1, 9)]], 1.25, 10, 50)
    )


def test_an_interval_without_weight_is_no_link_of_a_chain():
    """At 100 % stable has no share of the time."""
    whole = dispersion((3, 9.0, False), (0, 0.0, False), (3, 9.0, False))

    assert whole.phi == dispersion((3, 9.0, False), (3, 9.0, False)).phi


@given(COUNTS)
def test_a_state_is_restored_bit_for_bit(noted):
    built, restored = dispersion(*noted), Dispersion(ERRORS)
    restored.restore(built.state())

    assert restored.state() == built.state()
    assert [type(one) for one in restored.state()] == [type(one) for one in built.state()]
    built.note(3, 7.0, past=False)
    restored.note(3, 7.0, past=False)
    assert restored.phi == built.phi


@pytest.mark.parametrize(
    "state", [[], [1.0, 2.0], [1.0, 2.0, 3], [1.0, 2.0, 3, None], ["x", 1, 1, None, None]]
)
def test_a_state_of_another_shape_is_refused(state):
    with pytest.raises(ValueError):
        Dispersion(ERRORS).restore(state)
