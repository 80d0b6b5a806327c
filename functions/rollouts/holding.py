"""What a canary against which nothing speaks still lacks for a pass, and how long that takes.

Not: what speaks against it (`failing`), nor what is done meanwhile (`deciding`).
"""

import math
from typing import Final

from rollouts.bernoulli import clean_evidence
from rollouts.finding import Finding
from rollouts.policy import GLANCE
from rollouts.showing import show, show_evidence
from rollouts.silence import EXPECTED_MIN, idle, silent
from rollouts.verdict import DOUBT, Verdict
from rollouts.weighing import strongest

VISIBLE_SHARE: Final = 0.6
"""The part of a window whose totals must be visible for a pass; its errors must all be known."""
GLANCE_SECONDS: Final = GLANCE.total_seconds()
EARLY_SECONDS: Final = 60.0
"""How long a step is watched at least, with `early_promote` too."""
EARLY_EVIDENCE: Final = math.log(20.0)
"""The log evidence that ends a step early: about 330 requests without a bad one."""
EARLY_GOOD, EARLY_POOR = 0.001, 0.01
"""The error ratios between which that evidence tells."""
DOUBT_SECONDS: Final = 300.0
"""How long a doubt holds a step beyond its window."""


def held(found: Finding) -> Verdict | None:
    """Return what is missing: traffic, time, requests, or trust; None if nothing is."""
    return idle(found) or _watching(found) or _too_few(found) or _doubtful(found)


def _watching(found: Finding) -> Verdict | None:
    numbers = found.numbers
    if _early(found):
        return None
    unknown = numbers.window_seconds - numbers.watched_seconds
    needed = 0.0 if _glance(found) else VISIBLE_SHARE * numbers.window_seconds
    left = max(unknown, needed - numbers.visible_seconds)
    if left <= 0:
        return None
    return found.says(
        "inconclusive" if numbers.canary_requests or numbers.canary_errors else "no_data",
        f"{show(numbers)}; watching",
        missing_seconds=left,
        settled=False,
    )


def _early(found: Finding) -> bool:
    """Whether a step may end early: so many requests of the canary, hardly one bad."""
    numbers = found.numbers
    if not found.tally.policy.analysis.early_promote:
        return False
    if numbers.watched_seconds < EARLY_SECONDS or numbers.canary_errors_uncounted:
        return False
    clean = clean_evidence(
        numbers.canary_errors, numbers.canary_requests, good=EARLY_GOOD, poor=EARLY_POOR
    )
    return clean >= EARLY_EVIDENCE


def _glance(found: Finding) -> bool:
    """Whether the step is a short first one, which the log alone may pass.

    What it cannot see, the next steps do: the whole history is judged again there.
    """
    numbers = found.numbers
    short = numbers.window_seconds <= GLANCE_SECONDS
    first = numbers.step == 0 and len(found.tally.policy.steps) > 1
    return first and short and found.expected(numbers.watched_seconds) >= EXPECTED_MIN


def _too_few(found: Finding) -> Verdict | None:
    numbers = found.numbers
    if _glance(found):
        return None
    if not numbers.canary_requests:
        return silent(found)
    needed = found.tally.policy.analysis.requests_needed(max(numbers.step, 0))
    missing = needed - numbers.canary_requests
    if missing <= 0:
        return None
    return found.says(
        "inconclusive",
        f"{show(numbers)}; {missing} more requests are needed",
        missing_requests=missing,
        missing_seconds=missing / found.canary_rate,
    )


def _doubtful(found: Finding) -> Verdict | None:
    numbers, seen = found.numbers, show(found.numbers)
    doubts = "" if found.tally.affinity else found.tally.hang.doubts
    if doubts:
        return found.says("inconclusive", f"{seen}; {doubts}", cause="hang", settled=False)
    most = max(found.evidence.errors, found.evidence.latency, found.evidence.total)
    left = numbers.window_seconds + DOUBT_SECONDS - numbers.watched_seconds
    if most < DOUBT or left <= 0:
        return None
    requests = _requests_to_settle(found, most)
    rate = found.canary_rate
    because = f"{seen}; in doubt ({show_evidence(found.evidence)})"
    return found.says(
        "inconclusive",
        because,
        missing_requests=requests,
        missing_seconds=min(left, requests / rate) if rate else left,
        settled=False,
        cause=strongest(found.evidence),
    )


def _requests_to_settle(found: Finding, evidence: float) -> int:
    """Return how many more requests bring the evidence to its threshold, if it goes on so."""
    left = math.log(found.evidence.threshold) - math.log(evidence)
    gained = math.log(evidence) / max(found.numbers.canary_requests, 1)
    return max(1, math.ceil(left / gained))
