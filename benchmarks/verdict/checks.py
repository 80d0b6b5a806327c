"""Ways to check a target against the results: a value, a bar, and whether it holds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import geometric_mean
from typing import Final

from benchmarks.verdict.fate import Cell
from benchmarks.verdict.scenarios import SCENARIOS
from benchmarks.verdict.scores import Results, Score, bounds

FALSE_MAX: Final = 0.01
SURE: Final = 0.995
"""How sure the full form is: 8 false ones of 2,000 are just few enough for 1 %."""


@dataclass(frozen=True)
class Checked:
    name: str
    says: str
    value: str
    bar: str
    holds: bool
    known: bool = True
    """Whether there was anything to check."""


class Checks:
    """Checks one set of results."""

    def __init__(self, results: Results, cells: Sequence[Cell], *, full: bool) -> None:
        self.results, self.cells, self.full = results, cells, full
        self.found: list[Checked] = []

    def check(self, name: str, says: str, value: str, bar: str, holds: bool | None) -> None:  # noqa: FBT001
        """Add a target; `holds` is None where there is nothing to check."""
        self.found.append(Checked(name, says, value, bar, bool(holds), holds is not None))

    # What is asked again and again.

    def of_kind(self, *kinds: str) -> list[Cell]:
        return [cell for cell in self.cells if SCENARIOS[cell.scenario].kind in kinds]

    def named(self, *names: str) -> list[Cell]:
        return [cell for cell in self.cells if cell.scenario in names]

    def score(self, rule: str, cell: Cell) -> Score | None:
        return self.results.scores.get((cell, rule))

    def both(self, one: str, other: str, cells: Iterable[Cell]) -> list[tuple[Cell, Score, Score]]:
        pairs = ((cell, self.score(one, cell), self.score(other, cell)) for cell in cells)
        return [(cell, a, b) for cell, a, b in pairs if a and b]

    def finds(self, rule: str, cell: Cell, ratio: float) -> bool:
        score = self.score(rule, cell)
        return score is not None and score.found >= ratio

    def ratios(self, one: str, other: str, cells: Iterable[Cell]) -> list[tuple[float, Cell]]:
        """Return bad requests under `one` over those under `other`, the least first."""
        return sorted(
            (a.mean_bad / b.mean_bad, cell)
            for cell, a, b in self.both(one, other, cells)
            if a.mean_bad and b.mean_bad
        )

    def false(
        self, name: str, rule: str, says: str, cells: Sequence[Cell], most: float = FALSE_MAX
    ) -> None:
        """Check the rate of false rollbacks, cell by cell.

        The full form asks for the 99 % bound; with few runs a cell can only be refuted.
        """
        scored = list(self.results.of(rule, cells))
        if not scored:
            return self.check(name, says, "-", "", None)
        worst_cell, worst = max(scored, key=lambda each: each[1].found)
        runs = sum(score.runs for _, score in scored)
        count = sum(score.rolled_back for _, score in scored)
        upper = bounds(count, runs)[1]
        if self.full:
            holds = all(s.rolled_back <= _allowed(s.runs, most) for _, s in scored)
        else:
            holds = all(bounds(s.rolled_back, s.runs, 0.98)[0] <= most for _, s in scored)
        where = f", {worst_cell}" if worst.rolled_back else ""
        value = (
            f"{count} of {runs} (95 %: at most {upper:.2%});"
            f" worst cell {worst.rolled_back} of {worst.runs}{where}"
        )
        return self.check(name, says, value, f"≤ {most:.1%} in each cell", holds)

    def mean_ratio(
        self, name: str, says: str, ratios: Sequence[tuple[float, Cell]], least: float
    ) -> None:
        """Check that the geometric mean of ratios is at least `least`."""
        if not ratios:
            return self.check(name, says, "-", f"≥ {least:g}", None)
        value = geometric_mean([one for one, _ in ratios])
        lowest, cell = ratios[0]
        told = f"{value:.2f} over {len(ratios)} cells; least {lowest:.2f}, {cell}"
        return self.check(name, says, told, f"≥ {least:g}", value >= least)

    def most_ratio(
        self, name: str, says: str, ratios: Sequence[tuple[float, Cell]], most: float
    ) -> None:
        if not ratios:
            return self.check(name, says, "-", f"≤ {most:g}", None)
        highest, cell = ratios[-1]
        told = f"{highest:.2f}, {cell}"
        return self.check(name, says, told, f"≤ {most:g}", highest <= most)

    def all_found(self, name: str, says: str, rule: str, cells: Sequence[Cell]) -> None:
        scored = list(self.results.of(rule, cells))
        if not scored:
            return self.check(name, says, "-", "100 %", None)
        cell, worst = min(scored, key=lambda each: each[1].found)
        where = "" if worst.found == 1.0 else f", {cell}"
        return self.check(name, says, f"{worst.found:.1%}{where}", "100 %", worst.found == 1.0)

    def within(
        self,
        name: str,
        says: str,
        scored: Sequence[tuple[Cell, Score]],
        measure: Callable[[Score], float],
        most: float,
    ) -> None:
        """Check that a measure, such as seconds to the rollback, is at most `most` everywhere."""
        if not scored:
            return self.check(name, says, "-", f"≤ {most:g}", None)
        highest, cell = max((measure(score), cell) for cell, score in scored)
        return self.check(name, says, f"{highest:.4g}, {cell}", f"≤ {most:g}", highest <= most)


def _allowed(runs: int, most: float) -> int:
    """Return how many false ones put the 99 % bound under the bar: 8 of 2,000 for 1 %."""
    count = -1
    while bounds(count + 1, runs, SURE)[1] <= most:
        count += 1
    return count
