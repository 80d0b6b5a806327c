"""What is a slow request, learned from stable's own latencies, and how many are too many.

Source: docs/reference/evidence.md, "Latency".
"""

import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rollouts.intervals import Histogram

TARGETS: Final = (0.10, 0.02)
"""The shares of stable's requests that shall lie above an edge: the slow, and the very slow."""
ROOM: Final = 1.25
"""An edge may have so much more above it: bounds of buckets are where they are."""
EDGE_MS_MIN: Final = 50.0
"""What is faster than this is slow for nobody."""
REQUESTS_MIN: Final = 300
"""Fewer of stable's requests tell no edge."""
MARGIN_MIN: Final = 1.15
MARGIN_MAX: Final = 2.0
"""Between these is what a slowdown of SLOWDOWN may explain: slopes between two bounds are rough.
What a larger one may explain grows with it."""
SLOWDOWN: Final = 0.10


@dataclass(frozen=True, slots=True)
class Edge:
    """A latency above which a request is slow; a bound of the histogram's buckets."""

    ms: float
    margin: float
    """The ratio of odds of slow requests that a tolerated slowdown explains."""


def edges(latency: Histogram, slowdown: float) -> tuple[Edge, ...]:
    """Return an edge for each target that has one; none for too few requests.

    `slowdown` is the tolerated one, such as 0.10 for ten percent.
    """
    total = latency.total
    if total < REQUESTS_MIN:
        return ()
    found = (_edge(latency, target, slowdown) for target in TARGETS)
    return tuple(edge for edge in found if edge)


def _edge(latency: Histogram, target: float, slowdown: float) -> Edge | None:
    above = latency.total
    share_below = 1.0
    for index, bound in enumerate(latency.bounds_ms):
        above -= latency.counts[index]
        share = above / latency.total
        if bound >= EDGE_MS_MIN and share <= ROOM * target:
            below = latency.bounds_ms[index - 1] if index else 0.0
            return Edge(bound, _margin(share, share_below, bound, below, slowdown))
        share_below = share
    return None


def _margin(share: float, share_below: float, bound: float, below: float, slowdown: float) -> float:
    """Return what a slowdown does to the odds: by how steeply the latencies fall off there."""
    most: float = MARGIN_MAX ** max(1.0, math.log1p(slowdown) / math.log1p(SLOWDOWN))
    if share <= 0.0 or below <= 0.0:
        return most
    slope = math.log(share_below / share) / math.log(bound / below)
    return min(max(math.exp(slope * math.log1p(slowdown)), MARGIN_MIN), most)


def buckets_above(latency: Histogram, ms: float) -> int | None:
    """Return the first bucket of requests that took at least so long; None if `ms` is no bound."""
    try:
        return latency.bounds_ms.index(ms) + 1
    except ValueError:
        return None


def merged(histograms: Iterable[Histogram | None]) -> Histogram | None:
    """Add histograms up; those of another layout than the first are left out, and None."""
    found: Histogram | None = None
    for one in histograms:
        if found is None:
            found = one
        elif one and one.bounds_ms == found.bounds_ms:
            found = Histogram(found.bounds_ms, tuple(map(operator.add, found.counts, one.counts)))
    return found
