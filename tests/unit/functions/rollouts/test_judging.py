"""What the evidence says: each limit on both sides of its boundary, and what silence is."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.intervals import BEFORE, Arm, Histogram, Interval
from rollouts.judging import EXPECTED_MIN, FRESH_ERRORS_MIN, judge
from tests.unit.functions.rollouts.builders import at, policy

PERCENTS = {BEFORE: 0, 0: 10, 1: 50, 2: 100}
OFF = {"max_errors": "off", "max_error_ratio": "off", "max_latency_p95": "off"}
ONE_MINUTE = policy(window="1m", analysis={**OFF, "min_requests": 1})
BOUNDS = (100.0, 200.0, 400.0)


def limits(**analysis):
    return policy(window="1m", analysis=OFF | {"min_requests": 1} | analysis)


def interval(start, seconds=60, step=0, canary=(100, 0), stable=(900, 0), latency=None):
    arms = Arm(canary[0], canary[1], latency), Arm(stable[0], stable[1])
    return Interval(at(start), at(start + seconds), step, PERCENTS[step], *arms)


def judged(*intervals, by=ONE_MINUTE, now=None):
    return judge(intervals, by, now or max((one.end for one in intervals), default=at(0)))


PAST = interval(-600, 600, BEFORE, (0, 0), (600, 0))


def test_a_whole_window_without_a_broken_limit_is_a_pass_that_says_its_numbers():
    verdict = judged(PAST, interval(0, canary=(402, 0), stable=(3655, 2)))

    assert verdict.kind == "pass"
    assert verdict.because == "0 of 402 requests failed, stable 2 of 3,655"
    assert (verdict.numbers.step, verdict.numbers.percent) == (0, 10)
    assert (verdict.numbers.watched_seconds, verdict.numbers.window_seconds) == (60, 60)


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
    """The demo's policy: 5 errors at 10 %, 10 at 50 %, and the last for all further steps."""
    verdict = judged(interval(0, step=step, canary=(100, errors)), by=limits(max_errors=[5, 10]))

    assert verdict.kind == kind


def test_a_count_is_one_steps_and_not_the_rollouts():
    history = [interval(0, canary=(100, 5)), interval(60, step=1, canary=(100, 5))]

    assert judged(*history, by=limits(max_errors=5)).kind == "pass"


def test_a_broken_count_names_limit_and_share():
    verdict = judged(interval(0, canary=(100, 6)), by=limits(max_errors=5))

    assert (
        verdict.because == "6 of 100 requests failed, stable 0 of 900; more than 5 errors at 10 %"
    )


def test_failures_count_before_their_totals_are_visible():
    fresh = interval(0, 10, canary=(None, 31), stable=(None, 2))

    verdict = judged(fresh, by=limits(max_errors=5))

    assert verdict.kind == "fail"
    assert verdict.because.startswith("31 requests failed, no total is visible yet")
    assert verdict.numbers.canary_requests == 0


@pytest.mark.parametrize(("errors", "kind"), [(5, "pass"), (6, "fail")])
def test_a_ratio_may_be_reached_but_not_exceeded(errors, kind):
    assert judged(interval(0, canary=(100, errors)), by=limits(max_error_ratio=0.05)).kind == kind


@pytest.mark.parametrize(("requests", "kind"), [(19, "inconclusive"), (20, "fail")])
def test_a_ratio_of_too_few_requests_is_not_judged(requests, kind):
    strict = limits(max_error_ratio=0.05, min_requests=20)

    assert judged(interval(0, canary=(requests, 10)), by=strict).kind == kind


def test_a_ratio_is_judged_before_the_window_is_whole():
    by = replace(limits(max_error_ratio=0.05), window=(dt.timedelta(hours=1),))

    assert judged(interval(0, canary=(100, 6)), by=by).kind == "fail"


