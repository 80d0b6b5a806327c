"""Absolute limits: off unless set, and blind to what is normal for a service.

Each is asked of stable first: what breaks it too is no fault of the canary's.
"""

from dataclasses import dataclass
from typing import Final

from rollouts.comparison import ALONE
from rollouts.showing import show
from rollouts.tally import GENEROUS, Tally, totals_of
from rollouts.verdict import Numbers

FRESH_ERRORS_MIN: Final = 5
"""Errors that must be known before totals are estimated for them."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A limit that the canary broke."""

    because: str
    stable_too: bool
    """Stable, by the odds of its traffic, breaks it as well."""


def broken(tally: Tally, numbers: Numbers) -> Broken | None:
    """Return the first limit that the canary breaks in the present step; None if it keeps all."""
    return _too_many(tally, numbers) or _ratio_too_high(tally, numbers) or _too_slow(tally, numbers)


def _too_many(tally: Tally, numbers: Numbers) -> Broken | None:
    allowed = tally.policy.analysis.errors_allowed(max(numbers.step, 0))
    if allowed is None or numbers.canary_errors <= allowed:
        return None
    share = numbers.percent / 100
    alike = numbers.stable_errors * share / (1.0 - share) if share < ALONE else 0.0
    because = f"{show(numbers)}; more than {allowed} errors at {numbers.percent} %"
    return Broken(because, alike > allowed)


def _ratio_too_high(tally: Tally, numbers: Numbers) -> Broken | None:
    limit = tally.policy.analysis.max_error_ratio
    if limit is None:
        return None
    about, about_stable = _about(tally, numbers)
    stable = numbers.stable_errors - numbers.stable_errors_uncounted
    stable_too = stable > limit * max(numbers.stable_requests, 1)
    stable_too = stable_too or numbers.stable_errors > limit * max(about_stable, 1)
    counted = numbers.canary_errors - numbers.canary_errors_uncounted
    needed = max(tally.policy.analysis.requests_needed(max(numbers.step, 0)), 1)
    if numbers.canary_requests >= needed and counted > limit * numbers.canary_requests:
        return Broken(f"{show(numbers)}; an error ratio above {limit:g}", stable_too)
    failed = numbers.canary_errors
    if failed < FRESH_ERRORS_MIN or about < needed or failed <= limit * about:
        return None
    told = f"{failed:,} of about {about:,.0f} requests failed"
    stable_told = f"stable {numbers.stable_errors:,} of {numbers.stable_requests:,}"
    return Broken(f"{told}, {stable_told}; an error ratio above {limit:g}", stable_too)


def _about(tally: Tally, numbers: Numbers) -> tuple[float, float]:
    """Return the step's requests of canary and stable, estimated where they are not visible."""
    canary, stable = float(numbers.canary_requests), float(numbers.stable_requests)
    for judged in tally.unseen:
        one = judged.interval
        if one.step != numbers.step:
            continue
        totals = totals_of(one)
        guess = GENEROUS * (tally.rate or 0.0) * one.seconds * (1.0 - judged.share)
        canary += totals[0] if totals else tally.estimated(judged) or 0.0
        stable += totals[1] if totals else max(float(one.stable.errors), guess)
    return canary, stable


def _too_slow(tally: Tally, numbers: Numbers) -> Broken | None:
    limit = tally.policy.analysis.max_latency_p95
    needed = tally.policy.analysis.requests_needed(max(numbers.step, 0))
    if limit is None or numbers.canary_p95_ms is None or numbers.canary_requests < needed:
        return None
    limit_ms = limit.total_seconds() * 1000
    if numbers.canary_p95_ms <= limit_ms:
        return None
    because = f"{show(numbers)}; p95 {numbers.canary_p95_ms:.0f} ms, above {limit_ms:.0f} ms"
    return Broken(because, stable_too=False)
