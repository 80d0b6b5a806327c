"""What a rule is, and how a rollout goes under one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from benchmarks.verdict.fate import PLAN
from benchmarks.verdict.runs import Run
from benchmarks.verdict.ticks import HOLD_TICKS, STEP_TICKS, Tick

Answer = Literal["go", "hold", "back"]


class Session(Protocol):
    """A rule at work on one rollout. It is asked after every tick, and keeps what it needs.

    `hold` matters at the end of a step only. A rule that sees less, or later, than the truth
    of a tick keeps to that by itself.
    """

    cause: str

    def look(self, tick: Tick) -> Answer: ...


@dataclass(frozen=True)
class Rule:
    name: str
    begin: Callable[[Run], Session]
    plan: tuple[int, ...] = PLAN
    paces: bool = False
    """Says by itself when a step is over: `go` ends it. Of the others a step ends with its time."""
    holds: bool = True
    """Whether a step goes on for it when its time is over and it does not say `go`."""


class Outcome(NamedTuple):
    rolled_back: bool
    ticks: int
    """Until the rollback, or until the end."""
    bad: int
    step: int
    cause: str


def play(run: Run, rule: Rule) -> Outcome:
    """Lead one rollout through its steps. A rollback acts at the end of its tick."""
    session = rule.begin(run)
    look, tick_of = session.look, run.tick
    at = bad = 0
    path: tuple[int, ...] = (0,)
    while True:
        tick = tick_of(path, at)
        bad += tick.bad
        answer = look(tick)
        at += 1
        if answer == "back":
            return Outcome(True, at, bad, tick.step, session.cause)
        watched = at - path[-1]
        held = answer == "hold" and rule.holds
        longest = STEP_TICKS + HOLD_TICKS if held else STEP_TICKS
        if watched < longest and not (rule.paces and answer == "go"):
            continue
        if len(path) == len(run.plan):
            return Outcome(False, at, bad, tick.step, "")
        path = (*path, at)