@pytest.mark.parametrize(
    ("counts", "kind"), [((0, 95, 5, 0), "pass"), ((0, 94, 6, 0), "fail"), ((0, 0, 0, 9), "fail")]
)
def test_a_latency_may_be_reached_but_not_exceeded(counts, kind):
    slow = interval(0, canary=(100, 0), latency=Histogram(BOUNDS, counts))

    assert judged(slow, by=limits(max_latency_p95="200ms")).kind == kind


@pytest.mark.parametrize(("requests", "kind"), [(19, "inconclusive"), (20, "fail")])
def test_a_latency_of_too_few_requests_is_not_judged(requests, kind):
    slow = interval(0, canary=(requests, 0), latency=Histogram(BOUNDS, (0, 0, requests, 0)))

    assert judged(slow, by=limits(max_latency_p95="200ms", min_requests=20)).kind == kind


def test_a_slow_canary_is_named_with_its_latency():
    slow = interval(0, latency=Histogram(BOUNDS, (0, 0, 100, 0)))

    verdict = judged(slow, by=limits(max_latency_p95="200ms"))

    assert verdict.because.endswith("p95 390 ms, above 200 ms")
    assert verdict.numbers.canary_p95_ms == pytest.approx(390)


def test_latencies_of_a_step_are_added_up_bucket_by_bucket():
    quick = interval(0, 30, latency=Histogram(BOUNDS, (99, 0, 0, 0)))
    slow = interval(30, 30, latency=Histogram(BOUNDS, (0, 0, 0, 1)))

    assert judged(quick, slow).numbers.canary_p95_ms == pytest.approx(100 * 95 / 99)


def test_latencies_of_another_layout_are_left_out():
    quick = interval(0, 30, latency=Histogram(BOUNDS, (10, 0, 0, 0)))
    other = interval(30, 30, latency=Histogram((5000.0,), (0, 10)))

    assert judged(quick, other).numbers.canary_p95_ms == pytest.approx(95)


def test_a_limit_that_is_off_is_not_judged():
    awful = interval(0, canary=(100, 100), latency=Histogram(BOUNDS, (0, 0, 0, 100)))

    assert judged(awful, by=limits()).kind == "pass"


# The window, in visible data.


@pytest.mark.parametrize(("seconds", "kind"), [(59, "inconclusive"), (60, "pass"), (61, "pass")])
def test_a_pass_needs_the_whole_window(seconds, kind):
    verdict = judged(interval(0, seconds))

    assert verdict.kind == kind


def test_what_is_left_of_the_window_is_said():
    verdict = judged(interval(0, 45))

    assert verdict.missing_seconds == 15
    assert verdict.because == "0 of 100 requests failed, stable 0 of 900; watching"
    assert not verdict.settled


@pytest.mark.parametrize(
    "unseen",
    [{"canary": (None, 0)}, {"stable": (None, 0)}, {"canary": (None, 0), "stable": (None, 0)}],
)
def test_a_stretch_that_is_not_visible_for_both_is_not_watched(unseen):
    verdict = judged(interval(0, 59), interval(59, 600, **unseen))

    assert verdict.kind == "inconclusive"
    assert verdict.numbers.watched_seconds == 59


def test_the_window_is_each_steps_own():
    history = [interval(0), interval(60, 59, step=1)]

    assert judged(*history).kind == "inconclusive"


@pytest.mark.parametrize(("requests", "kind"), [(19, "inconclusive"), (20, "pass")])
def test_a_pass_needs_the_least_number_of_requests(requests, kind):
    verdict = judged(interval(0, canary=(requests, 0)), by=limits(min_requests=20))

    assert verdict.kind == kind


def test_too_little_traffic_says_how_many_requests_are_missing_and_how_long_that_takes():
    verdict = judged(interval(0, 120, canary=(12, 0)), by=limits(min_requests=20))

    assert (verdict.missing_requests, verdict.missing_seconds) == (8, 80)
    assert verdict.because.endswith("8 more requests are needed")


# Failures of now, whose totals come minutes later.

RATIO = limits(max_error_ratio=0.05)


