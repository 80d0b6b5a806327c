"""Which rules meet which scenarios, how often, and what is remembered of it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from benchmarks.verdict.barq import Setting, barq
from benchmarks.verdict.fate import Cell
from benchmarks.verdict.kayenta import KAYENTA
from benchmarks.verdict.oracles import ORACLE, ORACLE_C
from benchmarks.verdict.rivals import ARGO, FIXED, FLAGGER, RELEASE_MANAGER
from benchmarks.verdict.rules import Rule
from benchmarks.verdict.scenarios import SCENARIOS, Scenario

TRAFFIC: Final = (0.2, 2.0, 20.0, 200.0, 2000.0)
BASES: Final = (0.0, 0.0001, 0.001, 0.01)
QUIET: Final = 1.0
"""Under so many requests a second a first step has too few for a pass by default."""

BARQ: Final = barq("Barq")
LATE: Final = barq("Barq, late totals", Setting("late-totals"))
MONITORING: Final = barq("Barq, Monitoring alone", Setting("monitoring"))
VIEWS: Final = (BARQ, LATE, MONITORING)
TWO: Final = barq("Barq, two bad intervals", Setting(analysis=(("bad_intervals_min", 2),)))
SIX_HOURS: Final = barq("Barq, 6 h of history", Setting(history_minutes=360))
NO_HISTORY: Final = barq("Barq, no history", Setting(history_minutes=0))
ALERT: Final = barq("Barq, alert at 100 %", Setting(analysis=(("watch_action", "alert"),)))
NINETY: Final = barq("Barq, last step 90 %", Setting(plan=(10, 50, 90)))
UNHELD: Final = tuple(
    replace(rule, name=f"{rule.name}, steps of 300 s", paces=False, holds=False) for rule in VIEWS
)
"""What each view finds at one pace: the rivals' too, who hold no step for want of requests."""
EARLY: Final = barq("Barq, early promotion", Setting(analysis=(("early_promote", True),)))

RIVALS: Final = (FIXED, FLAGGER, ARGO, KAYENTA, RELEASE_MANAGER)
ORACLES: Final = (ORACLE, ORACLE_C)
VARIANTS: Final[dict[str, tuple[Rule, ...]]] = {
    "healthy": (NO_HISTORY, EARLY),
    "flaky-both": (EARLY,),
    "instance-bursts": (TWO, SIX_HOURS, NO_HISTORY),
    "burst-at-100": (ALERT, NINETY),
    "err-5%": (TWO, EARLY),
    "err-100%": (TWO,),
    "leak": (EARLY,),
    "intermittent": (EARLY,),
    "at-100%": (NINETY,),
}
RULES: Final = {
    rule.name: rule
    for rule in (
        *VIEWS, TWO, SIX_HOURS, NO_HISTORY, ALERT, NINETY, *UNHELD, EARLY, *RIVALS, *ORACLES,
    )
}  # fmt: skip


def rules_of(cell: Cell) -> tuple[Rule, ...]:
    scenario = SCENARIOS[cell.scenario]
    compared = scenario.kind in {"errors", "latency"}
    unheld = UNHELD[:1] if compared and cell.rps < QUIET else ()
    if scenario.kind == "errors":
        unheld += UNHELD[1:]
    oracles = ORACLES if compared else ()
    return (*VIEWS, *unheld, *VARIANTS.get(scenario.name, ()), *RIVALS, *oracles)


def cells_of(scenario: Scenario) -> Iterator[Cell]:
    for rps in TRAFFIC:
        for base in BASES:
            if base or not scenario.needs_base:
                yield Cell(scenario.name, rps, base)


def all_cells(*, short: bool) -> Iterator[Cell]:
    """Return the table's cells. The short form has those that differ most."""
    for scenario in SCENARIOS.values():
        few = {0.001, 0.01} if scenario.kind == "errors" else {0.001}
        for cell in cells_of(scenario):
            if not short or scenario.name == "healthy" or cell.base in few:
                yield cell
