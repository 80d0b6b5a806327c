"""What is drawn once for a rollout, before anybody decides anything."""

import zlib
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.random import Generator, default_rng

from benchmarks.verdict.latencies import Floats
from benchmarks.verdict.scenarios import SCENARIOS, Scenario
from benchmarks.verdict.service import AFTER_TICKS

Ints = npt.NDArray[np.int64]
SEED: Final = 20240607
PLAN: Final = (10, 50, 100)


class Cell(NamedTuple):
    """One square of the table."""

    scenario: str
    rps: float
    base: float

    def __str__(self) -> str:
        return f"{self.scenario} at {self.rps:g}/s, base {self.base:.2%}"


@dataclass(frozen=True)
class Role:
    """One role's requests, in arrays of ticks."""

    requests: Ints
    errors: Ints
    unreached: Ints
    latency: Ints
    """By bucket, in the last dimension; none of the failed ones."""

    @property
    def failed(self) -> Ints:
        return self.errors + self.unreached


class Fate:
    """One rollout's world: what befalls the service, whatever a rule does."""

    def __init__(self, cell: Cell, number: int, plan: tuple[int, ...]) -> None:
        self.cell, self.plan = cell, plan
        self.scenario: Scenario = SCENARIOS[cell.scenario]
        self._seed = [SEED, zlib.crc32(repr(tuple(cell)).encode()), number]
        rng = default_rng(self._seed)
        self.service = self.scenario.service(rng, cell.base)
        self.luck = rng.random(8)
        self.noise = rng.normal(0.0, self.scenario.noise[0], AFTER_TICKS)

    def stream(self, *purpose: int) -> Generator:
        """Return the random numbers of a purpose: always the same ones."""
        return default_rng([*self._seed, *purpose])

    def share(self, step: int) -> float:
        """Return the true share of a step."""
        configured = self.plan[step] / 100
        if configured >= 1.0 and self.scenario.share:
            return 1.0
        return configured * self.scenario.share

    def role(
        self, rng: Generator, expected: Floats, theta: Floats, refused: Floats, latency: Floats
    ) -> Role:
        """Draw a role's requests: `theta` of them fail, `latency` is the chance of each bucket."""
        requests = rng.poisson(expected)
        unreached = rng.binomial(requests, refused)
        if self.scenario.bursts:
            errors = _bursts(rng, expected * theta / 20.0)
            requests = np.maximum(requests, errors)
        else:
            errors = rng.binomial(requests - unreached, theta)
        return Role(
            requests, errors, unreached, rng.multinomial(requests - unreached - errors, latency)
        )


def _bursts(rng: Generator, expected: Floats) -> Ints:
    """Return errors that come 10 to 30 at once."""
    often = rng.poisson(expected)
    sizes = rng.integers(10, 31, int(often.sum()))
    where = np.repeat(np.arange(often.size), often.ravel())
    summed: Any = np.bincount(where, weights=sizes, minlength=often.size)
    found: Ints = summed.astype(np.int64).reshape(often.shape)
    return found
