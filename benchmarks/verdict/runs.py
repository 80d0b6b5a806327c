"""One rollout, drawn once: what each tick brings depends on when its steps began, and on no more.

Every rule meets the same streams: two rules that are in the same step since the same moment see
the same counts, and what befalls the service befalls it at the same time whatever a rule did.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from benchmarks.verdict.drawing import LONG_TICKS, Drawing
from benchmarks.verdict.fate import PLAN, Cell, Fate, Role
from benchmarks.verdict.service import BEFORE_TICKS
from benchmarks.verdict.ticks import (
    HOLD_TICKS,
    MINUTE,
    STEP_TICKS,
    TICK_SECONDS,
    Counts,
    Earlier,
    Tick,
)

TIMEOUT_TICKS: Final = 30
HISTORY_MINUTES: Final = 30
_HISTORY_FROM: Final = BEFORE_TICKS - MINUTE - HISTORY_MINUTES * MINUTE
Path = tuple[int, ...]
"""When each step so far began, in ticks since the first shift."""


class Minute(NamedTuple):
    """Stable alone, before the first shift."""

    requests: int
    errors: int
    latency: list[int]


@dataclass(frozen=True)
class _Block:
    """The ticks of a step, in a row, and how many requests of each began to hang."""

    ticks: list[Tick]
    hung: list[int]


class Run:
    """The fate of one rollout, tick by tick."""

    def __init__(self, cell: Cell, number: int, plan: tuple[int, ...] = PLAN) -> None:
        self.cell, self.number, self.plan = cell, number, plan
        self._fate = Fate(cell, number, plan)
        self._blocks: dict[tuple[Path, int], _Block] = {}
        self._usual = tuple(STEP_TICKS * step for step in range(len(plan)))

    @property
    def bounds_ms(self) -> tuple[float, ...]:
        return self._fate.scenario.latencies.bounds_ms

    @property
    def phase(self) -> int:
        """How many ticks after a full minute the first shift is."""
        return self.number % MINUTE

    def tick(self, path: Path, at: int) -> Tick:
        """Return what happened in the tick `at`, if the steps began as `path` says."""
        half, age = divmod(at - path[-1], STEP_TICKS)
        return self._block(path, half).ticks[age]

    def hung(self, path: Path, at: int) -> int:
        """Return how many of the canary's requests began to hang in a tick."""
        if at < 0:
            return 0
        begun = tuple(one for one in path if one <= at)
        half, age = divmod(at - begun[-1], STEP_TICKS)
        return self._block(begun, half).hung[age]

    def history(self, minutes: int = HISTORY_MINUTES) -> list[Minute]:
        """Return the minutes before the first shift, the oldest first."""
        older = minutes - HISTORY_MINUTES
        if older > 0:
            return self._old_history[-older:] + self._recent_history
        return self._recent_history[-minutes:] if minutes else []

    @cached_property
    def _recent_history(self) -> list[Minute]:
        return self._stable_alone(1, _HISTORY_FROM, BEFORE_TICKS - MINUTE)

    @cached_property
    def _old_history(self) -> list[Minute]:
        return self._stable_alone(2, 0, _HISTORY_FROM)

    def _stable_alone(self, purpose: int, since: int, until: int) -> list[Minute]:
        fate, rng = self._fate, self._fate.stream(purpose)
        theta = fate.service.theta[since:until].reshape(-1, MINUTE).mean(axis=1)
        busy = fate.service.traffic[since:until].reshape(-1, MINUTE).sum(axis=1)
        # Latencies are noisy tick by tick here too: a minute's noise averages out.
        noise = sum(rng.normal(0.0, one, (len(theta), MINUTE)) for one in fate.scenario.noise)
        latency = fate.scenario.latencies.buckets(noise).mean(axis=1)
        expected = self.cell.rps * TICK_SECONDS * busy
        role = fate.role(rng, expected, theta, 0.0 * theta, latency)
        columns = role.requests.tolist(), role.errors.tolist(), role.latency.tolist()
        return [Minute(*each) for each in zip(*columns, strict=True)]

    def _block(self, path: Path, half: int) -> _Block:
        if (path, half) not in self._blocks:
            assert 0 <= half <= HOLD_TICKS // STEP_TICKS
            self._draw(path, half)
        return self._blocks[path, half]

    def _draw(self, path: Path, half: int) -> None:
        """Draw half of a step; on the usual path all steps at once, which is cheaper."""
        usual = half == 0 and path == self._usual[: len(path)]
        paths = [self._usual[: i + 1] for i in range(len(self.plan))] if usual else [path]
        rng = self._fate.stream(3, *((0, 0, 0) if usual else (len(path), path[-1], half)))
        ages = np.arange(STEP_TICKS) + half * STEP_TICKS
        began = np.array([one[-1] for one in paths])[:, None]
        steps = np.array([len(one) - 1 for one in paths])[:, None]
        drawing = Drawing(self._fate, rng, steps, began + ages, np.tile(ages, (len(paths), 1)))
        for row, one in enumerate(paths):
            self._blocks[one, half] = block = _Block([], drawing.hung[row].tolist())
            block.ticks.extend(self._ticks(drawing, row, one))

    def _ticks(self, drawing: Drawing, row: int, path: Path) -> list[Tick]:
        step = len(path) - 1
        canary, stable = self._in_flight(drawing, row, path)
        rows = zip(
            drawing.walls[row].tolist(),
            _counts(drawing.canary, row, canary),
            _counts(drawing.stable, row, stable),
            drawing.bad(row).tolist(),
            drawing.truth[row].tolist(),
            drawing.which_arm[row].tolist(),
            strict=True,
        )
        made = [Tick(at, step, self.plan[step], *rest) for at, *rest in rows]
        if self._fate.scenario.hanging:
            return [self._with_timeouts(tick, path) for tick in made]
        if Drawing.takes_long(self._fate):
            began = path[-1] + LONG_TICKS
            return [self._carried(tick) if tick.at < began else tick for tick in made]
        return made

    def _in_flight(self, drawing: Drawing, row: int, path: Path) -> tuple[list[float], list[float]]:
        """Return the most requests that were open at once, a tick: somewhat above the mean."""
        seconds = self._fate.scenario.latencies.mean_seconds
        both = []
        for share in (drawing.share[row], 1.0 - drawing.share[row]):
            mean = drawing.expected[row] / TICK_SECONDS * share * seconds
            both.append(np.floor(mean + 2.0 * np.sqrt(mean)).tolist())
        if self._fate.scenario.hanging:
            both[0] = [
                float(sum(self.hung(path, at - back) for back in range(TIMEOUT_TICKS)))
                for at in drawing.walls[row].tolist()
            ]
        return both[0], both[1]

    def _with_timeouts(self, tick: Tick, path: Path) -> Tick:
        """Add the requests that hung for 300 s: a 504 each, judged where they began."""
        began = tick.at - TIMEOUT_TICKS
        late = self.hung(path, began)
        if not late:
            return tick
        canary = tick.canary._replace(requests=tick.canary.requests + late)
        step = sum(one <= began for one in path) - 1
        if step == tick.step:
            return tick._replace(canary=canary._replace(errors=canary.errors + late))
        return tick._replace(canary=canary, earlier=Earlier(step, self.plan[step], late, 0))

    def _carried(self, tick: Tick) -> Tick:
        """What ends in the first two minutes of a step began under the share before."""
        if not tick.canary.errors + tick.stable.errors:
            return tick
        step = tick.step - 1
        percent = self.plan[step] if step >= 0 else 0
        return tick._replace(
            canary=tick.canary._replace(errors=0),
            stable=tick.stable._replace(errors=0),
            earlier=Earlier(step, percent, tick.canary.errors, tick.stable.errors),
        )


def _counts(role: Role, row: int, in_flight: list[float]) -> list[Counts]:
    columns = (
        role.requests[row].tolist(),
        role.errors[row].tolist(),
        role.unreached[row].tolist(),
        role.latency[row].tolist(),
        in_flight,
    )
    return [Counts(*each) for each in zip(*columns, strict=True)]
