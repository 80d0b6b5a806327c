"""A history taken in: in the order of time, once, however it is cut; and what is estimated."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts import tally_json
from rollouts.intervals import BEFORE, PROBED, Arm, Carried
from rollouts.judging import advance, begin, conclude, judge
from rollouts.tally import GENEROUS, UNSEEN_MAX, Tally
from tests.unit.functions.rollouts.builders import at, policy
from tests.unit.functions.rollouts.histories import (
    COMPARED,
    clean,
    interval,
    last_known,
    latencies,
    looks,
    never_told,
    odd_histories,
    past,
    rollout,
    told,
    unseen,
)

CUTS = st.lists(st.integers(-100, 900), max_size=12).map(
    lambda cuts: sorted({at(one) for one in cuts})
)


def taken(*intervals, by=COMPARED):
    return advance(begin(by), intervals)


def state_of(tally):
    return tally_json.dump(tally, "")


# However it is cut.


@given(odd_histories(), CUTS)
def test_the_same_history_gives_the_same_verdict_however_it_is_cut_into_looks(history, cuts):
    """Totals become visible late, in some look or other; never earlier than they do."""
    end = last_known(history)
    for now, tally, verdict in looks(history, [*[one for one in cuts if one < end], end]):
        seen = [told(one, now) for one in history if one.known_at <= now]

        assert verdict == judge(seen, COMPARED, now)
        assert state_of(tally) == state_of(taken(*seen))


@given(odd_histories(), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(history, rng):
    shuffled = history * 2
    rng.shuffle(shuffled)

    assert judge(shuffled, COMPARED, last_known(history)) == judge(
        history, COMPARED, last_known(history)
    )


@given(odd_histories(), CUTS)
def test_what_was_taken_already_changes_nothing(history, cuts):
    tally = taken(*history)
    before = state_of(tally)
    for now in cuts:
        advance(tally, [one for one in history if one.end <= now])

    assert state_of(tally) == before


# Errors at once, totals later.


def test_errors_are_final_once_they_are_known():
    first = unseen(0, 3, 4)
    tally = taken(first)
    advance(tally, [interval(0, (20, 9), (180, 9), lag=100)])

    assert (tally.counts.canary.errors, tally.counts.canary.requests) == (3, 20)


def test_an_interval_that_is_known_too_late_is_left_out():
    """What began before an interval that is known already: its errors should be `carried`."""
    tally = taken(interval(10), interval(0, (20, 20), settle=30))

    assert tally.counts.canary.errors == 0


def test_totals_are_taken_in_the_order_of_time():
    """The first interval's are missing: those behind it wait, and are looked at ahead."""
    tally = taken(*past(), unseen(0), interval(10, (20, 5)))

    assert [one.start for one in tally.unseen_intervals] == [at(0), at(10)]
    assert tally.counts.canary.requests == 0
    assert conclude(tally).evidence.errors > 1


def test_intervals_that_wait_too_long_are_taken_without_totals():
    tally = taken(*past(), *[unseen(10 * index) for index in range(UNSEEN_MAX + 1)])

    assert len(tally.unseen) == UNSEEN_MAX
    advance(tally, [interval(0, lag=300)])
    assert tally.counts.canary.requests == 0


def test_totals_behind_an_interval_that_is_given_up_wait_no_longer():
    later = [interval(10 * index) for index in range(1, UNSEEN_MAX)]

    tally = taken(unseen(0), *later, unseen(10 * UNSEEN_MAX))

    assert len(tally.unseen) == 1
    assert tally.counts.canary.requests == 20 * (UNSEEN_MAX - 1)


def test_totals_that_never_come_hold_nothing_up():
    tally = taken(never_told(interval(0, lag=100)), interval(10, lag=100))

    assert tally.unseen == []
    assert tally.counts.canary.requests == 20


