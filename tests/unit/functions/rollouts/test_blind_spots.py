"""What a comparison cannot see: requests that reached no container, hangs, shared damage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.blind_spots import Hang, Outage, Unreached, outage_limit
from tests.unit.functions.rollouts.builders import at
from tests.unit.functions.rollouts.histories import interval

# Requests that never reached a container.

BUSY, QUIET = 20.0, 9.9


def refused(start, canary=1, stable=0, **fields):
    return interval(start, unreached=(canary, stable), **fields)


def counting(*intervals, expected=BUSY):
    state = Unreached()
    return [state.counted(one, expected) for one in intervals]


def test_what_the_platform_refused_in_a_steps_first_minute_is_set_apart():
    starts = (0, 50, 59, 60)

    assert counting(*[refused(start) for start in starts], expected=QUIET) == [
        False, False, False, True,
    ]  # fmt: skip


def test_then_three_intervals_of_a_busy_canary_are_set_apart():
    later = [refused(60 + 10 * index) for index in range(5)]

    assert counting(refused(0), *later) == [False] * 4 + [True, True]


def test_only_intervals_in_which_the_canary_was_refused_are_used_up():
    stables = [refused(60 + 10 * index, canary=0, stable=9) for index in range(9)]

    assert counting(refused(0), *stables, refused(150)) == [False] * 11


def test_a_quiet_canary_has_no_further_intervals_set_apart():
    assert counting(refused(0), refused(60), expected=QUIET) == [False, True]
    assert counting(refused(0), refused(60), expected=10.0) == [False, False]


def test_each_step_sets_apart_anew():
    first = [refused(60 + 10 * index) for index in range(4)]
    second = [refused(100, step=1), refused(159, step=1), refused(160, step=1)]

    assert counting(refused(0), *first, *second) == [False] * 4 + [True] + [False] * 3


@pytest.mark.parametrize(("failed", "expected", "all_"), [
    (10, 20.0, True), (9, 18.0, False), (10, 20.1, False), (10, 0.0, True), (30, 60.0, True),
])  # fmt: skip
def test_all_count_from_the_interval_after_one_in_which_the_canary_hardly_came_up(
    failed, expected, all_
):
    """Not in that interval itself: to choose by role is not valid."""
    assert counting(refused(0, failed), refused(10), expected=expected) == [False, all_]


def test_a_canary_that_does_not_come_up_stays_so_over_the_steps():
    assert counting(refused(0, 20), refused(10, step=1)) == [False, True]


# A hang.


def hanging(*intervals, p99=1000.0):
    hang = Hang()
    for one in intervals:
        hang.take(one, p99)
    return hang


def served(start, completed, *, in_flight=5.0, stable=90, **fields):
    return interval(start, (completed, 0), (stable, 0), in_flight=(in_flight, 1.0), **fields)


@pytest.mark.parametrize(
    ("expected", "doubts", "fails"), [(9, False, False), (10, True, False), (50, True, True)]
)
def test_a_canary_that_completes_hardly_a_request_is_in_doubt_and_then_fails(
    expected, doubts, fails
):
    """From 10 expected on it is not passed, from 50 on with requests in flight taken back."""
    hang = hanging(served(0, 0), served(30, 0, stable=10 * expected))

    assert bool(hang.doubts) is doubts
    assert bool(hang.fails) is fails


def test_a_hang_says_what_was_completed_of_how_much():
    hang = hanging(served(0, 0), served(30, 9, stable=1800))

    assert hang.fails == "the canary completed 9 of about 181 requests"


@pytest.mark.parametrize(("completed", "doubts"), [(24, True), (25, False)])
def test_a_quarter_of_its_share_is_no_hang(completed, doubts):
    hang = hanging(served(0, 0), served(30, completed, stable=1000 - completed))

    assert bool(hang.doubts) is doubts


def test_nothing_in_flight_is_no_hang():
    """A canary without traffic, whatever the reason, is not taken back for it."""
    for open_now in (0.0, None):
        first = served(0, 0, in_flight=open_now)
        hang = hanging(first, served(30, 0, stable=5000, in_flight=open_now))
        assert hang.doubts
        assert not hang.fails


@pytest.mark.parametrize(("start", "counted"), [(21.9, False), (22, True)])
def test_requests_that_may_still_be_under_way_are_not_missed(start, counted):
    """Twenty seconds and stable's p99 after the step's start."""
    hang = hanging(served(0, 0), served(start, 0, stable=1000), p99=2000.0)

    assert bool(hang.fails) is counted


def test_without_a_known_latency_nothing_is_missed():
    assert not hanging(served(0, 0), served(300, 0, stable=1000), p99=None).doubts


def test_each_step_is_watched_for_a_hang_of_its_own():
    stuck = served(0, 0), served(30, 0, stable=1000)

    assert hanging(*stuck).fails
    assert not hanging(*stuck, served(40, 10, step=1)).doubts


def opened(minute, canary, stable=1.0, *, seconds=60, **fields):
    open_now = (canary, stable)
    return interval(60 * minute, (900, 0), (900, 0), seconds=seconds, in_flight=open_now, **fields)


@pytest.mark.parametrize(
    ("canary", "stable", "stuck"),
    [
        (9.9, 0.0, False),
        (10.0, 0.0, True),
        (10.0, 9.0, True),
        (10.0, 9.1, False),
        (99.0, 89.0, True),
    ],
)
def test_ten_open_requests_and_ten_times_stables_by_the_odds_are_in_doubt(canary, stable, stuck):
    """At 10 % the odds are 1 : 9."""
    assert bool(hanging(opened(0, canary, stable)).doubts) is stuck


@pytest.mark.parametrize(("minutes", "fails"), [(4, False), (5, True)])
def test_requests_open_for_five_minutes_fail(minutes, fails):
    hang = hanging(*[opened(minute, 80.0) for minute in range(minutes)])

    assert bool(hang.fails) is fails
    if fails:
        assert hang.fails == "80 of its requests were open at once for 5 minutes"


def test_a_new_step_begins_the_five_minutes_anew():
    minutes = [opened(minute, 80.0, step=minute // 4) for minute in range(8)]

    assert not hanging(*minutes).fails
    assert hanging(*minutes).doubts


def test_requests_that_end_begin_the_five_minutes_anew():
    minutes = [opened(minute, 1.0 if minute == 3 else 80.0) for minute in range(8)]

    assert not hanging(*minutes).fails
    assert hanging(*minutes).doubts == "80 of its requests are open at once"


@pytest.mark.parametrize("known", [(None, 1.0), (80.0, None), (None, None)])
def test_what_is_not_known_to_be_open_accuses_nobody(known):
    hang = hanging(*[opened(minute, *known) for minute in range(9)])

    assert not hang.fails
    assert not hang.doubts


def test_an_unknown_minute_does_not_end_what_is_open():
    minutes = [opened(minute, None if minute == 3 else 80.0) for minute in range(6)]

    assert hanging(*minutes).fails


def test_a_period_that_began_in_an_earlier_step_says_nothing_of_what_is_open():
    minutes = [opened(minute, 80.0, step=1, latency_since=at(-1)) for minute in range(9)]
    hang = hanging(*minutes)

    assert not hang.doubts


def test_a_whole_period_stands_on_its_last_interval():
    lasts = [
        opened(minute, 80.0, seconds=10, latency_since=at(60 * minute - 50))
        for minute in range(1, 6)
    ]

    assert hanging(interval(0), *lasts).fails


def test_at_100_percent_there_is_nobody_to_compare_what_is_open_with():
    assert not hanging(*[opened(minute, 800.0, step=2) for minute in range(9)]).doubts


# Shared damage.


def outage(*bad, limit=0.01, requests=180.0, since=0.0, **fields):
    state = Outage([])
    for index, both in enumerate(bad):
        state.take(interval(since + 10 * index, **fields), both, requests, limit)
    return state


@pytest.mark.parametrize(("failed", "bad"), [(4, False), (5, True)])
def test_stable_is_bad_from_five_bad_requests_in_a_minute_on(failed, bad):
    assert (outage((0, failed), requests=10.0).since is not None) is bad
    assert (outage(*[(0, 1)] * failed, requests=2.0).since is not None) is bad


@pytest.mark.parametrize(("failed", "bad"), [(10, False), (11, True)])
def test_stable_is_bad_above_its_limit(failed, bad):
    assert (outage((0, failed), requests=1000.0).since is not None) is bad


def test_only_the_last_minute_counts():
    assert outage((0, 5), *[(0, 0)] * 5, requests=1.0).since is not None
    assert outage((0, 5), *[(0, 0)] * 6, requests=1.0).since is None


def test_the_last_minute_is_that_before_the_last_interval():
    assert outage((0, 5), (0, 1), (0, 2), since=-50.0).last_minute == (8, 540)
    assert outage((0, 5), *[(0, 1)] * 6).last_minute == (6, 1080)


def test_an_unknown_number_of_requests_is_at_least_the_bad_ones():
    assert outage((0, 5), requests=0.0).since is not None


def test_an_outage_lasts_from_its_first_bad_interval_to_the_last():
    state = outage((0, 0), (1, 9), (1, 9), (1, 9))

    assert state.seconds == 20
    assert outage((0, 0)).seconds == 0


def test_the_minute_of_doubt_after_its_last_failure_makes_an_outage_no_longer():
    state = outage((1, 9), (1, 9), (1, 9), *[(0, 0)] * 5, requests=10.0)

    assert state.since is not None
    assert state.seconds == 20


def test_an_outage_that_ends_begins_anew():
    """Sixty seconds after its last bad interval; then everything is counted from the start."""
    state = outage((9, 9), *[(0, 0)] * 6, (0, 90))

    assert (state.seconds, state.canary_bad) == (0, 0)


@pytest.mark.parametrize(("canary", "takes_part"), [(4, False), (5, True)])
def test_a_canary_takes_part_with_half_of_its_share_of_the_bad_requests(canary, takes_part):
    """At 10 %: 100 bad requests, 10 of them expected."""
    assert outage((canary, 100 - canary)).takes_part is takes_part


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=9))
def test_at_100_percent_there_is_no_common_outage(bad):
    state = outage(*bad, step=2)

    assert (state.since, state.recent) == (None, [])


def test_the_limit_is_three_times_what_stable_was_and_at_least_one_percent():
    assert outage_limit(None) == 0.01
    assert outage_limit(0.001) == 0.01
    assert outage_limit(0.02) == pytest.approx(0.06)
