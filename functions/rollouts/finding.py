"""One look at a tally, which every sentence of a verdict is said of. Not: which verdict it is."""

from dataclasses import dataclass
from typing import Any

from rollouts.bernoulli import wilson
from rollouts.comparison import alone
from rollouts.step_counts import StepCounts
from rollouts.tally import Tally
from rollouts.verdict import Evidence, Kind, Numbers, Verdict
from rollouts.weighing import weigh


@dataclass(frozen=True, slots=True)
class Finding:
    """What a tally comes to, in counts of the present step and in evidence."""

    tally: Tally
    counts: StepCounts
    numbers: Numbers
    evidence: Evidence

    def says(self, kind: Kind, because: str, **more: Any) -> Verdict:
        return Verdict(kind, because, self.numbers, evidence=self.evidence, **more)

    @property
    def canary_rate(self) -> float:
        """The canary's requests a second in what is visible of the step."""
        return self.numbers.canary_requests / max(self.numbers.visible_seconds, 1.0)

    def expected(self, seconds: float) -> float:
        """Return how many requests are the canary's share of the service's in the step.

        By what stable had in it; if nothing of that is known, by the rate of before the rollout
        for so many seconds.
        """
        share = self.numbers.percent / 100
        if not alone(self.numbers.percent) and self.numbers.stable_requests:
            return self.numbers.stable_requests * share / (1.0 - share)
        return (self.tally.past.rate or 0.0) * share * seconds


def finding_of(tally: Tally, counts: StepCounts) -> Finding:
    """Look at a tally whose present step has these counts. Leaves it as it is."""
    return Finding(tally, counts, numbers_of(tally, counts), weigh(tally))


def numbers_of(tally: Tally, counts: StepCounts) -> Numbers:
    """Return the present step in counts."""
    canary, stable = counts.canary, counts.stable
    p95 = counts.latency.quantile_ms(0.95) if counts.latency else None
    return Numbers(
        step=counts.step,
        percent=counts.percent,
        canary_requests=canary.requests,
        canary_errors=canary.errors,
        stable_requests=stable.requests,
        stable_errors=stable.errors,
        canary_p95_ms=p95,
        watched_seconds=counts.watched_seconds,
        window_seconds=tally.policy.window_of(max(counts.step, 0)).total_seconds(),
        canary_errors_uncounted=canary.errors - canary.counted,
        stable_errors_uncounted=stable.errors - stable.counted,
        visible_seconds=counts.visible_seconds,
        canary_ratio=wilson(canary.counted, canary.requests),
        stable_ratio=wilson(stable.counted, stable.requests),
        requests_a_second=tally.rate,
        unreached=(canary.apart, stable.apart),
    )
