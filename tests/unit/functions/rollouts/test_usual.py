"""What goes on record of stable, and how many errors it allows where nothing can be compared."""

import math

import pytest

from rollouts.past import Past
from rollouts.record import Record, Usual
from rollouts.record_json import parse_record, show_record
from rollouts.shifting import promote, shift
from rollouts.usual import KEY, carried, measured, ratio_allowed, show_usual
from tests.unit.functions.rollouts.builders import (
    at,
    policy,
    revision,
    rollout,
    seen,
    shifts,
    step,
)

ANALYSIS = policy().analysis


def put_down(decision):
    """Return what a decision writes of stable."""
    assert decision.change is not None
    assert decision.change.record.rollout is not None
    return decision.change.record.rollout.usual


def test_what_a_look_tells_is_read_back_from_the_action():
    usual = Usual(requests=9000, errors=9, requests_a_second=5.5)

    assert carried({"kind": "shift", KEY: show_usual(usual)}) == usual


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "9000",
        {},
        {"requests": 10, "errors": 1},
        {"requests": "10", "errors": 1, "requests_a_second": 1.0},
        {"requests": True, "errors": 0, "requests_a_second": 1.0},
        {"requests": 10, "errors": 11, "requests_a_second": 1.0},
        {"requests": 10, "errors": -1, "requests_a_second": 1.0},
        {"requests": 10, "errors": None, "requests_a_second": 1.0},
        {"requests": 10, "errors": 1, "requests_a_second": 0.0},
        {"requests": 10, "errors": 1, "requests_a_second": -1.0},
        {"requests": 10, "errors": 1, "requests_a_second": math.inf},
        {"requests": 10, "errors": 1, "requests_a_second": math.nan},
        {"requests": 10, "errors": 1, "requests_a_second": True},
        {"requests": 10, "errors": 1, "requests_a_second": "1"},
    ],
)
def test_an_action_of_older_code_or_a_damaged_one_carries_nothing(document):
    assert carried({KEY: document}) is None


def test_an_action_without_it_carries_nothing():
    assert carried({}) is None


def test_a_whole_number_of_requests_a_second_is_one():
    found = carried({KEY: {"requests": 10, "errors": 1, "requests_a_second": 2}})

    assert found == Usual(10, 1, 2.0)


def test_the_past_and_the_present_rate_are_put_on_record():
    assert measured(Past(requests=100, errors=3), 2.5) == Usual(100, 3, 2.5)
    assert measured(Past(requests=2, errors=3), 2.5) == Usual(2, 2, 2.5)


@pytest.mark.parametrize("rate", [None, 0.0])
def test_of_a_service_that_nobody_was_seen_to_use_nothing_is_put_on_record(rate):
    assert measured(Past(requests=100, errors=3), rate) is None


@pytest.mark.parametrize(
    ("requests", "errors", "allowed"),
    [
        (0, 0, 0.10),  # Nothing is known.
        (1_000_000, 0, 0.01),  # One in a hundred, however good it was.
        (1_000_000, 100, 0.01),
        (1_000_000, 50_000, 0.1520),  # Three times its upper limit.
        (10, 0, 0.10),  # A short past allows no more than none.
        (10, 5, 0.5),  # Who fails more than half is out of order, whatever was before.
    ],
)
def test_what_is_allowed_is_three_times_what_was_normal_and_one_percent_at_least(
    requests, errors, allowed
):
    found = ratio_allowed(Usual(requests, errors, 5.0), ANALYSIS)

    assert found == pytest.approx(allowed, rel=0.02)


def test_what_a_policy_tolerates_is_allowed_too():
    tolerant = policy(analysis={"error_increase_tolerated": 9}).analysis
    ignoring = policy(analysis={"error_ratio_ignored": 0.05}).analysis

    assert ratio_allowed(Usual(1_000_000, 50_000, 5.0), tolerant) == pytest.approx(0.5)
    assert ratio_allowed(Usual(1_000_000, 0, 5.0), ignoring) == 0.05


TOLD = Usual(requests=9000, errors=9, requests_a_second=5.5)
LATER = Usual(requests=9000, errors=9, requests_a_second=7.5)


def test_a_shift_and_the_promotion_put_on_record_what_their_action_carries():
    onward = step({"kind": "shift", "step": 1, KEY: show_usual(TOLD)})
    done = step({"kind": "promote", KEY: show_usual(LATER)})
    full = rollout(shifts=shifts(10, 50, 100), usual=TOLD)

    shifted = shift(seen(rollout()), onward, revision(), at(minutes=5))
    promoted = promote(seen(full), done, at(minutes=15))

    assert put_down(shifted) == TOLD
    assert put_down(promoted) == LATER


def test_an_action_that_carries_nothing_leaves_what_is_on_record():
    """Functions change one after the other: the action may be one of older code."""
    known = rollout(usual=TOLD)
    full = rollout(shifts=shifts(10, 50, 100), usual=TOLD)

    shifted = shift(seen(known), step({"kind": "shift", "step": 1}), revision(), at(minutes=5))
    promoted = promote(seen(full), step({"kind": "promote"}), at(minutes=15))

    assert put_down(shifted) == TOLD
    assert put_down(promoted) == TOLD


@pytest.mark.parametrize("usual", [None, TOLD, Usual(0, 0, 2.0)])
def test_the_record_keeps_it(usual):
    record = Record(rollout=rollout(usual=usual), promoted=rollout("promoted", usual=usual))

    assert parse_record(show_record(record)) == record
