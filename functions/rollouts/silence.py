"""Whether nothing to judge by is silence, or odd. Not: what is done about it (`deciding`)."""

from typing import Final

from rollouts.finding import Finding
from rollouts.showing import show
from rollouts.verdict import Kind, Verdict

EXPECTED_MIN: Final = 5
"""Fewer requests than this expected in a window are silence."""
IDLE_SECONDS: Final = 10.0
"""So long, or a tenth of a shorter window, an unused service is watched all the same."""


def idle(found: Finding) -> Verdict | None:
    """Say that a window could show nothing: hardly a request in all that is visible.

    Only asked where the policy passes silence in a single step, as of a target on the way:
    elsewhere a window is watched whole, because traffic of the last minutes is not visible
    yet. Smoke tests of earlier rollouts stand in stable's past like users' requests, so a
    target that nobody uses is not one without a single request.
    """
    policy, numbers = found.tally.policy, found.numbers
    if policy.no_data != "pass" or len(policy.steps) > 1:
        return None
    if numbers.canary_requests or numbers.canary_errors or numbers.stable_errors:
        return None
    rate = found.tally.idle_rate
    if rate is None or rate * numbers.window_seconds >= EXPECTED_MIN:
        return None
    if numbers.watched_seconds < min(IDLE_SECONDS, numbers.window_seconds / 10):
        return None  # The log tells of the first failures in a moment.
    return found.says("no_data", f"no traffic to judge by (under {EXPECTED_MIN} requests a window)")


def silent(found: Finding) -> Verdict:
    """Say what a whole window without a visible request of the canary's is."""
    seen, numbers = show(found.numbers), found.numbers
    if numbers.canary_errors or not found.counts.told_seconds:
        kind: Kind = "inconclusive" if numbers.canary_errors else "no_data"
        return found.says(kind, f"{seen}; no total is visible", settled=False)
    expected = found.expected(numbers.visible_seconds)
    if expected >= EXPECTED_MIN:
        none = f"the canary had no request, of about {expected:,.0f} that were its share"
        return found.says("inconclusive", f"{seen}; {none}")
    return found.says("no_data", f"{seen}; the canary had no request")
