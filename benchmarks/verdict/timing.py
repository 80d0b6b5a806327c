"""What a verdict costs, and whether it depends on how the history is cut into calls (T12)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.verdict.barq import AT, EYES, Fresh, default_policy
from benchmarks.verdict.fate import Cell
from benchmarks.verdict.runs import Run
from benchmarks.verdict.ticks import STEP_TICKS
from rollouts import tally_json
from rollouts.intervals import Interval
from rollouts.judging import begin, conclude, judge
from rollouts.policy import Policy
from rollouts.verdict import Verdict

CELLS: Final = (
    Cell("healthy", 20.0, 0.01),
    Cell("flaky-both", 200.0, 0.001),
    Cell("healthy", 2000.0, 0.01),
    Cell("err-x2", 20.0, 0.001),
    Cell("hang-30%", 20.0, 0.001),
)
PATH: Final = (0, 2 * STEP_TICKS, 4 * STEP_TICKS)
"""Steps of 600 s: 180 intervals, and 30 minutes of before."""
TICKS: Final = 6 * STEP_TICKS
TRIES: Final = 5


@dataclass
class Timing:
    whole_ms: float = 0.0
    step_ms: float = 0.0
    state_bytes: int = 0
    compared: int = 0
    differences: int = 0


def timing() -> Timing:
    """Measure on this machine: the best of several tries of the dearest case, the largest state."""
    found = Timing(step_ms=float("inf"))
    for cell in CELLS:
        _measure(found, Run(cell, 1))
    return found


def _told(run: Run, eyes: Fresh) -> list[list[Interval]]:
    """Return what becomes known tick by tick, the past first."""
    told = [eyes.past(run.history())]
    for at in range(TICKS):
        path = tuple(began for began in PATH if began <= at)
        told.append(eyes.see(run.tick(path, at)))
    return told


def _measure(found: Timing, run: Run) -> None:
    """Judge one run tick by tick, by a state that is restored each time, and at once."""
    policy = default_policy()
    for view in ("fresh", "late-totals"):
        told = _told(run, EYES[view](run))
        tally = begin(policy)
        tally.take(told[0])
        took = []
        for at in range(TICKS):
            started = time.perf_counter()
            tally.take(told[at + 1])
            verdict = conclude(tally)
            took.append(time.perf_counter() - started)
            text = tally_json.dump(tally, "key")
            assert text is not None, "the state is longer than it may be"
            found.state_bytes = max(found.state_bytes, len(text))
            restored = tally_json.load(text, "key", policy)
            assert restored is not None
            tally = restored
        found.step_ms = min(found.step_ms, 1000 * sum(took) / len(took))
        last: dict[object, Interval] = {}
        for interval in (one for each in told for one in each):
            last[interval.start] = interval
        at_once, best_ms = _at_once(list(last.values()), policy)
        found.whole_ms = max(found.whole_ms, best_ms)
        found.compared += 1
        found.differences += at_once != verdict


def _at_once(history: Sequence[Interval], policy: Policy) -> tuple[Verdict, float]:
    """Judge a whole history; return the verdict, and the milliseconds of the best try."""
    best = float("inf")
    for _ in range(TRIES):
        started = time.perf_counter()
        verdict = judge(history, policy, AT[TICKS])
        best = min(best, 1000 * (time.perf_counter() - started))
    return verdict, best
