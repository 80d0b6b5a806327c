"""Absolute limits: each on both sides of its boundary, and asked of stable first."""

from dataclasses import replace

import pytest

from rollouts.intervals import Arm, Histogram
from rollouts.judging import judge
from rollouts.limits import FRESH_ERRORS_MIN
from tests.unit.functions.rollouts.builders import policy
from tests.unit.functions.rollouts.histories import (
    PERCENTS,
    both_bad,
    clean,
    interval,
    last_known,
    past,
    rollout,
    unseen,
)

BOUNDS = (100.0, 200.0, 400.0)


def limits(**analysis):
    return policy(window="1m", analysis={"min_requests": 1, "dry_run": True} | analysis)


def minute(start=0, canary=(100, 0), stable=(900, 0), *, latency=None, **fields):
    return interval(start, canary, stable, latency=(latency, None), **({"seconds": 60} | fields))


def warm(latency=None, stable=None, *, canary=(100, 0), step=0, **fields):
    """Return two minutes: the canary starts up in the first, the second has these latencies."""
    first = minute(step=step, latency=Histogram(BOUNDS, (100, 0, 0, 0)))
    second = minute(60, canary, step=step, **fields)
    arms = [replace(second.canary, latency=latency), replace(second.stable, latency=stable)]
    return [first, replace(second, canary=arms[0], stable=arms[1])]


def judged(*history, by, affinity=False):
    return judge(history, by, last_known(history), affinity=affinity)


RATIO = limits(max_error_ratio=0.05)


@pytest.mark.parametrize(
    ("step", "errors", "kind"),
    [
        (0, 5, "pass"),
        (0, 6, "fail"),
        (1, 10, "pass"),
        (1, 11, "fail"),
        (2, 10, "pass"),
        (2, 11, "fail"),
    ],
)
def test_fixed_counts_hold_for_each_step(step, errors, kind):
    """5 errors at 10 %, 10 at 50 %, and the last for all further steps."""
    stable = {0: (90_000, 45), 1: (10_000, 10), 2: (0, 0)}[step]
    busy = minute(step=step, canary=(10_000, errors), stable=stable)

    verdict = judged(busy, by=limits(profile="fixed_counts"))

    assert (verdict.kind, verdict.cause) == (kind, "limit" * (kind == "fail"))


def test_a_count_is_one_steps_and_not_the_rollouts():
    history = [minute(canary=(10_000, 5)), minute(60, (10_000, 5), step=1)]

    assert judged(*history, by=limits(max_errors=5)).cause != "limit"


def test_a_broken_count_names_limit_and_share():
    verdict = judged(minute(canary=(100, 6)), by=limits(max_errors=5))

    assert (
        verdict.because == "6 of 100 requests failed, stable 0 of 900; more than 5 errors at 10 %"
    )


def test_failures_count_before_their_totals_are_visible():
    verdict = judged(unseen(0, 31, 2), by=limits(max_errors=5))

    assert (verdict.kind, verdict.cause) == ("fail", "limit")
    assert verdict.because.startswith("31 requests failed, no total is visible yet")


@pytest.mark.parametrize(("stable", "kind"), [(45, "fail"), (54, "inconclusive")])
def test_a_count_that_stable_breaks_as_well_by_its_traffic_is_no_fault_of_the_canarys(stable, kind):
    """At 10 % nine of stable's errors are one of the canary's: 45 are 5, 54 are 6."""
    verdict = judged(minute(canary=(1000, 6), stable=(900, stable)), by=limits(max_errors=5))

    assert verdict.kind == kind
    if kind != "fail":
        assert verdict.page.endswith("more than 5 errors at 10 %, and stable breaks it too")


@pytest.mark.parametrize("also_bad", ["hold", "roll_back"])
def test_a_count_that_both_break_by_what_is_usual_is_none(also_bad):
    """A service so busy that a thousandth of its requests is more than the count."""
    usual = minute(canary=(10_000, 10), stable=(90_000, 90))
    by = limits(max_errors=5, stable_also_bad=also_bad)

    assert judged(*past(1667, errors=100), usual, by=by).kind == "pass"


OUTAGE = [*past(), *clean(6), *both_bad(6, since=60.0, canary=6, stable=54)]
ANY_OF_BOTH = [{"max_errors": 5}, {"max_error_ratio": 0.05}]