@pytest.mark.parametrize(("failed", "kind"), [(5, "pass"), (6, "inconclusive")])
def test_failures_of_now_above_the_limit_hold_a_pass_back(failed, kind):
    """A hundred requests a minute are expected in the minute that is not visible yet."""
    fresh = interval(60, canary=(None, failed), stable=(None, 0))

    verdict = judged(interval(0, canary=(100, 0)), fresh, by=RATIO)

    assert verdict.kind == kind


def test_failures_of_now_are_named_beside_what_is_expected():
    fresh = interval(60, canary=(None, 8), stable=(None, 0))

    verdict = judged(interval(0, canary=(100, 0)), fresh, by=RATIO)

    assert verdict.because.endswith("8 failed since the totals that are visible, of about 100")
    assert not verdict.settled


def test_failures_of_now_are_no_matter_where_the_limit_is_off():
    fresh = interval(60, canary=(None, 40), stable=(None, 0))

    assert judged(interval(0, canary=(100, 0)), fresh, by=limits()).kind == "pass"


def test_a_canary_that_only_the_log_knows_is_not_without_requests():
    verdict = judged(PAST, interval(0, canary=(0, 0)), interval(60, canary=(None, 3)))

    assert verdict.kind == "inconclusive"
    assert verdict.because.endswith("no total is visible")
    assert not verdict.settled


# Silence.


QUIET = interval(-600, 600, BEFORE, (0, 0), (0, 0))
SILENT = policy(steps=[100], window="1m", no_data="pass", analysis={**OFF, "min_requests": 1})
"""Only a target on the way, which passes silence in one step, is asked whether it is silent."""
NOTHING = {"canary": (0, 0), "stable": (0, 0)}


def test_a_target_that_nobody_uses_has_no_data_at_once():
    verdict = judged(QUIET, interval(0, 1, **NOTHING), by=SILENT)

    assert verdict.kind == "no_data"
    assert verdict.settled


@pytest.mark.parametrize(
    "by", [ONE_MINUTE, policy(window="1m", no_data="pass"), policy(steps=[100], no_data="hold")]
)
def test_elsewhere_a_silent_window_is_watched_whole(by):
    """Traffic of the last minutes is not visible yet: silence so far may end any moment."""
    assert not judged(QUIET, interval(0, 1, **NOTHING), by=by).settled


def test_traffic_since_the_first_shift_is_no_silence():
    seen = interval(0, 600, 0, (0, 0), (900, 0))

    assert not judged(QUIET, seen, interval(600, 1, 1, (None, 0), (None, 0)), by=SILENT).settled


def test_a_canary_without_a_request_has_no_data_until_its_window_is_over():
    quiet = {"canary": (0, 0), "stable": (9, 0)}
    waiting = judged(PAST, interval(0, 59, **quiet))
    over = judged(PAST, interval(0, 60, **quiet))

    assert (waiting.kind, waiting.settled) == ("no_data", False)
    assert (over.kind, over.settled) == ("no_data", True)
    assert over.because.endswith("the canary had no request")


@pytest.mark.parametrize(
    ("step", "stable", "kind"),
    [(0, 36, "no_data"), (0, 45, "inconclusive"), (1, 4, "no_data"), (1, 5, "inconclusive")],
)
def test_a_silent_canary_beside_a_busy_stable_is_not_without_data(step, stable, kind):
    """Its share of the requests went somewhere: a platform that answers for it is no silence."""
    verdict = judged(PAST, interval(0, 60, step, canary=(0, 0), stable=(stable, 0)))

    assert verdict.kind == kind


def test_at_100_percent_the_past_tells_whether_silence_is_odd():
    silent = interval(0, 60, 2, canary=(0, 0), stable=(0, 0))

    assert judged(PAST, silent).kind == "inconclusive"
    assert judged(QUIET, silent).kind == "no_data"


