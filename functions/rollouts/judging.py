"""What the evidence says. `judge` is pure: the same history always gives the same verdict.

This file holds the fixed limits; a comparison of canary with stable has the same signature.
"""

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Final

from rollouts.intervals import BEFORE, Arm, Histogram, Interval
from rollouts.policy import Policy
from rollouts.verdict import Kind as Kind
from rollouts.verdict import Numbers as Numbers
from rollouts.verdict import Verdict as Verdict

EXPECTED_MIN: Final = 5
"""Fewer requests than this expected in a window are silence."""
FRESH_ERRORS_MIN: Final = 5
"""Errors that the log must tell before totals are estimated for them."""
RATE_SECONDS: Final = 60.0
"""How much of the newest visible totals tells how busy the service is."""
GENEROUS: Final = 1.5
"""Traffic may have grown since: too high an estimate delays, too low a one accuses."""


def judge(intervals: Sequence[Interval], policy: Policy, now: dt.datetime) -> Verdict:
    """Judge a rollout's whole history, in order, up to `now`.

    A fail needs no whole window; a pass needs one, in visible data, with `min_requests`.
    """
    assert all(one.end <= now for one in intervals)
    numbers = _numbers(intervals, policy)
    limits = policy.analysis
    for broken in (
        _too_many_errors(numbers, limits.errors_allowed(max(numbers.step, 0))),
        _error_ratio_too_high(intervals, numbers, policy),
        _too_slow(numbers, policy),
    ):
        if broken:
            return Verdict("fail", broken, numbers)
    if _idle(intervals, numbers, policy):
        quiet = "no traffic to judge by (under {} requests a window)"
        return Verdict("no_data", quiet.format(EXPECTED_MIN), numbers)
    seen = _show(numbers)
    if numbers.watched_seconds < numbers.window_seconds:
        left = numbers.window_seconds - numbers.watched_seconds
        kind: Kind = "inconclusive" if numbers.canary_requests else "no_data"
        return Verdict(kind, f"{seen}; watching", numbers, missing_seconds=left, settled=False)
    if not numbers.canary_requests:
        if numbers.canary_errors:
            return Verdict("inconclusive", f"{seen}; no total is visible", numbers, settled=False)
        expected = _expected(intervals, numbers)
        if expected >= EXPECTED_MIN:
            silent = f"the canary had no request, of about {expected:,.0f} that were its share"
            return Verdict("inconclusive", f"{seen}; {silent}", numbers)
        return Verdict("no_data", f"{seen}; the canary had no request", numbers)
    missing = limits.requests_needed(numbers.step) - numbers.canary_requests
    if missing > 0:
        rate = numbers.canary_requests / max(numbers.watched_seconds, 1.0)
        because = f"{seen}; {missing} more requests are needed"
        return Verdict("inconclusive", because, numbers, missing, missing / rate if rate else None)
    failing = _failing_now(intervals, numbers, limits.max_error_ratio)
    if failing:
        return Verdict("inconclusive", f"{seen}; {failing}", numbers, settled=False)
    return Verdict("pass", seen, numbers)


def _present(intervals: Sequence[Interval]) -> list[Interval]:
    step = intervals[-1].step if intervals else BEFORE
    return [one for one in intervals if one.step == step]


def _numbers(intervals: Sequence[Interval], policy: Policy) -> Numbers:
    present = _present(intervals)
    latency = _merged([one.canary.latency for one in present if one.canary.latency])
    p95 = latency.quantile_ms(0.95) if latency else None
    step = present[-1].step if present else BEFORE
    return Numbers(
        step=step,
        percent=present[-1].percent if present else 0,
        canary_requests=sum(one.canary.requests or 0 for one in present),
        canary_errors=sum(one.canary.errors for one in present),
        stable_requests=sum(one.stable.requests or 0 for one in present),
        stable_errors=sum(one.stable.errors for one in present),
        canary_p95_ms=p95,
        watched_seconds=sum(one.seconds for one in present if one.complete),
        window_seconds=policy.window_of(step).total_seconds(),
        canary_errors_uncounted=_uncounted([one.canary for one in present]),
        stable_errors_uncounted=_uncounted([one.stable for one in present]),
    )


def _uncounted(arms: Sequence[Arm]) -> int:
    return sum(arm.errors for arm in arms if arm.requests is None)


def _too_many_errors(numbers: Numbers, allowed: int | None) -> str:
    if allowed is None or numbers.canary_errors <= allowed:
        return ""
    return f"{_show(numbers)}; more than {allowed} errors at {numbers.percent} %"


def _error_ratio_too_high(intervals: Sequence[Interval], numbers: Numbers, policy: Policy) -> str:
    limit = policy.analysis.max_error_ratio
    needed = policy.analysis.requests_needed(numbers.step)
    whole = [one for one in _present(intervals) if one.canary.requests is not None]
    requests = sum(one.canary.requests or 0 for one in whole)
    errors = sum(one.canary.errors for one in whole)
    if limit is None:
        return ""
    if requests >= max(needed, 1) and errors / requests > limit:
        return f"{_show(numbers)}; an error ratio above {limit:g}"
    about = requests + _unseen_requests(intervals)
    failed = numbers.canary_errors
    if about < needed or failed < FRESH_ERRORS_MIN or not about > requests:
        return ""
    if failed / max(about, failed) <= limit:
        return ""
    stable = f"stable {numbers.stable_errors:,} of {numbers.stable_requests:,}"
    told = f"{failed:,} of about {about:,.0f} requests failed, {stable}"
    return f"{told}; an error ratio above {limit:g}"


