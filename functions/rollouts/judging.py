"""What the evidence says. `judge` is pure: the same history always gives the same verdict.

The method, its promise about false rollbacks and what lies outside of it:
docs/concepts/verdict.md.
"""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rollouts.bernoulli import clean_evidence, wilson
from rollouts.comparison import ALONE
from rollouts.durations import show_duration
from rollouts.intervals import BEFORE, Interval
from rollouts.limits import Broken, broken
from rollouts.policy import Policy
from rollouts.showing import show, show_evidence
from rollouts.step_counts import StepCounts
from rollouts.tally import GUARD_BAD, Tally, as_of
from rollouts.verdict import SHOWN_MAX, Cause, Evidence, Kind, Numbers, Verdict

EXPECTED_MIN: Final = 5
"""Fewer requests than this expected in a window are silence."""
IDLE_SECONDS: Final = 10.0
WEIGHT_ERRORS, WEIGHT_LATENCY, WEIGHT_FULL = 0.70, 0.20, 0.10
DOUBT: Final = 10.0
"""Evidence from which on a canary is not given more, for a while."""
DOUBT_SECONDS: Final = 300.0
VISIBLE_SHARE: Final = 0.6
"""The part of a window whose totals must be visible for a pass; its errors must all be known."""
GLANCE_SECONDS: Final = 60.0
"""A first step watched no longer than this is only there to meet what fails outright."""
EARLY_SECONDS: Final = 60.0
EARLY_EVIDENCE: Final = math.log(20.0)
EARLY_RATIO, EARLY_AGAINST = 0.001, 0.01
LOG_MAX: Final = 690.0


def judge(
    intervals: Sequence[Interval], policy: Policy, now: dt.datetime, *, affinity: bool = False
) -> Verdict:
    """Judge a rollout's whole history up to `now`, in any order.

    What became known later is left out, and totals that became visible later are not visible.
    A fail needs no whole window; a pass needs one, with `min_requests` in visible data.
    `affinity`: clients stick to a revision, so nothing is compared and only limits act.
    """
    tally = Tally(policy, affinity=affinity)
    tally.take(as_of(intervals, now))
    return conclude(tally)


def begin(policy: Policy, *, affinity: bool = False) -> Tally:
    """Return the state of a judge that has seen nothing."""
    return Tally(policy, affinity=affinity)


def advance(tally: Tally, intervals: Iterable[Interval]) -> Tally:
    """Take new intervals, and those whose totals have become visible since. Changes `tally`."""
    tally.take(intervals)
    return tally


def conclude(tally: Tally) -> Verdict:
    """Say what the history taken so far comes to. Leaves `tally` as it is."""
    counts = tally.counts
    if counts is None:
        window = tally.policy.window_of(0).total_seconds()
        nothing = Numbers(BEFORE, 0, 0, 0, 0, 0, None, 0.0, window)
        return Verdict("no_data", "nothing is known yet", nothing, settled=False)
    evidence = weigh(tally)
    numbers = numbers_of(tally, counts)
    found = Finding(tally, counts, numbers, evidence)
    return found.failed() or found.held() or found.passed()


def weigh(tally: Tally) -> Evidence:
    """Return the evidence against the canary, with what no total covers yet."""
    policy = tally.policy.analysis
    threshold = 1.0 / policy.alpha
    if tally.affinity:
        return Evidence(threshold=threshold)
    streams = tally.ahead()
    errors, full = streams.log_errors, streams.full.log_value
    if tally.bad_intervals < policy.bad_intervals_min and tally.bad_most < GUARD_BAD:
        errors, full = min(errors, 0.0), min(full, 0.0)
    values = [math.exp(min(one, LOG_MAX)) for one in (errors, tally.slow.log_value, full)]
    total = WEIGHT_ERRORS * values[0] + WEIGHT_LATENCY * values[1] + WEIGHT_FULL * values[2]
    floor = math.exp(min(streams.log_floor, LOG_MAX))
    shown = [min(one, SHOWN_MAX) for one in (*values, total)]
    return Evidence(shown[0], shown[1], shown[2], shown[3], threshold, min(floor, SHOWN_MAX))


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


