"""Evidence without a comparison, and the bounds of a ratio."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts import bernoulli
from rollouts.bernoulli import GAINS, Test, clean_evidence, upper_ratio, wilson

RATIOS = st.floats(1e-6, 0.9)


@given(RATIOS, st.integers(0, 500), st.integers(0, 10**7))
def test_factors_are_those_of_a_ratio_so_many_times_as_high(ratio, bad, fine):
    found = Test(ratio).factors(bad, bad + fine)

    for gain, factor in zip(GAINS, found, strict=True):
        raised = min(gain * ratio, 0.5 + ratio / 2)
        expected = bad * math.log(raised / ratio) + fine * math.log((1 - raised) / (1 - ratio))
        assert factor == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(RATIOS)
def test_a_canary_that_fails_at_the_ratio_gains_nothing_on_average(ratio):
    failed, fine = Test(ratio).factors(1, 1), Test(ratio).factors(0, 1)

    for won, lost in zip(failed, fine, strict=True):
        assert ratio * math.exp(won) + (1 - ratio) * math.exp(lost) == pytest.approx(1.0)


@given(RATIOS, st.integers(0, 50), st.floats(0, 1e9), st.floats(0, 1e9))
def test_evidence_falls_in_the_requests(ratio, bad, one, other):
    low, high = sorted((one, other))

    for few, many in zip(
        Test(ratio).factors(bad, bad + low), Test(ratio).factors(bad, bad + high), strict=True
    ):
        assert many <= few


def test_every_request_failed_is_no_infinity():
    assert all(map(math.isfinite, Test(0.999).factors(10**9, 10**9)))


def test_all_gains_are_bet_on_alike():
    assert bernoulli.testing().log_value == pytest.approx(0.0)
    assert len(set(bernoulli.testing().log_weights)) == 1


@pytest.mark.parametrize(
    ("bad", "requests", "expected"),
    [(0, 1000, 6.91e-3), (3, 1000, 13.06e-3), (30, 10_000, 5.2e-3)],
)
def test_the_upper_bound_is_that_of_a_poisson_count(bad, requests, expected):
    """Exact: 99.9 % of a chi-square with 2 (bad + 1) degrees of freedom, halved."""
    assert upper_ratio(bad, requests) == pytest.approx(expected, rel=0.03)


def test_an_upper_bound_needs_requests_and_is_a_ratio():
    assert upper_ratio(0, 0) is None
    assert upper_ratio(0, 1) == upper_ratio(100, 10) == 1.0


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_an_interval_of_a_ratio_holds_the_ratio(bad, requests):
    found = wilson(bad, requests)

    assert found
    assert 0.0 <= found[0] <= min(bad / requests, 1.0) + 1e-9
    assert min(bad / requests, 1.0) - 1e-9 <= found[1] <= 1.0


def test_the_interval_of_a_ratio_is_wilsons():
    """Source: Agresti and Coull 1998, 95 % of 0 in 10, and of 5 in 10."""
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-3)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-3)
    assert wilson(0, 0) is None


@pytest.mark.parametrize(("requests", "enough"), [(331, False), (332, True)])
def test_so_many_clean_requests_speak_for_an_early_end(requests, enough):
    assert (clean_evidence(0, requests, good=0.001, poor=0.01) >= math.log(20)) is enough


def test_a_bad_request_speaks_against_an_early_end():
    assert clean_evidence(1, 332, good=0.001, poor=0.01) < clean_evidence(
        0, 332, good=0.001, poor=0.01
    )
