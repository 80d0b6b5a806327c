"""Stable before the rollout: what it was used to, and whether it was ever bad."""

from dataclasses import replace

import pytest

from rollouts.intervals import Arm
from rollouts.past import Past
from tests.unit.functions.rollouts import by_the_book
from tests.unit.functions.rollouts.histories import past


def taken(*minutes):
    known = Past()
    for one in minutes:
        assert known.take(one)
    return known


def test_nothing_before_the_rollout_is_nothing_known():
    known = Past()

    assert (known.exists, known.rate, known.was_bad) == (False, None, False)
    assert known.limit == 0.01


def test_minutes_without_requests_are_known_and_no_past():
    known = taken(*past(0))

    assert (known.exists, known.rate) == (False, 0.0)


def test_the_rate_is_that_of_all_its_minutes():
    assert taken(*past(20, minutes=7)).rate == 20


def test_a_young_stable_is_as_busy_as_it_was_since_its_first_request():
    young = past(20, minutes=30)
    idle = [replace(one, stable=Arm(0, 0)) for one in young[:25]]
    known = taken(*idle, *young[25:28], replace(young[28], stable=Arm(0, 0)), young[29])

    assert known.rate == 20 * 4 / 5
    assert known.rate_of_all == 20 * 4 / 30
    assert taken(*idle).rate_of_all == 0.0
    assert Past().rate_of_all is None


def test_the_limit_is_three_times_the_upper_bound_and_at_least_one_percent():
    assert taken(*past(20, errors=1)).limit == 0.01
    busy = taken(*past(20, errors=60))
    assert busy.limit == pytest.approx(3 * by_the_book.upper(1800, 36_000))


@pytest.mark.parametrize(("errors", "bad"), [(4, False), (5, True)])
def test_a_minute_was_bad_with_at_least_five_errors(errors, bad):
    """Of 10 requests a minute; the other minutes were fine."""
    quiet = past(1, minutes=600)
    worst = past(10 / 60, minutes=700, errors=errors)[0]

    assert taken(worst, *quiet).was_bad is bad


@pytest.mark.parametrize(("errors", "bad"), [(12, False), (13, True)])
def test_a_minute_was_bad_above_the_limit(errors, bad):
    """One percent of 1,200 requests are twelve."""
    worst = past(20, minutes=61, errors=errors)[0]

    assert taken(worst, *past(20, minutes=60)).was_bad is bad


def test_more_errors_than_requests_are_every_request():
    """A log may tell of what the totals do not count."""
    assert taken(*past(1 / 60, minutes=1, errors=9)).worst == 1.0


def test_an_interval_counts_once():
    known = taken(*past(20, minutes=3))

    assert not any(known.take(one) for one in past(20, minutes=3))
    assert known.seconds == 180


def test_minutes_in_which_most_requests_failed_tell_not_what_is_normal():
    """They tell how busy it was, and that it was bad."""
    minutes = past(20, minutes=30, errors=0)
    down = past(20, minutes=30, errors=1100)[10:20]
    known = taken(*minutes[:10], *down, *minutes[20:])

    assert (known.limit, known.ratio) == (0.01, 0.0)
    assert known.was_bad
    assert (known.rate, known.rate_of_all) == (20, 20)


def test_half_of_the_requests_is_the_highest_limit():
    assert taken(*past(20, minutes=30, errors=500)).limit == 0.5


def test_a_service_that_was_down_all_the_time_has_no_past_to_go_by():
    assert not taken(*past(20, minutes=30, errors=1200)).exists
