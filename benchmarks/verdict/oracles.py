"""Two that know both roles' true chances at every moment: nobody can be told to do better."""

import math
from collections.abc import Callable
from operator import attrgetter
from typing import Final, Literal

from benchmarks.verdict.rules import Answer, Rule
from benchmarks.verdict.ticks import Tick

THRESHOLD: Final = math.log(100.0)


class Oracle:
    """A one-sided sequential test of the true chances; it never holds."""

    def __init__(self, sees: Literal["truth", "which_arm"]) -> None:
        self._sees: Callable[[Tick], float] = attrgetter(sees)
        self._sum = 0.0
        self.cause = "truth"

    def look(self, tick: Tick) -> Answer:
        self._sum += self._sees(tick)
        return "back" if self._sum >= THRESHOLD else "go"


ORACLE: Final = Rule("ORACLE", lambda _run: Oracle("truth"))
ORACLE_C: Final = Rule("ORACLE-c", lambda _run: Oracle("which_arm"))
