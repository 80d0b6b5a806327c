"""Draws steps of a rollout, whole rows of ticks at once: one row a step."""

from typing import Final

import numpy as np
from numpy.random import Generator

from benchmarks.verdict.fate import Fate, Ints, Role
from benchmarks.verdict.latencies import Floats
from benchmarks.verdict.likelihoods import truth_of, which_arm_of
from benchmarks.verdict.scenarios import Moments
from benchmarks.verdict.service import BEFORE_TICKS
from benchmarks.verdict.ticks import TICK_SECONDS

LONG_TICKS: Final = 12
"""How long the requests of `long-requests` take."""
COLD: Final = np.log(20.0)
"""How much slower the first requests of a new instance are."""
TAIL: Final = np.log(6.0)


class Drawing:
    """Rows of ticks: `walls` since the first shift, `ages` since the step began."""

    def __init__(self, fate: Fate, rng: Generator, steps: Ints, walls: Ints, ages: Ints) -> None:
        self._fate, self._rng, self._one = fate, rng, fate.scenario
        self.walls, self.ages = walls, ages
        at = walls + BEFORE_TICKS
        self._theta = fate.service.theta[at]
        """The error ratio of stable, and of a healthy canary."""
        self.share = self._shares(steps)
        self.expected = fate.cell.rps * TICK_SECONDS * fate.service.traffic[at]
        percent = np.array(fate.plan)[steps]
        steps, percent = (np.broadcast_to(one, walls.shape) for one in (steps, percent))
        moments = Moments(walls, steps, percent, ages, self._theta, fate.luck)
        self.bad_theta = self._one.errors(moments) if self._one.errors else self._theta
        self.refused = self._one.refused(moments) if self._one.refused else 0.0 * self._theta
        common, arm = fate.noise[walls], self._one.noise[1]
        self._usual = self._buckets(common + rng.normal(0.0, arm, walls.shape))
        """How a healthy canary's latencies would be, and the noise that they have."""
        self.canary = self._canary()
        self.hung = rng.poisson(self.expected * self.share * self._one.hanging)
        stable = self._buckets(common + rng.normal(0.0, arm, walls.shape))[1]
        self.stable = fate.role(
            rng, self.expected * (1.0 - self.share), self._theta, 0.0 * self._theta, stable
        )
        self.truth = self.which_arm = np.zeros(walls.shape)
        if self._one.kind in {"errors", "latency"}:
            self._score()
        if self._one.cold:
            self.canary = self._with_cold_starts(self.canary)

    def _shares(self, steps: Ints) -> Floats:
        """Return the shares in force when the requests began that end now."""
        shares = np.array([self._fate.share(step) for step in range(len(self._fate.plan))])
        now: Floats = np.broadcast_to(shares[steps], self.walls.shape)
        if not self.takes_long(self._fate):
            return now
        # They began in the step before at the earliest: none is shorter than they take.
        before = np.concatenate([[0.0], shares])[steps]
        return np.where(self.ages < LONG_TICKS, np.broadcast_to(before, now.shape), now)

    @staticmethod
    def takes_long(fate: Fate) -> bool:
        return fate.scenario.latencies.median_ms >= 1000 * TICK_SECONDS

    def _buckets(self, noise: Floats) -> tuple[Floats, Floats]:
        return noise, self._one.latencies.buckets(noise)

    def _canary(self) -> Role:
        noise, usual = self._usual
        one = self._one
        self._latency = usual
        if one.slower != 1.0:
            self._latency = one.latencies.buckets(noise + np.log(one.slower))
        if one.tail:
            slow = one.latencies.buckets(noise + TAIL)
            self._latency = (1.0 - one.tail) * usual + one.tail * slow
        arriving = self.expected * self.share * (1.0 - one.hanging)
        return self._fate.role(self._rng, arriving, self.bad_theta, self.refused, self._latency)

    def _with_cold_starts(self, role: Role) -> Role:
        """The first requests of new instances take twenty times as long."""
        served = role.latency.sum(axis=-1)
        several = np.ceil(0.3 * self.expected[:, :1] * self.share[:, :1])
        cold_most = np.maximum(1, several) * (self.ages[0, 0] == 0)
        so_far = np.minimum(np.cumsum(served, axis=1), cold_most).astype(np.int64)
        cold = np.diff(so_far, axis=1, prepend=0)
        # Those that were drawn fastest are the cold ones: which they are is of no consequence.
        spent = np.minimum(np.cumsum(role.latency, axis=-1), cold[..., None])
        latency = role.latency - np.diff(spent, axis=-1, prepend=0)
        chances = self._one.latencies.buckets(self._usual[0] + COLD)
        latency = latency + self._rng.multinomial(cold, chances)
        return Role(role.requests, role.errors, role.unreached, latency)

    def _score(self) -> None:
        """Weigh each tick as one who knows both roles' true chances would."""
        bad = self.bad_theta + self.refused - self.bad_theta * self.refused
        failed = self.canary.failed
        self.truth = truth_of(failed, self.canary.requests - failed, bad, self._theta)
        self.which_arm = which_arm_of(failed, self.stable.failed, self.share, bad, self._theta)
        if self._one.kind == "latency":
            usual = self._usual[1]
            truth = truth_of(self.canary.latency, None, self._latency, usual)
            arms = self.canary.latency, self.stable.latency, self.share[..., None]
            self.truth = self.truth + truth.sum(axis=-1)
            self.which_arm += which_arm_of(*arms, self._latency, usual).sum(axis=-1)

    def bad(self, row: int) -> Ints:
        """Return the requests of a row that the canary spoiled."""
        if self._one.kind != "latency":
            spoiled: Ints = self.canary.failed[row] + self.hung[row]
            return spoiled
        latency: Ints = self.canary.latency[row]
        slow: Ints = latency[:, self._one.latencies.slow_from :].sum(axis=-1)
        return slow
