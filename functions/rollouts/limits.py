"""Absolute limits: off unless set, and blind to what is normal for a service.

Each is asked of stable first, as long as it has traffic to tell by: what breaks it too is no fault
of the canary's, and holds it only while stable is still bad. That is while in the last minute a
higher share of its requests failed than its past allows (1 % at least), or while its last p95 is
above its usual p99. The counts of a step never fall, so after that those of a common outage are
left out; and what both break all the same, as they always do, neither fails nor holds.
"""

from dataclasses import dataclass
from typing import Final

from rollouts.comparison import alone
from rollouts.intervals import Histogram
from rollouts.showing import show
from rollouts.step_counts import Side, StepCounts
from rollouts.tally import GENEROUS, Tally, totals_of
from rollouts.verdict import Numbers

FRESH_ERRORS_MIN: Final = 5
"""Errors that must be known before totals are estimated for them."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A limit that the canary broke."""

    because: str
    stable_too: bool
    """Stable, by the odds of its traffic, breaks it as well, and is still bad."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What limits are asked of: a tally whose present step has these counts."""

    tally: Tally
    counts: StepCounts
    numbers: Numbers
    failing: bool
    """Stable failed in the last minute more often than its past allows."""

    @property
    def alone(self) -> bool:
        return alone(self.counts.percent)

    @property
    def needed(self) -> int:
        return max(self.tally.policy.analysis.requests_needed(max(self.counts.step, 0)), 1)

    @property
    def sides(self) -> tuple[Side, Side]:
        """The step of canary and stable, without common outages that are over."""
        counts = self.counts
        if self.failing:
            return counts.canary, counts.stable
        canary = counts.canary.without(counts.canary_common)
        return canary, counts.stable.without(counts.stable_common)

    def found(self, told: str, limit: str, *, stable_too: bool, still: bool) -> Broken | None:
        """Return what is broken; None if stable broke it as well and is not bad any more."""
        if stable_too and not still:
            return None
        left_out = self.counts.canary_common.errors and not self.failing
        note = ", without those of a common outage" if left_out else ""
        return Broken(f"{told}; {limit}{note}", stable_too)


def broken(tally: Tally, counts: StepCounts, numbers: Numbers) -> Broken | None:
    """Return a limit that the canary breaks in the present step; None if it keeps all.

    The first that it breaks alone, if there is one.
    """
    failed, requests = tally.outage.last_minute
    asked = Asked(tally, counts, numbers, failing=failed > tally.past.limit * requests)
    found = (_too_many(asked), _too_high(asked), _too_slow(asked))
    return min((one for one in found if one), key=lambda one: one.stable_too, default=None)


def _too_many(asked: Asked) -> Broken | None:
    allowed = asked.tally.policy.analysis.errors_allowed(max(asked.counts.step, 0))
    canary, stable = asked.sides
    if allowed is None or canary.errors <= allowed:
        return None
    share = asked.counts.percent / 100
    alike = 0.0 if asked.alone else stable.errors * share / (1.0 - share)
    limit = f"more than {allowed} errors at {asked.counts.percent} %"
    still = asked.failing
    return asked.found(show(asked.numbers), limit, stable_too=alike > allowed, still=still)


def _too_high(asked: Asked) -> Broken | None:
    ratio = asked.tally.policy.analysis.max_error_ratio
    if ratio is None:
        return None
    (canary, stable), needed = asked.sides, asked.needed
    about, about_stable = _about(asked, canary, stable)
    if canary.requests >= needed and canary.counted > ratio * canary.requests:
        told = show(asked.numbers)
    elif canary.errors >= FRESH_ERRORS_MIN and about >= needed and canary.errors > ratio * about:
        told = f"{canary.errors:,} of about {about:,.0f} requests failed"
        told += f", stable {stable.errors:,} of {stable.requests:,}"
    else:
        return None
    seen, estimated = (stable.counted, stable.requests), (stable.errors, about_stable)
    now = asked.tally.outage.last_minute if asked.failing else (0, 0)
    above = any(of >= needed and bad > ratio * of for bad, of in (seen, estimated, now))
    too, still = above and not asked.alone, asked.failing
    return asked.found(told, f"an error ratio above {ratio:g}", stable_too=too, still=still)


def _about(asked: Asked, of_canary: Side, of_stable: Side) -> tuple[float, float]:
    """Return the requests of canary and stable, estimated where they are not visible."""
    tally = asked.tally
    canary, stable = float(of_canary.requests), float(of_stable.requests)
    for judged in tally.unseen:
        one = judged.interval
        if one.step != asked.counts.step or (judged.common and not asked.failing):
            continue
        totals = totals_of(one)
        guess = GENEROUS * (tally.rate or 0.0) * one.seconds * (1.0 - judged.share)
        canary += totals[0] if totals else tally.estimated(judged) or 0.0
        stable += totals[1] if totals else max(float(one.stable.errors), guess)
    return canary, stable


def _too_slow(asked: Asked) -> Broken | None:
    limit, counts = asked.tally.policy.analysis.max_latency_p95, asked.counts
    if limit is None:
        return None
    limit_ms = limit.total_seconds() * 1000
    p95_ms = _p95_above(limit_ms, counts.latency, asked.needed)
    if p95_ms is None:
        return None
    above = _p95_above(limit_ms, counts.stable_latency, asked.needed)
    still = (counts.stable_p95_ms or 0.0) > max(limit_ms, asked.tally.slow.stable_p99_ms or 0.0)
    too = above is not None and not asked.alone
    broke = f"p95 {p95_ms:.0f} ms, above {limit_ms:.0f} ms"
    return asked.found(show(asked.numbers), broke, stable_too=too, still=still)


def _p95_above(limit_ms: float, latency: Histogram | None, needed: int) -> float | None:
    """Return a p95 of enough requests that is above the limit; None for any other."""
    if latency is None or latency.total < needed:
        return None
    p95_ms = latency.quantile_ms(0.95)
    return p95_ms if p95_ms is not None and p95_ms > limit_ms else None
