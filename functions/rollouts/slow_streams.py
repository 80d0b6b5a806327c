"""The evidence in slow requests: canary against stable, above edges learned from stable.

The edges are frozen before their first use. Source: docs/reference/evidence.md, "Latency".
"""

import math
from typing import Any, Final

from rollouts.comparison import (
    NEW_STEP,
    REMAIN_SECONDS,
    Group,
    alone,
    comparing,
    factors,
)
from rollouts.dispersion import SLOW, Dispersion
from rollouts.intervals import Histogram, Interval
from rollouts.slowness import REQUESTS_MIN, Edge, buckets_above, edges, merged

WARM_REQUESTS: Final = 5
"""A canary that served fewer is still starting up."""


class SlowStream:
    """One edge's evidence."""

    __slots__ = ("_above", "_bounds", "edge", "evidence", "phi")

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.evidence = comparing()
        self.phi = Dispersion(SLOW)
        self._bounds: tuple[float, ...] | None = None
        self._above: int | None = None

    def slow(self, latency: Histogram) -> int | None:
        """Return how many requests took at least the edge; None if it is no bound there."""
        if latency.bounds_ms is not self._bounds:
            self._bounds, self._above = latency.bounds_ms, buckets_above(latency, self.edge.ms)
        return None if self._above is None else sum(latency.counts[self._above :])

    def take(self, share: float, percent: int, canary: Histogram, slow_stable: int) -> None:
        """Compare the roles' slow requests of an interval at the share to judge by."""
        slow = self.slow(canary)
        if slow is None or not slow + slow_stable:
            return
        group = Group(percent / 100, slow, slow_stable)
        discount = self.phi.discount(slow + slow_stable)
        self.evidence.multiply(factors([(group, share)], self.edge.margin, discount))


class SlowStreams:
    """Both edges' evidence, and what is learned until they are known. Mutable."""

    def __init__(self, slowdown: float | None, warm_up_seconds: float) -> None:
        self._slowdown = slowdown
        self._warm_up = warm_up_seconds
        self.streams: tuple[SlowStream, ...] = ()
        self.known = False
        self.past: list[Histogram] | None = []
        """Stable's latencies before the rollout; None once they are put to use."""
        self.learned: Histogram | None = None
        self.stable_p99_ms: float | None = None
        self._step: int | None = None
        self._warm_from: float | None = None
        """When the canary's first request of the step was, in seconds since the epoch."""
        self._served = 0

    def learn(self, latency: Histogram) -> None:
        """Take stable's latencies of before the rollout; the last are visible after its start."""
        self._note(latency, past=True)
        if not self.known:
            self._add(latency)
            if self.past is not None:
                self.past.append(latency)

    def begin(self) -> None:
        """Use the past, once: a rollout's first interval is known."""
        used, self.past = self.past or [], None
        self._freeze()
        for latency in used:
            self._note(latency, past=True)

    def take(self, interval: Interval, share: float) -> bool:
        """Take an interval with visible totals. `share` is the one to judge by.

        Return whether its latencies are those of a canary that has started up.
        """
        if interval.step != self._step:
            for stream in self.streams:
                stream.evidence.leak(NEW_STEP if self._step is not None else 0.0)
            self._step, self._warm_from = interval.step, None
        else:
            for stream in self.streams:
                stream.evidence.leak(-interval.seconds / REMAIN_SECONDS)
        start = interval.start.timestamp()
        if self._warm_from is None and interval.canary.requests:
            self._warm_from = start
        if interval.latency_since:
            start = interval.latency_since.timestamp()
        warm = self._warm_from is not None and start >= self._warm_from + self._warm_up
        warm = warm and self._served >= WARM_REQUESTS
        self._compare(interval, share, warm=warm)
        self._served += interval.canary.requests or 0
        return warm

    def _compare(self, interval: Interval, share: float, *, warm: bool) -> None:
        stable = interval.stable.latency
        if stable is None:
            return
        if not self.known:
            self._add(stable)
            self._freeze()
            return
        compared = warm and not alone(interval.percent)
        canary = interval.canary.latency if compared else None
        requests = float(stable.total)
        for stream in self.streams:
            slow = stream.slow(stable)
            if slow is None:
                continue
            if canary:
                stream.take(share, interval.percent, canary, slow)
            stream.phi.note(slow, requests, past=False)

    def _note(self, latency: Histogram, *, past: bool) -> None:
        """Learn from stable's latencies how slow requests come in clusters."""
        requests = float(latency.total)
        for stream in self.streams:
            slow = stream.slow(latency)
            if slow is not None:
                stream.phi.note(slow, requests, past=past)

    def _add(self, latency: Histogram) -> None:
        self.learned = merged((self.learned, latency))

    def _freeze(self) -> None:
        if self.learned is None or self.learned.total < REQUESTS_MIN:
            return
        self.known = True
        self.stable_p99_ms = self.learned.quantile_ms(0.99)
        if self._slowdown is not None:
            self.streams = tuple(map(SlowStream, edges(self.learned, self._slowdown)))
        self.learned = None

    @property
    def log_value(self) -> float:
        """The average of the edges' evidence, as a logarithm; 0 without an edge."""
        if not self.streams:
            return 0.0
        values = [stream.evidence.log_value for stream in self.streams]
        highest = max(values)
        total = sum(math.exp(one - highest) for one in values)
        return highest + math.log(total / len(values))

    def state(self) -> dict[str, Any]:
        """Return all but the past, which is in use by then, in JSON's own types, for `restore`."""
        return {
            "streams": [
                [one.edge.ms, one.edge.margin, one.evidence.state(), one.phi.state()]
                for one in self.streams
            ],
            "known": self.known,
            "learned": self.learned.state() if self.learned else None,
            "p99": self.stable_p99_ms,
            "step": self._step,
            "warm_from": self._warm_from,
            "served": self._served,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave. Whatever is odd about anything else raises."""
        restored = []
        for ms, margin, evidence, phi in state["streams"]:
            stream = SlowStream(Edge(ms, margin))
            stream.evidence.restore(evidence)
            stream.phi.restore(phi)
            restored.append(stream)
        self.streams, self.past = tuple(restored), None
        self.known, self.stable_p99_ms = state["known"], state["p99"]
        learned = state["learned"]
        self.learned = Histogram.restored(learned) if learned else None
        self._step, self._warm_from, self._served = (
            state["step"], state["warm_from"], state["served"],
        )  # fmt: skip
