"""What stable was like, for the time when there is nothing left to compare a canary with.

A look at the signals tells it, its action carries it, and the write that acts on the action puts
it on record: who hears an alert after promotion has no totals to read.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from rollouts.bernoulli import upper_ratio
from rollouts.blind_spots import OUTAGE_TIMES, outage_limit
from rollouts.past import UNKNOWN_RATIO, Past, allowed_alone
from rollouts.policy import Analysis
from rollouts.record import Usual

KEY: Final = "usual"
"""Where an action carries it."""


def measured(past: Past, rate: float | None) -> Usual | None:
    """Return what is to be put on record; None if the service was never seen to be used.

    The ratio is that of before the rollout: an outage during the steps must not raise it. `rate`
    is the whole service's requests a second when last visible.
    """
    return Usual(past.requests, min(past.errors, past.requests), float(rate)) if rate else None


def show_usual(usual: Usual) -> dict[str, Any]:
    return {
        "requests": usual.requests,
        "errors": usual.errors,
        "requests_a_second": usual.requests_a_second,
    }


def carried(action: Mapping[str, Any]) -> Usual | None:
    """Return what an action carries; None if that is nothing, as with one of older code."""
    document = action.get(KEY)
    if not isinstance(document, Mapping):
        return None
    requests, errors = document.get("requests"), document.get("errors")
    rate = document.get("requests_a_second")
    if type(requests) is not int or type(errors) is not int or not 0 <= errors <= requests:
        return None
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0.0 < rate < math.inf:
        return None
    return Usual(requests, errors, float(rate))


def ratio_allowed(usual: Usual, analysis: Analysis) -> float:
    """Return the error ratio that a canary may have at 100 %: what was normal, or is tolerated.

    As the judge has it (`tally.allowed_at_full`), but a short past allows no more than none.
    """
    if not usual.requests:
        return UNKNOWN_RATIO
    ratio = usual.errors / usual.requests
    normal = outage_limit(upper_ratio(usual.errors, usual.requests))
    known = min(normal, max(UNKNOWN_RATIO, OUTAGE_TIMES * ratio))
    return allowed_alone(known, ratio, analysis)
