"""A rollout's history, taken in interval by interval: everything that a verdict stands on.

Two things happen to an interval: its errors become known, final from then on, and later its
totals become visible. Both happen in the order of time, so the same history gives the same tally
however it is cut into calls. Mutable. Not: what it comes to (`judging`).
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import itemgetter
from typing import Final

from rollouts.blind_spots import Hang, Outage, Unreached
from rollouts.comparison import Group, alone, served_share
from rollouts.dispersion import ERRORS, Dispersion
from rollouts.error_streams import ErrorStreams, Judged
from rollouts.intervals import BEFORE, Interval
from rollouts.past import UNKNOWN_RATIO, Past, allowed_alone
from rollouts.policy import Analysis, Policy
from rollouts.slow_streams import SlowStreams
from rollouts.step_counts import StepCounts

UNSEEN_MAX: Final = 23
"""Intervals that wait for their totals; the oldest beyond are judged without, for good."""
GENEROUS: Final = 1.5
"""Traffic may have grown since it was visible: too high an estimate delays, too low accuses."""
RATE_SECONDS: Final = 60.0
"""The service's rate is that of the last visible minute."""


class Tally:
    """What is known so far. `affinity`: clients stick to a revision, so nothing is compared."""

    def __init__(self, policy: Policy, *, affinity: bool = False) -> None:
        self.policy = policy
        self.affinity = affinity
        analysis = policy.analysis
        self.past = Past()
        self.errors = ErrorStreams(analysis)
        self.slow = SlowStreams(analysis.slowdown_tolerated, analysis.warm_up.total_seconds())
        self.phi = Dispersion(ERRORS)
        self.unreached = Unreached()
        self.hang = Hang()
        self.outage = Outage([])
        self.counts: StepCounts | None = None
        self.unseen: list[Judged] = []
        self.recent: list[list[float]] = []
        """[end, seconds, requests] of the last visible minute of the rollout."""
        self.bad_intervals = 0
        self.bad_most = 0
        self.full_known = False
        self.full_limit: float | None = None
        """The error ratio allowed at 100 %, frozen at its first use."""

    # In: intervals, each known once and seen once.

    def take(self, intervals: Iterable[Interval]) -> None:
        """Take new intervals, and corrected ones: those whose totals have become visible."""
        waiting = {one.interval.start for one in self.unseen}
        happened = []
        for one in intervals:
            known = one.known_at or one.end
            if one.start not in waiting:
                late = one.seen_at is not None and one.seen_at > known
                happened.append((known, one.start, 0, untold(one) if late else one))
            if one.seen_at:
                happened.append((max(known, one.seen_at), one.start, 1, one))
        happened.sort(key=itemgetter(0, 1, 2))
        for _, _, seen, one in happened:
            if one.step == BEFORE:
                self._take_past(one, seen=bool(seen))
            elif seen:
                self._see(one)
            elif self.counts is None or one.start.timestamp() >= self.counts.known_until:
                self._know(one)

    def limit_full(self, limit: float | None) -> None:
        """Set the error ratio allowed at 100 %; None: nothing is known of it yet."""
        self.full_limit = limit
        self.errors.limit_full(limit)

    def _take_past(self, one: Interval, *, seen: bool) -> None:
        if not seen or one.stable.requests is None or not self.past.take(one):
            return
        self.phi.note(one.stable.errors, one.seconds, past=True)
        if one.stable.latency:
            self.slow.learn(one.stable.latency)

    def _know(self, one: Interval) -> None:
        """Fix what an interval counts: its errors are known."""
        if one.step > BEFORE and (self.counts is None or self.counts.step < BEFORE):
            self.slow.begin()
        if self.counts is None or one.step != self.counts.step:
            self.counts = StepCounts(one.step, one.percent, one.start.timestamp())
        if alone(one.percent) and not self.full_known:
            self.full_known = True
            self.limit_full(allowed_at_full(self.past, self.policy.analysis))
        apart = one.canary.unreached or one.stable.unreached
        counted = self.unreached.counted(one, self.expected(one) if apart else 0.0)
        judged, bad = self._judged(one, counted=counted)
        share = one.percent / 100
        if one.step > BEFORE:  # Probes come at Barq's own pace, hours before the rest perhaps.
            self.phi.note(bad[1], one.seconds * (1.0 - share), past=False)
            self._watch_outage(one, bad)
            if self.outage.since is not None:
                judged = judged._replace(common=True)
        canary_bad = judged.canary_bad
        if canary_bad:
            self.bad_intervals += 1
            self.bad_most = max(self.bad_most, canary_bad)
        self.counts.know(one, bad, apart=not counted, common=judged.common)
        self.unseen.append(judged)
        if len(self.unseen) > UNSEEN_MAX:
            self._fold(self.unseen.pop(0))
            self._fold_seen()

    def _judged(self, one: Interval, *, counted: bool) -> tuple[Judged, tuple[int, int]]:
        """Return what an interval counts, and the bad requests of its own step."""
        canary = one.canary.errors + (one.canary.unreached if counted else 0)
        stable = one.stable.errors + (one.stable.unreached if counted else 0)
        both = canary + stable
        groups = ((one.step, Group(one.percent / 100, canary, stable)),) if both else ()
        for late in one.carried:
            group = Group(late.percent / 100, late.canary, late.stable)
            groups = (*groups, (late.step, group))
            both += group.both
            if late.step == one.step:
                canary, stable = canary + late.canary, stable + late.stable
        # Whose turn it was among the probes, a coin said each time: they do not cluster.
        discount = self.phi.discount(both) if one.step > BEFORE else 1.0
        return Judged(one, groups, discount), (canary, stable)

    def _watch_outage(self, one: Interval, bad: tuple[int, int]) -> None:
        at_once = one.seen_at is not None and one.seen_at <= (one.known_at or one.end)
        if at_once and one.stable.requests is not None:
            requests = float(one.stable.requests)
        else:
            # Not GENEROUS: the limit is three times what was normal, so traffic may grow threefold.
            requests = (self.rate or 0.0) * (1.0 - one.percent / 100) * one.seconds
        self.outage.take(one, bad, requests, self.past.limit)

    def _see(self, one: Interval) -> None:
        """Take an interval's totals; those that come too late are ignored."""
        for index, judged in enumerate(self.unseen):
            if judged.interval is one:
                break
            if judged.interval.start == one.start:
                self.unseen[index] = judged._replace(interval=one)
                break
        self._fold_seen()

    def _fold_seen(self) -> None:
        while self.unseen and self.unseen[0].interval.seen_at:
            self._fold(self.unseen.pop(0))

    def _fold(self, judged: Judged) -> None:
        """Take an interval for good: nothing of it will change any more."""
        one = judged.interval
        totals = totals_of(one)
        self.errors.take(judged, totals, None if totals else self.estimated(judged))
        if self.counts and one.step == self.counts.step:
            self.counts.see(one, judged.bad_of(one.step), common=judged.common)
        if totals is None:
            return
        self._note_rate(one, sum(totals))
        canary, stable = self.errors.served[one.step]
        warm = self.slow.take(one, served_share(judged.share, canary, stable))
        if warm and self.counts and one.step == self.counts.step:
            limited = self.policy.analysis.max_latency_p95 is not None
            self.counts.time(one.canary.latency, one.stable.latency if limited else None)
        self.hang.take(one, self.slow.stable_p99_ms)

    def _note_rate(self, one: Interval, requests: int) -> None:
        if one.step < BEFORE:
            return  # Probes are Barq's own.
        end = one.end.timestamp()
        since = end - RATE_SECONDS
        while self.recent and self.recent[0][0] <= since:
            del self.recent[0]
        self.recent.append([end, one.seconds, requests])

    @property
    def unseen_intervals(self) -> tuple[Interval, ...]:
        """Intervals whose errors are known and whose totals are not visible yet."""
        return tuple(one.interval for one in self.unseen)

    # Out: what is estimated as long as totals are not visible.

    @property
    def rate(self) -> float | None:
        """The service's requests a second when last visible; None if nothing ever was."""
        if self.recent:
            requests = seconds = 0.0
            for _, lasted, served in self.recent:
                requests, seconds = requests + served, seconds + lasted
            return requests / seconds
        return self.past.rate

    @property
    def idle_rate(self) -> float | None:
        """The service's requests a second, of all its past: None if nothing was visible."""
        return self.rate if self.recent else self.past.rate_of_all

    def expected(self, one: Interval) -> float:
        """Return how many requests of an interval are the canary's, at the present rate."""
        return (self.rate or 0.0) * one.percent / 100 * one.seconds

    def estimated(self, judged: Judged) -> float | None:
        """Return how many requests the canary had at most, for an interval without totals.

        None where nothing can be said: no traffic was seen yet, and the canary has it all.
        """
        return self._estimated(judged, self.rate)

    def _estimated(self, judged: Judged, rate: float | None) -> float | None:
        one = judged.interval
        if judged.alone and not rate:
            return None
        guess = GENEROUS * ((rate or 0.0) * one.percent / 100 * one.seconds)
        return max(float(judged.canary_bad), guess)

    def ahead(self) -> ErrorStreams:
        """Return the errors' evidence with what no visible total covers yet."""
        if not self.unseen:
            return self.errors
        streams, rate = self.errors.copy(), self.rate
        for judged in self.unseen:
            streams.take(judged, totals_of(judged.interval), self._estimated(judged, rate))
        return streams


def allowed_at_full(past: Past, analysis: Analysis) -> float:
    """Return the error ratio that a canary may have at 100 %: what was normal, or is tolerated."""
    return allowed_alone(past.limit if past.exists else UNKNOWN_RATIO, past.ratio, analysis)


def as_of(intervals: Iterable[Interval], now: dt.datetime) -> Iterator[Interval]:
    """Return what was known of a history at `now`."""
    for one in intervals:
        if (one.known_at or one.end) <= now:
            yield one if one.seen_at is None or one.seen_at <= now else untold(one)


def untold(one: Interval) -> Interval:
    """Return an interval as it was before its totals became visible."""
    arms = [
        replace(arm, requests=None, latency=None, in_flight=None)
        for arm in (one.canary, one.stable)
    ]
    return replace(one, canary=arms[0], stable=arms[1], seen_at=None, latency_since=None)


def totals_of(one: Interval) -> tuple[int, int] | None:
    """Return the visible requests of both roles; None as long as one of them is not visible."""
    if one.canary.requests is None or one.stable.requests is None:
        return None
    return one.canary.requests, one.stable.requests