def test_totals_of_an_earlier_step_are_not_the_present_ones():
    tally = taken(unseen(0, 1), unseen(10, 1, step=1))
    advance(tally, [interval(0, (20, 1), lag=60), interval(10, (100, 1), (100, 0), step=1, lag=60)])

    assert (tally.counts.canary.requests, tally.counts.canary.errors) == (100, 1)
    assert tally.errors.served == {0: [20, 180], 1: [100, 100]}


# What was carried.


def test_what_is_told_late_counts_in_its_own_step():
    late = (Carried(1, 50, 2, 3), Carried(0, 10, 40, 50))

    tally = taken(*clean(1), interval(10, (100, 1), (100, 1), step=1, carried=late))

    assert (tally.counts.canary.errors, tally.counts.stable.errors) == (3, 4)


def test_what_is_told_late_is_compared_at_the_share_that_it_began_under():
    def evidence(percent):
        late = (Carried(0, percent, 3, 0),)
        history = [*past(), *clean(1, percent=percent), interval(10, step=1, carried=late)]
        return judge(history, COMPARED, at(20)).evidence.errors

    assert evidence(5) > evidence(10) > evidence(40)


# What is worth how much.


def test_what_an_error_is_worth_stands_once_it_is_known():
    """Errors of stable's that come in clusters afterwards do not take it back."""
    calm = past(errors=2)
    tally = taken(*calm, unseen(0, 6, 0))
    before = tally.unseen[0].discount
    for index in range(1, 9):
        advance(tally, [unseen(10 * index, 0, 60 * (index % 2))])

    assert tally.unseen[0].discount == before
    assert tally.phi.phi > 5


def test_probes_are_no_cluster_no_outage_and_no_traffic():
    probes = interval(-20, (20, 10), (20, 9), step=PROBED)
    tally = taken(*past(), probes)

    assert tally.phi.state() == taken(*past()).phi.state()
    assert (tally.outage.since, tally.recent) == (None, [])
    assert tally.rate == 20


def test_ten_probes_that_the_canary_alone_fails_are_enough():
    def kind(failed):
        probes = interval(-20, (20, failed), (20, 0), step=PROBED)
        return judge([probes], COMPARED, at(0)).kind

    assert (kind(9), kind(10)) == ("inconclusive", "fail")


@pytest.mark.parametrize(("least", "kind"), [(1, "fail"), (2, "inconclusive")])
def test_errors_of_one_interval_alone_may_be_too_little(least, kind):
    by = policy(analysis={"bad_intervals_min": least})
    burst = [*past(), interval(0, (60, 49), (180, 0))]

    assert judge(burst, by, at(10)).kind == kind
    assert judge([*burst, interval(10, (20, 1))], by, at(20)).kind == "fail"


def test_fifty_errors_in_one_interval_are_not():
    by = policy(analysis={"bad_intervals_min": 2})

    assert judge([*past(), interval(0, (60, 50), (180, 0))], by, at(10)).kind == "fail"


# What is not visible is estimated.


def test_the_rate_is_that_of_the_last_visible_minute():
    history = [*past(5), *clean(6, rps=20), *clean(6, rps=40, since=60)]

    assert taken(*past(5)).rate == 5
    assert taken(*history[:-6]).rate == 20
    assert taken(*history[:-3]).rate == pytest.approx(30)
    assert taken(*history).rate == 40
    assert taken(unseen(0)).rate is None


def test_an_estimate_is_generous_and_never_below_the_bad_requests():
    tally = taken(*past(20), unseen(0, 2), unseen(10, 400))

    assert [tally.estimated(one) for one in tally.unseen] == [GENEROUS * 20, 400]
    assert taken(unseen(0, 3)).estimated(taken(unseen(0, 3)).unseen[0]) == 3


def test_with_requests_estimated_a_canary_that_fails_everything_is_caught_before_any_total():
    history = [*past(20), unseen(0, 20), unseen(10, 20)]

    assert judge(history, COMPARED, at(20)).cause == "errors"


