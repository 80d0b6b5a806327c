"""The three streams of evidence against a canary as one. Not: what is enough of it for whom.

Source: docs/reference/evidence.md, "The sum".
"""

import math
from typing import Final

from rollouts.tally import Tally
from rollouts.verdict import SHOWN_MAX, Cause, Evidence

WEIGHT_ERRORS, WEIGHT_LATENCY, WEIGHT_FULL = 0.70, 0.20, 0.10
"""They add up to 1: a weighted mean of e-values is an e-value, and keeps its promise."""
LOG_MAX: Final = 690.0
"""`exp` of more than about 709 overflows."""
GUARD_BAD: Final = 50
"""So many bad requests in one interval need no second one."""


def weigh(tally: Tally) -> Evidence:
    """Return the evidence against the canary, with what no total covers yet.

    Guarded errors count for 1 at most: less may still speak for the canary.
    """
    policy = tally.policy.analysis
    threshold = 1.0 / policy.alpha
    if tally.affinity:
        return Evidence(threshold=threshold)
    streams = tally.ahead()
    errors, full = streams.log_errors, streams.full.log_value
    if guarded(tally):
        errors, full = min(errors, 0.0), min(full, 0.0)
    values = [math.exp(min(one, LOG_MAX)) for one in (errors, tally.slow.log_value, full)]
    total = WEIGHT_ERRORS * values[0] + WEIGHT_LATENCY * values[1] + WEIGHT_FULL * values[2]
    floor = math.exp(min(streams.log_floor, LOG_MAX))
    shown = [min(one, SHOWN_MAX) for one in (*values, total, floor)]
    return Evidence(
        errors=shown[0],
        latency=shown[1],
        full=shown[2],
        total=shown[3],
        threshold=threshold,
        floor=shown[4],
    )


def guarded(tally: Tally) -> bool:
    """Whether the canary's errors stand in too few intervals to speak against it."""
    few = tally.bad_intervals < tally.policy.analysis.bad_intervals_min
    return few and tally.bad_most < GUARD_BAD


def strongest(evidence: Evidence) -> Cause:
    """Return what most of the evidence stands on."""
    weighted: dict[Cause, float] = {
        "errors": WEIGHT_ERRORS * evidence.errors,
        "latency": WEIGHT_LATENCY * evidence.latency,
        "full": WEIGHT_FULL * evidence.full,
    }
    return max(weighted, key=lambda name: weighted[name])
