"""What many rollouts of a cell came to under one rule, and the file that remembers it."""

import hashlib
import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.verdict.fate import Cell
from benchmarks.verdict.rules import Outcome
from benchmarks.verdict.ticks import TICK_SECONDS

HERE: Final = Path(__file__).parent
DRAWN_BY: Final = "drawing fate latencies likelihoods rules runs scenarios service ticks"
"""The files here that every result depends on."""
OF_RULES: Final = {
    "Barq": "barq",
    "Kayenta": "kayenta mann_whitney minutes",
    "ORACLE": "oracles",
    "": "rivals minutes",
}
"""Those that results of rules depend on whose names begin so, the first that fits."""


@dataclass
class Score:
    """Sums over runs. Times in ticks."""

    runs: int = 0
    bad: float = 0.0
    bad_squared: float = 0.0
    ended: int = 0
    """Ticks of the rollouts that were not rolled back, together."""
    at: Counter[int] = field(default_factory=Counter)
    """When the others were rolled back."""
    steps: Counter[int] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> "Score":
        score = cls()
        for one in outcomes:
            score.runs += 1
            score.bad += one.bad
            score.bad_squared += one.bad**2
            if one.rolled_back:
                score.at[one.ticks] += 1
                score.steps[one.step] += 1
                score.causes[one.cause] += 1
            else:
                score.ended += one.ticks
        return score

    def add(self, other: "Score") -> None:
        self.runs += other.runs
        self.bad += other.bad
        self.bad_squared += other.bad_squared
        self.ended += other.ended
        self.at += other.at
        self.steps += other.steps
        self.causes += other.causes

    @property
    def rolled_back(self) -> int:
        return self.at.total()

    @property
    def found(self) -> float:
        """The ratio of rollouts that were rolled back."""
        return self.rolled_back / self.runs

    @property
    def mean_bad(self) -> float:
        return self.bad / self.runs

    @property
    def mean_seconds(self) -> float:
        """Until rollback; NaN if there was none."""
        if not self.at:
            return math.nan
        return TICK_SECONDS * sum(at * n for at, n in self.at.items()) / self.rolled_back

    def seconds_at(self, quantile: float) -> float:
        """Return by when this part of all rollouts was rolled back; infinite if fewer were."""
        left = quantile * self.runs
        for at, count in sorted(self.at.items()):
            left -= count
            if left <= 1e-9:
                return float(TICK_SECONDS * at)
        return math.inf

    @property
    def mean_length_seconds(self) -> float:
        """Of rollouts that came to their end; NaN without one."""
        whole = self.runs - self.rolled_back
        return TICK_SECONDS * self.ended / whole if whole else math.nan

    def as_json(self) -> dict[str, Any]:
        return {
            "runs": self.runs,
            "bad": self.bad,
            "bad_squared": self.bad_squared,
            "ended": self.ended,
            "at": dict(self.at),
            "steps": dict(self.steps),
            "causes": dict(self.causes),
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Score":
        numbers = {key: told[key] for key in ("runs", "bad", "bad_squared", "ended")}
        at = Counter({int(key): count for key, count in told["at"].items()})
        steps = Counter({int(key): count for key, count in told["steps"].items()})
        return cls(**numbers, at=at, steps=steps, causes=Counter(told["causes"]))


def bounds(successes: int, runs: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Clopper's and Pearson's two-sided interval of a ratio."""
    tail = (1.0 - confidence) / 2
    lower = _solve(lambda p: 1.0 - _at_most(successes - 1, runs, p), tail) if successes else 0.0
    upper = _solve(lambda p: -_at_most(successes, runs, p), -tail) if successes < runs else 1.0
    return lower, upper


def _at_most(successes: int, runs: int, p: float) -> float:
    if p <= 0.0:
        return 1.0
    if p >= 1.0:
        return float(successes >= runs)
    logs = (
        math.lgamma(runs + 1) - math.lgamma(k + 1) - math.lgamma(runs - k + 1)
        + k * math.log(p) + (runs - k) * math.log1p(-p)
        for k in range(successes + 1)
    )  # fmt: skip
    return min(1.0, sum(map(math.exp, logs)))


def _solve(rising: Any, wanted: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


def fingerprint(rule: str) -> str:
    """Return what tells results of a rule from those of other code."""
    own = next(files for name, files in OF_RULES.items() if rule.startswith(name))
    files = [HERE / f"{name}.py" for name in (DRAWN_BY + " " + own).split()]
    if own == OF_RULES["Barq"]:
        modules = [module for name, module in sys.modules.items() if name.startswith("rollouts")]
        files += [Path(one.__file__) for one in modules if one.__file__]
    digest = hashlib.sha256()
    for file in sorted(set(files)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


class Results:
    """A file with a line for each piece of work; what other code made is passed over.

    Only pieces of `size` runs are looked at: those of another size have the same runs again.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path, self.size = path, size
        self.scores: dict[tuple[Cell, str], Score] = {}
        self._done: set[tuple[Cell, str, int]] = set()
        self._prints: dict[str, str] = {}
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            told = json.loads(line)
            if told["score"]["runs"] == size and told["code"] == self._print(told["rule"]):
                key = (Cell(*told["cell"]), told["rule"], told["first"])
                self._take(key, Score.from_json(told["score"]))

    def _print(self, rule: str) -> str:
        if rule not in self._prints:
            self._prints[rule] = fingerprint(rule)
        return self._prints[rule]

    def has(self, cell: Cell, rule: str, first: int) -> bool:
        return (cell, rule, first) in self._done

    def _take(self, key: tuple[Cell, str, int], score: Score) -> None:
        if key in self._done:
            return
        self._done.add(key)
        self.scores.setdefault(key[:2], Score()).add(score)

    def add(self, cell: Cell, first: int, scored: dict[str, Score]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            for rule, score in scored.items():
                line = {
                    "code": self._print(rule),
                    "cell": list(cell),
                    "rule": rule,
                    "first": first,
                    "score": score.as_json(),
                }
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
                self._take((cell, rule, first), score)

    def of(self, rule: str, cells: Iterable[Cell]) -> Iterator[tuple[Cell, Score]]:
        for cell in cells:
            if (cell, rule) in self.scores:
                yield cell, self.scores[cell, rule]