@pytest.mark.parametrize("requests", [EXPECTED_MIN * 10 - 1, EXPECTED_MIN * 10])
def test_silence_is_what_a_window_of_the_past_would_not_show(requests):
    """Ten windows of past: less than five requests in each of them is silence."""
    past = interval(-600, 600, BEFORE, (0, 0), (requests, 0))

    verdict = judged(past, interval(0, 1, canary=(None, 0), stable=(None, 0)), by=SILENT)

    assert verdict.settled is (requests < EXPECTED_MIN * 10)


def test_signals_that_cannot_be_read_are_no_data_that_waits():
    unread = interval(0, 600, canary=(None, 0), stable=(None, 0))

    verdict = judged(unread)

    assert (verdict.kind, verdict.settled) == ("no_data", False)


def test_an_unread_past_is_no_proof_of_silence():
    unread = interval(-600, 600, BEFORE, (None, 0), (None, 0))

    assert not judged(unread, interval(0, 1, canary=(None, 0), stable=(None, 0)), by=SILENT).settled


@pytest.mark.parametrize(
    "known", [{"canary": (1, 0)}, {"canary": (None, 1)}, {"stable": (None, 1)}]
)
def test_a_quiet_target_with_a_request_now_is_not_silent(known):
    verdict = judged(QUIET, interval(0, 1, **(NOTHING | known)), by=SILENT)

    assert not verdict.settled


def test_without_an_interval_there_is_nothing_to_say():
    verdict = judged()

    assert (verdict.kind, verdict.settled) == ("no_data", False)
    assert (verdict.numbers.step, verdict.numbers.percent) == (BEFORE, 0)


def test_the_past_of_stable_is_not_the_canarys():
    verdict = judged(PAST, interval(0, canary=(50, 0)))

    assert verdict.numbers.stable_requests == 900


def test_an_interval_of_the_future_is_a_mistake_of_the_caller():
    with pytest.raises(AssertionError):
        judge([interval(0, 60)], ONE_MINUTE, at(59))


def test_a_verdict_on_the_wire_is_word_sentence_and_numbers():
    document = judged(interval(0)).as_json()

    assert document["kind"] == "pass"
    assert document["numbers"]["canary_requests"] == 100
    assert set(document) == {
        "kind",
        "because",
        "numbers",
        "missing_requests",
        "missing_seconds",
        "settled",
        "cause",
        "page",
        "evidence",
    }


# Properties.

COUNTS = st.tuples(st.none() | st.integers(0, 40), st.integers(0, 8))


@st.composite
def histories(draw, *, whole=False):
    """A past and some intervals of rising steps, visible or not, or visible all of them."""
    built = [interval(-600, 600, BEFORE, (0, 0), (draw(st.integers(0, 600)), 0))]
    start = 0
    for step in sorted(draw(st.lists(st.integers(0, 2), max_size=6))):
        canary, stable = draw(COUNTS), draw(COUNTS)
        if whole:
            canary, stable = (canary[0] or 0, canary[1]), (stable[0] or 0, stable[1])
        latency = None
        if canary[0] is not None:
            latency = Histogram(BOUNDS, draw(st.tuples(*[st.integers(0, 20)] * 4)))
        seconds = draw(st.integers(1, 90))
        built.append(interval(start, seconds, step, canary, stable, latency))
        start += seconds
    return built


POLICIES = st.builds(
    limits,
    max_errors=st.sampled_from(["off", 3, [2, 6]]),
    max_error_ratio=st.sampled_from(["off", 0.05, 0.5]),
    max_latency_p95=st.sampled_from(["off", "150ms", "300ms"]),
    min_requests=st.sampled_from([0, 1, 20]),
)
LATER = at(3600)


def halves(one):
    """Cut an interval in two, every count divided, as a finer sample period would have."""
    middle = one.start + (one.end - one.start) / 2

    def divided(arm, first):
        def part(count):
            return count // 2 if first else count - count // 2

        requests = None if arm.requests is None else part(arm.requests)
        latency = arm.latency and Histogram(BOUNDS, tuple(map(part, arm.latency.counts)))
        return Arm(requests, part(arm.errors), latency)

    return (
        replace(
            one, end=middle, canary=divided(one.canary, True), stable=divided(one.stable, True)
        ),
        replace(
            one, start=middle, canary=divided(one.canary, False), stable=divided(one.stable, False)
        ),
    )