def _unseen_requests(intervals: Sequence[Interval]) -> float:
    """Estimate, generously, the canary's requests whose totals are not visible yet; 0 if unknown.

    The log tells errors at once and totals come minutes later: the service is taken to be as
    busy as it last was, half as much again.
    """
    visible = [one for one in intervals if one.complete]
    if not visible:
        return 0.0
    newest = visible[-1].end - dt.timedelta(seconds=RATE_SECONDS)
    rate = _rate([one for one in visible if one.end > newest]) or 0.0
    return sum(
        GENEROUS * rate * one.percent / 100 * one.seconds
        for one in _present(intervals)
        if one.canary.requests is None
    )


def _failing_now(intervals: Sequence[Interval], numbers: Numbers, limit: float | None) -> str:
    """Say what holds a pass back: failures of now, above the limit; empty if nothing does.

    The log tells of them minutes before their totals are visible. Until then the canary is
    taken to be as busy as it was; what is true then, pass or fail, the totals will say.
    """
    fresh = list(
        itertools.takewhile(lambda one: one.canary.requests is None, reversed(_present(intervals)))
    )
    failed = sum(one.canary.errors for one in fresh)
    a_second = numbers.canary_requests / max(numbers.watched_seconds, 1.0)
    expected = a_second * sum(one.seconds for one in fresh)
    if limit is None or failed <= limit * expected:
        return ""
    return f"{failed} failed since the totals that are visible, of about {expected:.0f}"


def _too_slow(numbers: Numbers, policy: Policy) -> str:
    limit = policy.analysis.max_latency_p95
    if limit is None or numbers.canary_p95_ms is None:
        return ""
    limit_ms = limit.total_seconds() * 1000
    enough = numbers.canary_requests >= policy.analysis.requests_needed(numbers.step)
    if not enough or numbers.canary_p95_ms <= limit_ms:
        return ""
    return f"{_show(numbers)}; p95 {numbers.canary_p95_ms:.0f} ms, above {limit_ms:.0f} ms"


def _idle(intervals: Sequence[Interval], numbers: Numbers, policy: Policy) -> bool:
    """Whether a window could show nothing: hardly a request in all that is visible.

    Only asked where the policy passes silence in a single step, a target on the way: elsewhere
    a window is watched whole, because traffic of the last minutes is not visible yet. Smoke
    tests of earlier rollouts stand in stable's past like users' requests, so a target that
    nobody uses is not one without a single request.
    """
    if policy.no_data != "pass" or len(policy.steps) > 1:
        return False
    if numbers.canary_requests or numbers.canary_errors or numbers.stable_errors:
        return False
    rate = _rate([one for one in intervals if one.complete])
    return rate is not None and rate * numbers.window_seconds < EXPECTED_MIN


def _expected(intervals: Sequence[Interval], numbers: Numbers) -> float:
    """Return how many requests were the canary's share of what the service had in the step.

    At 100 % nothing else is served: there the past tells.
    """
    present = [one for one in _present(intervals) if one.complete]
    share = numbers.percent / 100
    if share < 1.0:
        return numbers.stable_requests * share / (1.0 - share)
    rate = _rate([one for one in intervals if one.complete and one not in present])
    return (rate or 0.0) * numbers.watched_seconds


def _rate(visible: Sequence[Interval]) -> float | None:
    """Return the service's requests a second; None if nothing is visible.

    What the canary got before its first shift were smoke tests.
    """
    seconds = sum(one.seconds for one in visible)
    requests = sum(
        (one.stable.requests or 0) + (one.canary.requests or 0 if one.step > BEFORE else 0)
        for one in visible
    )
    return requests / seconds if seconds else None


def _merged(histograms: Sequence[Histogram]) -> Histogram | None:
    """Add histograms up; those of another layout than the first are left out."""
    if not histograms:
        return None
    bounds = histograms[0].bounds_ms
    alike = [one.counts for one in histograms if one.bounds_ms == bounds]
    return Histogram(bounds, tuple(map(sum, zip(*alike, strict=True))))


def _show(numbers: Numbers) -> str:
    """Say failures beside the requests that they are of; those of now apart."""
    stable_errors = numbers.stable_errors - numbers.stable_errors_uncounted
    stable = f"stable {stable_errors:,} of {numbers.stable_requests:,}"
    fresh = numbers.canary_errors_uncounted
    if fresh and not numbers.canary_requests:
        return f"{fresh:,} requests failed, no total is visible yet, {stable}"
    counted = f"{numbers.canary_errors - fresh:,} of {numbers.canary_requests:,} requests failed"
    return f"{counted} and {fresh:,} more since, {stable}" if fresh else f"{counted}, {stable}"