def test_too_high_an_estimate_delays_until_the_totals_are_visible():
    """Traffic of the last minute was fifty thousand times what it is now."""
    bad = [interval(10 * index, (1, 1), (9, 0), lag=200) for index in range(4)]
    history = [*past(50_000), *bad]

    verdicts = [
        (now, verdict.kind) for now, _, verdict in looks(history, [at(40), at(200), at(240)])
    ]

    assert [kind for _, kind in verdicts] == ["inconclusive", "inconclusive", "fail"]


# Refusals, and the limit at 100 %.


def test_requests_that_no_container_got_count_in_both_roles_or_in_none():
    first = interval(0, (2, 0), (18, 0), unreached=(3, 9))
    later = interval(60, (2, 0), (18, 0), unreached=(3, 9))
    tally = taken(*past(2), first, later)

    assert (tally.counts.canary.apart, tally.counts.stable.apart) == (3, 9)
    assert (tally.counts.canary.errors, tally.counts.stable.errors) == (3, 9)


def test_containers_that_never_start_are_caught():
    history = past(20) + [interval(10 * index, (0, 0), unreached=(20, 0)) for index in range(4)]

    verdict = judge(history, COMPARED, last_known(history))

    assert (verdict.kind, verdict.cause) == ("fail", "errors")


def test_at_100_percent_of_an_unused_service_failures_wait_for_the_requests_they_are_of():
    """The log tells bad requests only: five of how many?"""
    quiet = past(0)
    fresh = [interval(0, (200, 5), (0, 0), step=2, lag=120)]
    known, seen = fresh[0].known_at, fresh[0].seen_at
    assert known
    assert seen

    assert judge([*quiet, *fresh], COMPARED, known).evidence.full == 1.0
    assert judge([*quiet, *fresh], COMPARED, seen).kind != "fail"
    all_bad = [interval(0, (200, 200), (0, 0), step=2, lag=120)]
    assert judge([*quiet, *all_bad], COMPARED, seen).cause == "full"


def test_a_young_stable_is_no_outage_for_what_it_was_used_to():
    """Served for 5 of the 30 minutes: its rate is that of the 5."""
    young = [
        replace(one, stable=Arm(0, 0)) if index < 25 else one
        for index, one in enumerate(past(40, errors=10))
    ]
    history = [*young, *rollout(*[(0, 2)] * 12, rps=40, lag=120)]

    verdict = judge(history, COMPARED, at(120))

    assert verdict.page == ""


def test_an_outage_is_seen_before_its_totals_are():
    """Stable fails 5 % where 1 % was normal: at its newest visible rate, not at half as much more."""
    history = [*past(20, errors=12), *rollout(*[(1, 9)] * 12, lag=120)]

    assert judge(history, COMPARED, at(120)).page
    calm = [*past(20, errors=12), *rollout(*[(0, 2)] * 12, lag=120)]
    assert not judge(calm, COMPARED, at(120)).page


@pytest.mark.parametrize(
    ("analysis", "allowed"),
    [
        ({}, 0.01),
        ({"error_ratio_ignored": 0.05}, 0.05),
        ({"error_increase_tolerated": 1.0}, 0.01),
        ({"error_increase_tolerated": 9.0}, 10 * 6 / 1200),
    ],
)
def test_what_is_tolerated_below_100_percent_is_tolerated_there_too(analysis, allowed):
    tally = Tally(policy(analysis=analysis))
    tally.take([*past(20, errors=6), *clean(1, step=2)])

    assert tally.full_limit == pytest.approx(max(allowed, tally.past.limit))


def test_the_limit_at_100_percent_is_frozen_at_its_first_use():
    history = [*past(20, errors=1, minutes=20), *clean(2, step=2)]
    tally = taken(*history)
    before = tally.full_limit
    late = [interval(-60, (0, 0), (1200, 900), step=BEFORE, seconds=60, lag=200)]
    advance(tally, late)

    assert (tally.full_known, tally.full_limit) == (True, before)