@given(histories(whole=True), POLICIES)
def test_a_verdict_does_not_depend_on_how_the_history_is_cut(history, by):
    """What is not visible is estimated by the last minutes, and those are where the cuts are."""
    finer = [half for one in history for half in halves(one)]

    assert judge(finer, by, LATER) == judge(history, by, LATER)


@given(histories(), POLICIES, st.integers(0, 10_000))
def test_the_same_history_always_gets_the_same_verdict(history, by, seconds):
    later = LATER + dt.timedelta(seconds=seconds)

    assert judge(history, by, LATER) == judge(tuple(history), by, later)


@given(histories(), POLICIES)
def test_a_pass_stands_on_a_whole_window_and_enough_requests_of_the_present_step(history, by):
    verdict = judge(history, by, LATER)

    if verdict.kind == "pass":
        present = [one for one in history if one.step == history[-1].step]
        assert sum(one.seconds for one in present if one.complete) >= 60
        requests = sum(one.canary.requests or 0 for one in present)
        assert requests >= max(1, by.analysis.requests_needed(0))


@given(histories(), POLICIES, st.integers(1, 5))
def test_more_failures_never_turn_a_fail_into_anything_else(history, by, more):
    worse = [
        replace(one, canary=replace(one.canary, errors=one.canary.errors + more)) for one in history
    ]

    if judge(history, by, LATER).kind == "fail":
        assert judge(worse, by, LATER).kind == "fail"


# Errors that the log tells of before any total is visible.


@pytest.mark.parametrize(
    ("failed", "kind"), [(FRESH_ERRORS_MIN - 1, "no_data"), (FRESH_ERRORS_MIN, "fail")]
)
def test_a_canary_that_fails_everything_is_caught_before_its_totals_are_visible(failed, kind):
    """10 requests a second before: 5 s at 10 % are about 7.5, generously, of which 5 failed."""
    busy = interval(-60, 60, BEFORE, (0, 0), (600, 0))
    fresh = interval(0, 5, canary=(None, failed), stable=(None, 0))

    verdict = judged(busy, fresh, by=limits(max_error_ratio=0.05, min_requests=5))

    assert verdict.kind == kind


def test_an_estimate_says_that_it_is_one():
    busy = interval(-60, 60, BEFORE, (0, 0), (600, 0))

    verdict = judged(busy, interval(0, 20, canary=(None, 20), stable=(None, 0)), by=RATIO)

    assert verdict.because == (
        "20 of about 30 requests failed, stable 0 of 0; an error ratio above 0.05"
    )


def test_without_a_known_rate_nothing_is_estimated():
    fresh = interval(0, 60, canary=(None, 500), stable=(None, 0))

    assert judged(fresh, by=RATIO).kind != "fail"
    assert judged(QUIET, fresh, by=RATIO).kind != "fail"


def test_twice_the_traffic_with_the_errors_it_always_had_is_not_accused():
    """1 % errors, twice as many requests as a minute ago: half the estimate is missing."""
    busy = interval(-60, 60, BEFORE, (0, 0), (6000, 60))
    fresh = interval(0, 60, canary=(None, 12), stable=(None, 108))

    assert judged(busy, fresh, by=RATIO).kind != "fail"


def test_failures_stand_beside_the_requests_that_they_are_of():
    """6 of the visible hundred, 22 of requests that nobody has counted yet: not 28 of 100."""
    fresh = interval(60, canary=(None, 22), stable=(None, 3))

    verdict = judged(PAST, interval(0, canary=(100, 6), stable=(900, 2)), fresh)

    assert verdict.because.startswith("6 of 100 requests failed and 22 more since, stable 2 of 900")