@dataclass(frozen=True, slots=True)
class Finding:
    """One look at a tally, and the sentences that it comes to."""

    tally: Tally
    counts: StepCounts
    numbers: Numbers
    evidence: Evidence

    # Fail: at once, whatever the window.

    def failed(self) -> Verdict | None:
        if self.tally.policy.analysis.dry_run:  # Only limits act then: they are asked first.
            return self._beyond_limits() or self._compared() or self._shared()
        found = self._compared()
        if found and self._only_told(found):
            limit = self._beyond_limits()
            return limit if limit and limit.kind == "fail" else found
        return found or self._beyond_limits() or self._shared()

    def _only_told(self, found: Verdict) -> bool:
        """Whether a person alone is told of this fail: it must not hide a limit that acts."""
        alone = self.numbers.percent >= 100 * ALONE
        alerts = self.tally.policy.analysis.watch_action == "alert"
        return alerts and alone and found.cause == "full"

    def _compared(self) -> Verdict | None:
        seen = show(self.numbers)
        if self.evidence.total >= self.evidence.threshold:
            cause, what = self._strongest()
            sure = show_evidence(self.evidence)
            return self._says("fail", f"{seen}; {what} ({sure})", cause=cause)
        hang = "" if self.tally.affinity else self.tally.hang.fails
        return self._says("fail", f"{seen}; {hang}", cause="hang") if hang else None

    def _strongest(self) -> tuple[Cause, str]:
        one = self.evidence
        weighted: dict[Cause, float] = {
            "errors": WEIGHT_ERRORS * one.errors,
            "latency": WEIGHT_LATENCY * one.latency,
            "full": WEIGHT_FULL * one.full,
        }
        cause = max(weighted, key=lambda name: weighted[name])
        slow = (f"{stream.edge.ms:.0f} ms" for stream in self.tally.slow.streams)
        edges = " and ".join(dict.fromkeys(slow))
        said: dict[Cause, str] = {
            "errors": "the canary fails more often than stable",
            "latency": f"more of its requests than of stable's take longer than {edges}",
            "full": "the canary fails more often than stable did before the rollout",
        }
        return cause, said[cause]

    def _beyond_limits(self) -> Verdict | None:
        found: Broken | None = broken(self.tally, self.numbers)
        if found is None:
            return None
        if found.stable_too:
            # The precaution says nothing of the image: `_shared` says it, and is asked next.
            precaution = self._precaution() and not self.tally.affinity
            both = f"{found.because}, and stable breaks it too"
            return None if precaution else self._both_bad(both, doubt="limit")
        return self._says("fail", found.because, cause="limit")

    def _shared(self) -> Verdict | None:
        """Both roles are bad: wait and call a person, then go back as a precaution."""
        outage = self.tally.outage
        if outage.since is None or outage.spares_canary or self.tally.affinity:
            return None
        seen = show(self.numbers)
        if not outage.takes_part:
            because = f"{seen}; stable itself is bad"
            return self._says("inconclusive", because, settled=False, page=because, cause="shared")
        if not self._precaution():
            return self._both_bad(f"{seen}; stable is equally bad")
        lasted = show_duration(dt.timedelta(seconds=int(outage.seconds)))
        because = f"{seen}; both are bad for {lasted}, and were not before the rollout"
        return self._says("fail", f"{because}: a precaution", cause="shared")

    def _both_bad(self, because: str, doubt: Cause = "shared") -> Verdict:
        if self.tally.policy.analysis.stable_also_bad == "roll_back":
            return self._says("fail", because, cause="shared")
        return self._says("inconclusive", because, settled=False, page=because, cause=doubt)

    def _precaution(self) -> bool:
        outage, past = self.tally.outage, self.tally.past
        longest = self.tally.policy.analysis.common_outage_max.total_seconds()
        lasting = outage.since is not None and outage.seconds >= longest
        return lasting and past.exists and not past.was_bad and outage.takes_part

    # Inconclusive and no data: what is missing, and how long it takes.

    def held(self) -> Verdict | None:
        return self._idle() or self._watching() or self._too_few() or self._doubtful()

    def _idle(self) -> Verdict | None:
        """Whether a window could show nothing: hardly a request in all that is visible.

        Only asked where the policy passes silence in a single step, a target on the way:
        elsewhere a window is watched whole, because traffic of the last minutes is not visible
        yet. Smoke tests of earlier rollouts stand in stable's past like users' requests, so a
        target that nobody uses is not one without a single request.
        """
        policy, numbers = self.tally.policy, self.numbers
        if policy.no_data != "pass" or len(policy.steps) > 1:
            return None
        if numbers.canary_requests or numbers.canary_errors or numbers.stable_errors:
            return None
        rate = self.tally.idle_rate
        if rate is None or rate * numbers.window_seconds >= EXPECTED_MIN:
            return None
        if numbers.watched_seconds < min(IDLE_SECONDS, numbers.window_seconds / 10):
            return None  # The log tells of the first failures in a moment.
        return self._says(
            "no_data", f"no traffic to judge by (under {EXPECTED_MIN} requests a window)"
        )

    def _watching(self) -> Verdict | None:
        numbers = self.numbers
        if self._early():
            return None
        unknown = numbers.window_seconds - numbers.watched_seconds
        needed = 0.0 if self._glance() else VISIBLE_SHARE * numbers.window_seconds
        left = max(unknown, needed - numbers.visible_seconds)
        if left <= 0:
            return None
        return self._says(
            "inconclusive" if numbers.canary_requests or numbers.canary_errors else "no_data",
            f"{show(numbers)}; watching",
            missing_seconds=left,
            settled=False,
        )

    def _early(self) -> bool:
        """Whether a step may end early: so many requests of the canary, hardly one bad."""
        numbers = self.numbers
        if not self.tally.policy.analysis.early_promote:
            return False
        if numbers.watched_seconds < EARLY_SECONDS or numbers.canary_errors_uncounted:
            return False
        clean = clean_evidence(
            numbers.canary_errors, numbers.canary_requests, EARLY_AGAINST, EARLY_RATIO
        )
        return clean >= EARLY_EVIDENCE

    def _glance(self) -> bool:
        """Whether the step is a short first one, which the log alone may pass.

        What it cannot see, the next steps do: the whole history is judged again there.
        """
        numbers = self.numbers
        short = numbers.window_seconds <= GLANCE_SECONDS
        first = numbers.step == 0 and len(self.tally.policy.steps) > 1
        return first and short and self._expected(numbers.watched_seconds) >= EXPECTED_MIN

    def _too_few(self) -> Verdict | None:
        numbers = self.numbers
        if self._glance():
            return None
        if not numbers.canary_requests:
            return self._silent()
        needed = self.tally.policy.analysis.requests_needed(max(numbers.step, 0))
        missing = needed - numbers.canary_requests
        if missing <= 0:
            return None
        rate = numbers.canary_requests / max(numbers.visible_seconds, 1.0)
        return self._says(
            "inconclusive",
            f"{show(numbers)}; {missing} more requests are needed",
            missing_requests=missing,
            missing_seconds=missing / rate,
        )

    def _silent(self) -> Verdict:
        seen, numbers = show(self.numbers), self.numbers
        if numbers.canary_errors or not self.counts.told_seconds:
            kind: Kind = "inconclusive" if numbers.canary_errors else "no_data"
            return self._says(kind, f"{seen}; no total is visible", settled=False)
        expected = self._expected(numbers.visible_seconds)
        if expected >= EXPECTED_MIN:
            silent = f"the canary had no request, of about {expected:,.0f} that were its share"
            return self._says("inconclusive", f"{seen}; {silent}")
        return self._says("no_data", f"{seen}; the canary had no request")

    def _expected(self, seconds: float) -> float:
        """Return how many requests are the canary's share of the service's."""
        share = self.numbers.percent / 100
        if share < ALONE and self.numbers.stable_requests:
            return self.numbers.stable_requests * share / (1.0 - share)
        return (self.tally.past.rate or 0.0) * share * seconds

    def _doubtful(self) -> Verdict | None:
        numbers, seen = self.numbers, show(self.numbers)
        doubts = "" if self.tally.affinity else self.tally.hang.doubts
        if doubts:
            return self._says("inconclusive", f"{seen}; {doubts}", cause="hang", settled=False)
        most = max(self.evidence.errors, self.evidence.latency)
        left = numbers.window_seconds + DOUBT_SECONDS - numbers.watched_seconds
        if most < DOUBT or left <= 0:
            return None
        requests = self._requests_to_settle(most)
        rate = numbers.canary_requests / max(numbers.visible_seconds, 1.0)
        because = f"{seen}; in doubt ({show_evidence(self.evidence)})"
        return self._says(
            "inconclusive",
            because,
            missing_requests=requests,
            missing_seconds=min(left, requests / rate) if rate else left,
            settled=False,
            cause=self._strongest()[0],
        )

    def _requests_to_settle(self, evidence: float) -> int:
        """Return how many more requests bring the evidence to its threshold, if it goes on so."""
        left = math.log(self.evidence.threshold) - math.log(evidence)
        gained = math.log(evidence) / max(self.numbers.canary_requests, 1)
        return max(1, math.ceil(left / gained))

    def passed(self) -> Verdict:
        note = "; clients stick to a revision, so nothing was compared"
        return self._says("pass", show(self.numbers) + note * self.tally.affinity)

    def _says(self, kind: Kind, because: str, **more: Any) -> Verdict:
        return Verdict(kind, because, self.numbers, evidence=self.evidence, **more)