@pytest.mark.parametrize("limit", ANY_OF_BOTH)
@pytest.mark.parametrize("seconds", range(0, 360, 10))
def test_what_both_break_holds_the_canary_until_stable_has_not_failed_for_a_minute(limit, seconds):
    """36 of the canary's failures stay in the step: it is not held for them until the deadline."""
    after = clean(seconds // 10, since=120.0)

    verdict = judged(*OUTAGE, *after, by=limits(**limit, common_outage_max="1h"))

    assert (verdict.cause, bool(verdict.page)) == (("limit", True) if seconds < 60 else ("", False))
    assert verdict.kind == ("inconclusive" if seconds < 60 else "pass")


@pytest.mark.parametrize("limit", ANY_OF_BOTH)
def test_where_the_user_says_so_what_both_broke_is_rolled_back_only_while_they_do(limit):
    by = limits(**limit, stable_also_bad="roll_back", common_outage_max="1h")

    assert judged(*OUTAGE, *clean(5, since=120.0), by=by).cause == "shared"
    assert judged(*OUTAGE, *clean(6, since=120.0), by=by).kind == "pass"


@pytest.mark.parametrize("limit", ANY_OF_BOTH)
def test_a_limit_still_acts_on_what_the_canary_fails_alone_after_a_common_outage(limit):
    worse = rollout(*[(9, 0)] * 6, since=180.0)

    verdict = judged(*OUTAGE, *clean(6, since=120.0), *worse, by=limits(**limit))

    assert (verdict.kind, verdict.cause) == ("fail", "limit")
    assert verdict.because.endswith(", without those of a common outage")


def test_totals_of_a_common_outage_that_are_late_are_left_out_of_an_estimate():
    """It lasts as long as its failures are of the last minute; 30 s are left, at 3 a second."""
    history = [*past(), *[replace(one, seen_at=None) for one in both_bad(6, 0.0, 20, 60)]]
    hidden = [replace(one, canary=Arm(None, one.canary.errors), stable=Arm(None, one.stable.errors))
              for one in history[30:]]  # fmt: skip
    later = [unseen(60 + 10 * index) for index in range(7)]
    alone = unseen(130, 20)

    verdict = judged(*history[:30], *hidden, *later, alone, by=RATIO)

    assert verdict.because.startswith("20 of about 90 requests failed")


def test_a_limit_that_the_canary_breaks_alone_goes_before_one_that_both_break():
    by = limits(max_errors=5, max_error_ratio=0.3)

    verdict = judged(minute(canary=(100, 50), stable=(900, 180)), by=by)

    assert (verdict.kind, verdict.cause) == ("fail", "limit")
    assert verdict.because.endswith("an error ratio above 0.3")


def test_what_both_break_is_rolled_back_where_the_user_says_so():
    by = limits(max_errors=5, stable_also_bad="roll_back")

    verdict = judged(minute(canary=(100, 6), stable=(900, 54)), by=by)

    assert (verdict.kind, verdict.cause) == ("fail", "shared")


def test_at_100_percent_stable_breaks_no_count():
    verdict = judged(minute(canary=(1000, 6), stable=(0, 54), step=2), by=limits(max_errors=5))

    assert verdict.cause == "limit"


@pytest.mark.parametrize(("errors", "cause"), [(5, False), (6, True)])
def test_a_ratio_may_be_reached_but_not_exceeded(errors, cause):
    assert (judged(minute(canary=(100, errors)), by=RATIO).cause == "limit") is cause


@pytest.mark.parametrize(("requests", "cause"), [(19, False), (20, True)])
def test_a_ratio_of_too_few_requests_is_not_judged(requests, cause):
    strict = limits(max_error_ratio=0.05, min_requests=20)

    assert (judged(minute(canary=(requests, 10)), by=strict).cause == "limit") is cause


@pytest.mark.parametrize(("stable", "kind"), [(45, "fail"), (46, "inconclusive")])
def test_a_ratio_is_asked_of_stable_first(stable, kind):
    """Of its visible requests: 5 % of 900."""
    by = limits(max_error_ratio=0.05, common_outage_max="1h")

    verdict = judged(minute(canary=(100, 6), stable=(900, stable)), by=by)

    assert verdict.kind == kind


@pytest.mark.parametrize(("requests", "kind"), [(19, "fail"), (20, "inconclusive")])
def test_a_ratio_of_too_few_requests_of_stable_says_nothing(requests, kind):
    by = limits(max_error_ratio=0.05, min_requests=20)
    odd = minute(canary=(200, 20), stable=(requests, 2), step=1)

    assert judged(odd, by=by).kind == kind


def test_what_stable_breaks_in_the_last_minute_is_asked_before_its_step_shows_it():
    """An outage begins, and the canary happens to be the first over the limit in the step."""
    begins = interval(100, (20, 14), (180, 90))
    history = [*past(), *clean(10), begins]

    assert judged(*history, by=RATIO).kind == "inconclusive"


@pytest.mark.parametrize(
    ("failed", "cause"), [(FRESH_ERRORS_MIN - 1, False), (FRESH_ERRORS_MIN, True)]
)
def test_a_canary_that_fails_everything_is_caught_before_its_totals_are_visible(failed, cause):
    """10 requests a second before: 5 s at 10 % are about 7.5, generously."""
    by = limits(max_error_ratio=0.05, min_requests=5)

    verdict = judged(*past(10, minutes=1), unseen(0, failed, seconds=5), by=by)

    assert (verdict.cause == "limit") is cause


def test_an_estimate_says_that_it_is_one():
    verdict = judged(*past(10, minutes=1), unseen(0, 20, seconds=20), by=RATIO)

    assert verdict.because == (
        "20 of about 30 requests failed, stable 0 of 0; an error ratio above 0.05"
    )


def test_without_a_known_rate_nothing_is_estimated():
    fresh = unseen(0, 4, seconds=60)

    assert judged(fresh, by=RATIO).cause != "limit"
    assert judged(*past(0), fresh, by=RATIO).cause != "limit"


def test_twice_the_traffic_with_the_errors_it_always_had_is_not_accused():
    """1 % errors, twice as many requests as a minute ago: half the estimate is missing."""
    fresh = unseen(0, 12, 108, seconds=60)

    assert judged(*past(100, minutes=1, errors=60), fresh, by=RATIO).cause != "limit"


def test_a_burst_of_now_that_hits_both_is_no_fault_of_the_canarys():
    """Stable's totals are not visible either: its failures of now are measured alike."""
    fresh = unseen(0, 12, 108, seconds=10)

    assert judged(*past(100, minutes=1), fresh, by=RATIO).kind != "fail"


def test_what_is_visible_and_waits_for_an_older_interval_is_not_missing_from_an_estimate():
    """The oldest minute is not told yet; those behind it are, with all of their requests."""
    history = [
        unseen(0, seconds=10),
        *[interval(10 * i, (1000, 10), (900, 0)) for i in range(1, 6)],
    ]

    assert judged(*past(1, minutes=1), *history, by=RATIO).cause != "limit"


def test_requests_of_the_step_before_are_not_taken_for_those_of_the_present_one():
    earlier = [unseen(10 * index) for index in range(20)]
    present = unseen(200, 12, step=1)

    verdict = judged(*past(2, minutes=1), *earlier, present, by=limits(max_error_ratio=0.3))

    assert verdict.because.startswith("12 of about 15 requests failed")


@pytest.mark.parametrize(
    ("counts", "cause"), [((0, 95, 5, 0), False), ((0, 94, 6, 0), True), ((0, 0, 0, 9), True)]
)
def test_a_latency_may_be_reached_but_not_exceeded(counts, cause):
    slow = warm(Histogram(BOUNDS, counts))

    assert (judged(*slow, by=limits(max_latency_p95="200ms")).cause == "limit") is cause


@pytest.mark.parametrize(("requests", "cause"), [(19, False), (20, True)])
def test_a_latency_of_too_few_requests_is_not_judged(requests, cause):
    """Those in which it started up are none of them."""
    slow = warm(Histogram(BOUNDS, (0, 0, requests, 0)), canary=(requests, 0))
    by = limits(max_latency_p95="200ms", min_requests=20)

    assert (judged(*slow, by=by).cause == "limit") is cause


@pytest.mark.parametrize("step", [0, 2])
@pytest.mark.parametrize(("warm_up", "cause"), [("60s", "limit"), ("61s", "")])
def test_a_latency_of_starting_up_breaks_no_limit(step, warm_up, cause):
    """The second minute is judged if it began after the canary had started up."""
    slow = warm(Histogram(BOUNDS, (0, 0, 100, 0)), step=step)

    assert judged(*slow, by=limits(max_latency_p95="200ms", warm_up=warm_up)).cause == cause


SLOW = Histogram(BOUNDS, (0, 0, 100, 0))
QUICK = Histogram(BOUNDS, (900, 0, 0, 0))
ALL_SLOW = Histogram(BOUNDS, (0, 0, 900, 0))


@pytest.mark.parametrize(("step", "kind"), [(0, "inconclusive"), (2, "fail")])
def test_a_latency_is_asked_of_stable_first(step, kind):
    """At 100 % it is not: stragglers are no comparison."""
    by = limits(max_latency_p95="200ms")

    verdict = judged(*past(latency=QUICK), *warm(SLOW, SLOW, step=step), by=by)

    assert verdict.kind == kind
    if kind == "inconclusive":
        assert verdict.page.endswith("p95 390 ms, above 200 ms, and stable breaks it too")


@pytest.mark.parametrize(("slow", "kind"), [(19, "fail"), (20, "inconclusive")])
def test_a_latency_of_too_few_requests_of_stable_says_nothing(slow, kind):
    by = limits(max_latency_p95="200ms", min_requests=20)
    few = Histogram(BOUNDS, (0, 0, slow, 0))

    assert judged(*past(latency=QUICK), *warm(SLOW, few), by=by).kind == kind


def test_where_the_user_says_so_a_latency_that_both_break_now_is_rolled_back():
    by = limits(max_latency_p95="200ms", stable_also_bad="roll_back")
    history = [*past(latency=QUICK), *warm(SLOW, SLOW)]

    assert judged(*history, by=by).cause == "shared"
    assert judged(*history, minute(120, latency=QUICK), by=by).cause == "shared"


@pytest.mark.parametrize("usual", [QUICK, ALL_SLOW])
def test_a_latency_that_stable_breaks_no_more_or_always_neither_fails_nor_holds(usual):
    """Both were slow for a minute; or stable is as slow as it ever was."""
    of_canary = Histogram(BOUNDS, tuple(one // 9 for one in usual.counts))
    last = interval(120, (100, 0), (900, 0), seconds=60, latency=(of_canary, usual))

    verdict = judged(
        *past(latency=usual), *warm(SLOW, ALL_SLOW), last, by=limits(max_latency_p95="200ms")
    )

    assert (verdict.kind, verdict.page) == ("pass", "")


def test_buckets_without_a_bound_break_no_limit():
    nameless = Histogram((), (100,))

    assert judged(*warm(nameless, nameless), by=limits(max_latency_p95="1ms")).kind == "pass"


def test_a_slow_canary_is_named_with_its_latency():
    verdict = judged(*warm(SLOW), by=limits(max_latency_p95="200ms"))

    assert verdict.because.endswith("p95 390 ms, above 200 ms")
    assert verdict.numbers.canary_p95_ms == pytest.approx(390)


@pytest.mark.parametrize("step", sorted(set(PERCENTS) - {-1, -2}))
def test_a_limit_that_is_off_is_not_judged(step):
    awful = minute(canary=(100, 100), step=step, latency=Histogram(BOUNDS, (0, 0, 0, 100)))

    assert judged(awful, by=limits()).cause != "limit"


@pytest.mark.parametrize("affinity", [True, False])
def test_limits_hold_where_clients_stick_to_a_revision(affinity):
    assert (
        judged(minute(canary=(100, 6)), by=limits(max_errors=5), affinity=affinity).cause == "limit"
    )


@pytest.mark.parametrize(("allowed", "cause"), [(10, "limit"), (1000, "full")])
def test_at_100_percent_a_fail_that_is_only_told_hides_no_limit(allowed, cause):
    by = policy(window="1m", analysis={"max_errors": allowed, "watch_action": "alert"})
    failing = [interval(10 * one, (200, 50), (0, 0), step=2) for one in range(6)]

    found = judged(*past(20), *failing, by=by)

    assert (found.kind, found.cause) == ("fail", cause)