def test_minutes_of_the_past_that_are_visible_late_still_tell_of_it():
    slow = latencies(12, 5, total=200)
    late = [replace(one, seen_at=at(30)) for one in past(10, minutes=2, latency=slow)]
    tally = taken(*late, *clean(1))

    assert (tally.past.requests, tally.slow.known) == (1200, False)
    advance(tally, [interval(30, latency=(slow, slow))])
    assert tally.slow.known


def test_a_past_of_no_visible_total_is_none():
    tally = taken(interval(-60, (None, 0), (None, 0), step=BEFORE, seconds=60))

    assert not tally.past.exists


# Whatever the numbers.

HUGE = st.sampled_from([0, 1, 10**9])


@given(
    st.lists(st.tuples(HUGE, HUGE, HUGE, HUGE, st.sampled_from([0, 1, 2])), max_size=12),
    st.booleans(),
    st.sampled_from([0, 120, None]),
)
def test_no_number_of_requests_or_errors_is_too_large(counts, before, lag):
    history = past(1e6, minutes=3, errors=10**9) if before else []
    for index, (canary, bad, stable, failed, step) in enumerate(
        sorted(counts, key=lambda one: one[4])
    ):
        known = (canary, stable) if lag is not None else (None, None)
        one = interval(10 * index, (known[0], bad), (known[1], failed), step=step, lag=lag)
        history.append(replace(one, percent=0) if canary == stable == 1 else one)
    tally = taken(*history)

    assert tally_json.dump(tally, "k") is not None or not counts
    assert all(map(math.isfinite, conclude(tally).as_json()["evidence"].values()))


@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from([0, 1, 2])), max_size=40), st.booleans()
)
def test_a_canary_without_traffic_is_never_rolled_back(stable, affinity):
    history = past(20, errors=1)
    for index, (bad, step) in enumerate(sorted(stable, key=lambda one: one[1])):
        history.append(interval(10 * index, (0, 0), (180, bad), step=step, in_flight=(0.0, 5.0)))

    assert judge(history, COMPARED, at(10_000), affinity=affinity).kind != "fail"


# Healthy canaries.


def poisson(rng, mean):
    """Count arrivals of a Poisson process; small means only."""
    count, gap = 0, rng.expovariate(1.0)
    while gap < mean:
        count, gap = count + 1, gap + rng.expovariate(1.0)
    return count


def calm(rng, index):
    return 0.002


def burst(rng, index):
    return 0.08 if 12 <= index < 18 else 0.001


def flaky(rng, index):
    return 0.05 if (index // 3) % 2 else 0.001


def daily(rng, index):
    return 0.001 * (1 + index / 10)


@pytest.mark.parametrize("ratio", [calm, burst, flaky, daily])
def test_healthy_canaries_are_hardly_ever_rolled_back(ratio):
    """75 rollouts of 10 and 50 %, looked at every 10 s; errors of both roles as time has it.

    At most 1 % are promised: three of 75 would be one chance in twenty-five, and seeds are fixed.
    """
    false = 0
    for seed in range(75):
        rng = random.Random(f"{ratio.__name__} {seed}")
        tally = taken(*past(20, errors=30 if ratio is flaky else 3))
        for index in range(40):
            step = index // 20
            share, bad = (0.1, 0.5)[step], 200 * ratio(rng, index)
            canary, stable = (poisson(rng, bad * one) for one in (share, 1 - share))
            counts = (round(200 * share), canary), (round(200 * (1 - share)), stable)
            advance(tally, [interval(10 * index, *counts, step=step)])
            verdict = conclude(tally)
            if verdict.kind == "fail":
                false += 1
                break

    assert false <= 2


def test_a_canary_that_is_twenty_times_worse_is_rolled_back_by_the_same_rule():
    rng = random.Random(1)
    history = past(20, errors=3)
    for index in range(30):
        canary, stable = poisson(rng, 0.8), poisson(rng, 0.36)
        history.append(interval(10 * index, (20, canary), (180, stable)))

    assert judge(history, COMPARED, last_known(history)).cause == "errors"
