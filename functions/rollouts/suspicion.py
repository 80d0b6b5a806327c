"""Whether the request log speaks against a canary: the counts of one look, held against chance.

While both roles serve, a bad request is the canary's with its share of the traffic, if it is no
worse. At 100 % nothing is left to compare with: there the ratio recorded for stable is the
measure, at the recorded requests a second. That looks the same in a common outage.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollouts.intervals import BadRequest
from rollouts.record import Rollout
from rollouts.tails import binomial_tail, poisson_tail
from rollouts.usual import ratio_allowed

CHANCE: Final = 1 / 500
"""How likely, at most, one look finds a canary worse that is not."""
APART: Final = dt.timedelta(seconds=60)
"""After a shift instances start: what reached no container by then blames nobody."""
LATEST: Final = dt.timedelta(seconds=60)
UNMEASURED_MIN: Final = 5
"""Bad requests that confirm an incident at 100 % if nothing is on record of stable."""


def has_all(percent: int) -> bool:
    """Whether a canary with this share is the only one that serves."""
    return percent == 100  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was seen of a time under one share."""

    percent: int
    seconds: float
    canary: int
    """Bad requests that count against a role."""
    stable: int

    @property
    def alone(self) -> bool:
        """Whether the canary has nothing to be compared with."""
        return has_all(self.percent)

    def __str__(self) -> str:
        counts = f"{self.canary} bad requests at the canary"
        if self.alone:
            return f"{counts} in {self.seconds:.0f} s, at 100 %"
        return f"{counts}, {self.stable} at stable, at {self.percent} %"


def stretches(
    rollout: Rollout, bad: Sequence[BadRequest], since: dt.datetime, until: dt.datetime
) -> tuple[Stretch, ...]:
    """Cut [since, until) at the shifts; newest first. A request counts where it began."""
    found = []
    before = until
    for shift in reversed(rollout.shifts):
        began = max(shift.at, since)
        if began < before:
            of = [
                one.role
                for one in bad
                if began <= one.began < before and (one.reached or one.began >= shift.at + APART)
            ]
            seconds = (before - began).total_seconds()
            canary, stable = of.count("canary"), of.count("stable")
            found.append(Stretch(shift.percent, seconds, canary, stable))
        before = min(before, shift.at)
    return tuple(found)


def looks(
    rollout: Rollout, bad: Sequence[BadRequest], since: dt.datetime, until: dt.datetime
) -> tuple[Stretch, ...]:
    """Return what to hold against chance: each stretch, and at 100 % the last minute as well.

    A comparison is not blunted by the quiet time before a fault; a ratio of all requests is.
    """
    found = stretches(rollout, bad, since, until)
    if not found or not found[0].alone or found[0].seconds <= LATEST.total_seconds():
        return found
    return (*stretches(rollout, bad, until - LATEST, until), *found)


def worse(stretch: Stretch, rollout: Rollout, chance: float) -> bool:
    """Whether more than `chance` must be at work for a canary that is no worse to fail so often."""
    if stretch.alone:
        expected = expected_alone(stretch, rollout)
        if expected is None:
            return stretch.canary >= UNMEASURED_MIN
        return poisson_tail(stretch.canary, expected) <= chance
    margin = 1.0 + rollout.policy.analysis.error_increase_tolerated
    odds = margin * stretch.percent
    share = odds / (odds + 100 - stretch.percent)
    both = stretch.canary + stretch.stable
    return binomial_tail(stretch.canary, both, share) <= chance


def expected_alone(stretch: Stretch, rollout: Rollout) -> float | None:
    """Return how many bad requests stable's record allows in a stretch at 100 %; None without one.

    Taken at the recorded requests a second: what is allowed is three times what was normal, so
    traffic may grow threefold since before a canary as good as stable looks worse.
    """
    usual = rollout.usual
    if usual is None:
        return None
    ratio = ratio_allowed(usual, rollout.policy.analysis)
    return ratio * usual.requests_a_second * stretch.seconds
