"""The counts of one look at the request log, held against chance. By exact numbers."""

import random

import pytest

from rollouts.intervals import BadRequest
from rollouts.record import Usual
from rollouts.suspicion import CHANCE, Stretch, expected_alone, looks, stretches, worse
from rollouts.tails import binomial_tail
from tests.unit.functions.rollouts.builders import at, policy, rollout, shifts

OWN = rollout()


def bad(role, began, number=0, *, reached=True):
    return BadRequest(f"{role}{began}{number}", role, began, began, reached)


@pytest.mark.parametrize(
    ("percent", "canary", "stable", "guilty"),
    [
        (10, 1, 0, False),
        (10, 2, 0, False),  # One in 84.
        (10, 3, 0, True),  # One in 774.
        (10, 0, 50, False),
        (10, 4, 4, False),
        (10, 5, 4, True),
        (10, 21, 79, False),
        (10, 22, 78, True),
        (50, 9, 0, False),
        (50, 10, 0, True),
        (50, 50, 50, False),
        (90, 64, 0, False),
        (90, 65, 0, True),
        (1, 1, 0, False),
        (1, 2, 0, True),
    ],
)
def test_the_canary_is_worse_if_chance_alone_would_hardly_give_it_so_many(
    percent, canary, stable, guilty
):
    assert worse(Stretch(percent, 60, canary, stable), OWN, CHANCE) is guilty


def test_what_the_policy_tolerates_is_no_evidence():
    """A canary with a tenth more errors counts as good: its share of them is that much larger."""
    tolerant = rollout(policy=policy(analysis={"error_increase_tolerated": 3}))

    assert worse(Stretch(10, 60, 30, 70), OWN, CHANCE)
    assert not worse(Stretch(10, 60, 30, 70), tolerant, CHANCE)


@pytest.mark.parametrize("percent", [1, 10, 50, 90])
@pytest.mark.parametrize("both", [1, 3, 10, 100, 1000])
def test_in_a_common_outage_a_good_canary_is_blamed_once_in_500_looks_at_most(percent, both):
    """Exactly: the smallest count that is too many has a tail of at most one in 500."""
    blamed = [
        canary
        for canary in range(both + 1)
        if worse(Stretch(percent, 60, canary, both - canary), OWN, CHANCE)
    ]

    assert not blamed or binomial_tail(blamed[0], both, percent / 100) <= 1 / 500
    assert blamed == list(range(both + 1))[len(range(both + 1)) - len(blamed) :]


def test_by_drawing_it_is_so_too():
    rng = random.Random(7)
    looks = 5000
    blamed = 0
    for _ in range(looks):
        canary = sum(rng.random() < 0.1 for _ in range(40))
        blamed += worse(Stretch(10, 60, canary, 40 - canary), OWN, CHANCE)

    assert blamed / looks <= 1 / 500


ALONE = rollout(shifts=shifts(100), usual=Usual(36_000, 36, 20.0))


@pytest.mark.parametrize(
    ("seconds", "canary", "guilty"),
    [
        (60, 23, False),
        (60, 24, True),
        (300, 83, False),
        (300, 84, True),
        (1, 2, False),
        (1, 3, True),
    ],
)
def test_alone_the_canary_is_held_against_the_recorded_ratio(seconds, canary, guilty):
    assert worse(Stretch(100, seconds, canary, 0), ALONE, CHANCE) is guilty


def test_what_is_expected_is_the_allowed_ratio_of_the_requests_of_so_long():
    assert expected_alone(Stretch(100, 60, 0, 0), ALONE) == pytest.approx(0.01 * 20 * 60)


@pytest.mark.parametrize("times", [2, 3])
def test_traffic_may_grow_threefold_before_a_canary_as_good_as_stable_looks_worse(times):
    """1 % of the requests have always failed, and 5 minutes at 20 a second are 6,000 requests."""
    own = rollout(shifts=shifts(100), usual=Usual(1_000_000, 10_000, 20.0))

    assert not worse(Stretch(100, 300, 60 * times, 0), own, CHANCE)


@pytest.mark.parametrize(("canary", "guilty"), [(4, False), (5, True)])
def test_with_nothing_on_record_a_handful_is_enough(canary, guilty):
    own = rollout(shifts=shifts(100))

    assert expected_alone(Stretch(100, 60, canary, 0), own) is None
    assert worse(Stretch(100, 60, canary, 0), own, CHANCE) is guilty


def test_a_look_is_cut_at_the_shifts_and_requests_count_where_they_began():
    own = rollout(shifts=shifts(10, 50, 100, minutes_between=1))
    found = [
        bad("canary", at(29)),
        bad("canary", at(30)),
        bad("stable", at(59)),
        bad("canary", at(60)),
        bad("canary", at(119), 1),
        bad("canary", at(120)),
        bad("canary", at(150)),
    ]

    assert stretches(own, found, at(30), at(150)) == (
        Stretch(100, 30.0, 1, 0),
        Stretch(50, 60.0, 2, 0),
        Stretch(10, 30.0, 1, 1),
    )


def test_at_100_percent_the_last_minute_is_looked_at_by_itself():
    """Else a fault that has just begun drowns in the good minutes before it."""
    own = rollout(shifts=shifts(50, 100, minutes_between=1))
    found = [bad("canary", at(70)), bad("canary", at(150))]

    assert looks(own, found, at(30), at(180)) == (
        Stretch(100, 60.0, 1, 0),
        Stretch(100, 120.0, 2, 0),
        Stretch(50, 30.0, 0, 0),
    )
    assert looks(own, found, at(30), at(120)) == stretches(own, found, at(30), at(120))
    assert looks(OWN, found, at(0), at(180)) == stretches(OWN, found, at(0), at(180))
    assert looks(own, found, at(90), at(90)) == ()


def test_a_share_that_was_over_before_the_look_began_is_left_out():
    own = rollout(shifts=shifts(10, 50, minutes_between=1))

    assert [one.percent for one in stretches(own, [], at(60), at(90))] == [50]
    assert stretches(own, [], at(90), at(90)) == ()


def test_what_reached_no_container_counts_once_a_minute_has_passed_since_the_shift():
    """A revision that cannot start any more is seen by nothing else; one that starts may refuse."""
    found = [bad("canary", at(second), reached=False) for second in (5, 59, 60, 90)]

    assert stretches(OWN, found, at(0), at(120)) == (Stretch(10, 120.0, 2, 0),)


def test_a_stretch_says_what_was_seen():
    assert str(Stretch(10, 60, 3, 1)) == "3 bad requests at the canary, 1 at stable, at 10 %"
    assert str(Stretch(100, 60.4, 3, 0)) == "3 bad requests at the canary in 60 s, at 100 %"
