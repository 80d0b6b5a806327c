"""From a scenario that fails to the shortest that still breaks the same rule."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.simulation.run import Outcome, run
from tests.simulation.scenario import Happens, Scenario

Play = Callable[[Scenario], Outcome]
RUNS_MAX, SECONDS_MAX = 300, 180.0
"""A shorter trace is worth some seconds, not a night."""


class Shrinker:
    """Runs scenarios that get shorter. `best` is the shortest that failed so far."""

    def __init__(self, scenario: Scenario, rule: str, play: Play = run) -> None:
        self.best = scenario
        self.runs = 0
        self._until = time.monotonic() + SECONDS_MAX
        self._rule = rule
        self._play = play

    def shrink(self) -> Scenario:
        """Drop happenings in ever smaller parts, then make what is left simpler, until no more."""
        with contextlib.suppress(_Enough):
            self._cut()
            before = None
            while before != self.best:
                before = self.best
                self._drop()
                for simpler in _simpler(self.best):
                    self._try(simpler)
        return self.best

    def _cut(self) -> None:
        """Leave out what comes after the failure, which is most of it."""
        at = self._play(self.best).seconds
        kept = tuple(one for one in self.best.happenings if one.at <= at)
        self._try(replace(self.best, happenings=kept))

    def _drop(self) -> None:
        size = max(1, len(self.best.happenings) // 2)
        while True:
            begin = 0
            while begin < len(self.best.happenings):
                kept = self.best.happenings
                shorter = kept[:begin] + kept[begin + size :]
                if not self._try(replace(self.best, happenings=shorter)):
                    begin += size
            if size == 1:
                return
            size //= 2

    def _try(self, scenario: Scenario) -> bool:
        if self.runs >= RUNS_MAX or time.monotonic() > self._until:
            raise _Enough
        self.runs += 1
        failure = self._play(scenario).failure
        if failure is None or failure.rule != self._rule:
            return False
        self.best = scenario
        return True


class _Enough(Exception):
    """It is short enough for the time it took."""


def _simpler(scenario: Scenario) -> Iterator[Scenario]:
    """Yield scenarios with one thing simpler: a good image, a fault that strikes once."""
    for number, one in enumerate(scenario.happenings):
        for name, value in _PLAIN.items():
            if one.args.get(name, value) != value:
                changed: Happens = replace(one, args={**one.args, name: value})
                rest = scenario.happenings
                yield replace(scenario, happenings=(*rest[:number], changed, *rest[number + 1 :]))


_PLAIN: dict[str, Any] = {"quality": {}, "index": False, "age": 30, "chance": 1.0, "times": 1}


def told(scenario: Scenario, outcome: Outcome) -> str:
    """Write a failure for people: the rule, what is left of the trace, how to see it again."""
    numbers = ",".join(str(one.number) for one in scenario.happenings)
    lines = [
        f"error: {outcome.failure}",
        f" seed {scenario.seed}, {len(scenario.happenings)} happenings are left:",
        *(f"  {line}" for line in outcome.trace[-60:]),
        f" hint: make simulate SEED={scenario.seed} ONLY={numbers}",
    ]
    return "\n".join(lines)
