"""The benchmark's report, in Markdown."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, geometric_mean
from typing import Final

from benchmarks.verdict import suite
from benchmarks.verdict.checks import Checked
from benchmarks.verdict.fate import SEED, Cell
from benchmarks.verdict.scenarios import SCENARIOS, Scenario
from benchmarks.verdict.scores import Results, Score, bounds

NOTES: Final = """How the targets are read here:

- T1, T2, T3, T10: few runs refute a rate, they do not prove it: with under 2,000 runs a cell "yes"
  means that no cell is beyond chance (99 %). The full form asks for at most 8 of 2,000.
- T4, T5: where stable never fails, ORACLE-c needs two errors of the canary at 10 %, and Barq three
  by design: such cells, which only the full form has, are at 1.7 to 1.8.
- T7, T11a: a rule that waits for requests, or for totals, serves more of them meanwhile. Where that
  is not the question, Barq is compared in steps of 300 s, as its rivals have them.
- T8, T9: a rival is usable where it leaves alone a healthy canary to which the same befalls. T9 in
  the short form has none of the cells with rare errors of stable.
- T11b, T11c, T11d: the mean until rollback; every canary must be found.
- T12: milliseconds are of the machine that this ran on: the dearest of ten rollouts, fresh and
  late, each the best of five tries.
- `err-5%-in-burst`: both roles have 5 % errors for a minute that begins in the first one.
"""


def report(
    results: Results, cells: Sequence[Cell], checked: Sequence[Checked], runs: dict[bool, int]
) -> str:
    """Return the whole report. `runs` a cell, of healthy and of bad scenarios."""
    parts = [
        _head(runs, cells),
        _targets(checked),
        _healthy(results, cells),
        _bad(results, cells),
        _by_cell(results, cells),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(runs: dict[bool, int], cells: Sequence[Cell]) -> str:
    upper = bounds(0, runs[True])[1]
    rates = ", ".join(f"{rps:g}" for rps in sorted({cell.rps for cell in cells}))
    bases = ", ".join(f"{base:.2%}" for base in sorted({cell.base for cell in cells}))
    return f"""# The verdict, measured

Made by `python -m benchmarks.verdict`: what it plays, and what the words mean, stands in
[benchmarks/verdict](../../benchmarks/verdict/). Seed {SEED}; {runs[True]} rollouts a healthy cell,
{runs[False]} a bad one. A cell of a healthy canary with none rolled back has a true rate of at most
{upper:.1%} (95 %). Traffic {rates} requests a second, stable's error ratio {bases}.

Every rule meets the same rollouts, in intervals of 10 s: steps of 300 s at 10, 50 and 100 %, held
at most 300 s longer by those rules that hold. A rollback acts at the end of its interval. ORACLE
knows the true chances of both roles at every moment, ORACLE-c the same and looks only at which
role failed. Late totals: errors at once, totals by the minute, 120 s late. Monitoring alone:
minutes 120 s late, and nothing else."""


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _targets(checked: Sequence[Checked]) -> str:
    rows = [
        (one.name, one.says, one.value, one.bar, "yes" if one.holds else "**no**")
        for one in checked
    ]
    head = "| target | what | value | bar | holds |\n| --- | --- | --- | --- | --- |\n"
    return (
        "## Targets\n\n"
        + head
        + "\n".join("| " + " | ".join(row) + " |" for row in rows)
        + "\n\n"
        + NOTES
    )


def _columns(healthy: bool) -> list[str]:  # noqa: FBT001
    oracles = [] if healthy else [one.name for one in suite.ORACLES]
    return [one.name for one in (*suite.VIEWS, *suite.RIVALS)] + oracles


def _of(results: Results, rule: str, scenario: str, cells: Sequence[Cell]) -> list[Score]:
    wanted = [cell for cell in cells if cell.scenario == scenario]
    return [score for _, score in results.of(rule, wanted)]


def _scenarios(cells: Sequence[Cell], *, healthy: bool) -> list[Scenario]:
    there = {cell.scenario for cell in cells}
    return [one for one in SCENARIOS.values() if one.name in there and one.healthy == healthy]


def _healthy(results: Results, cells: Sequence[Cell]) -> str:
    columns = _columns(healthy=True)
    rows, variants = [], []
    for one in _scenarios(cells, healthy=True):
        rows.append([one.name, *(_rates(_of(results, rule, one.name, cells)) for rule in columns)])
        variants += [
            [one.name, rule.name, _rates(_of(results, rule.name, one.name, cells))]
            for rule in suite.VARIANTS.get(one.name, ())
        ]
    if not rows:
        return ""
    told = (
        "## False rollbacks\n\nPercent of whole rollouts of a healthy canary: mean over traffic"
        " and base / worst cell.\n\n" + _rows(["scenario", *columns], rows)
    )
    if variants:
        told += "\n\nOther settings:\n\n" + _rows(["scenario", "rule", "mean / worst"], variants)
    return told


def _rates(scores: Sequence[Score]) -> str:
    if not scores:
        return "-"
    found = [100 * one.found for one in scores]
    return f"{fmean(found):.1f} / {max(found):.1f}"


def _bad(results: Results, cells: Sequence[Cell]) -> str:
    rows = []
    for one in _scenarios(cells, healthy=False):
        variants = [rule.name for rule in suite.VARIANTS.get(one.name, ())]
        for rule in (*_columns(healthy=False), *variants):
            line = _bad_line(results, rule, one.name, cells)
            if line:
                rows.append([one.name, rule, *line])
    if not rows:
        return ""
    head = ["scenario", "rule", "missed %", "seconds", "bad at 2/s", "at 20/s", "at 200/s",
            "x ORACLE", "x ORACLE-c"]  # fmt: skip
    return (
        "## Bad canaries\n\nMissed: mean over all cells. Seconds to the rollback: mean of those"
        " found. Bad requests served: means over the bases. The ratios are geometric means over"
        " the cells that the rule finds in at least 95 % of rollouts.\n\n" + _rows(head, rows)
    )


def _bad_line(
    results: Results, rule: str, scenario: str, cells: Sequence[Cell]
) -> list[str] | None:
    scored = list(results.of(rule, [cell for cell in cells if cell.scenario == scenario]))
    if not scored:
        return None
    seconds = [score.mean_seconds for _, score in scored if score.at]
    served = []
    for rps in (2.0, 20.0, 200.0):
        some = [score.mean_bad for cell, score in scored if cell.rps == rps]
        served.append(f"{fmean(some):.1f}" if some else "-")
    return [
        f"{100 * fmean(1 - score.found for _, score in scored):.1f}",
        f"{fmean(seconds):.0f}" if seconds else "-",
        *served,
        *(_against(results, scored, oracle.name) for oracle in suite.ORACLES),
    ]


def _against(results: Results, scored: Sequence[tuple[Cell, Score]], oracle: str) -> str:
    found = []
    for cell, score in scored:
        best = results.scores.get((cell, oracle))
        if best and best.mean_bad and score.mean_bad and score.found >= 0.95:
            found.append(score.mean_bad / best.mean_bad)
    return f"{geometric_mean(found):.2f}" if found else "-"


def _by_cell(results: Results, cells: Sequence[Cell]) -> str:
    rows = []
    for cell in cells:
        if SCENARIOS[cell.scenario].healthy:
            continue
        line = [cell.scenario, f"{cell.rps:g}", f"{cell.base:.2%}"]
        for rule in _columns(healthy=False):
            score = results.scores.get((cell, rule))
            line.append(_found(score) if score else "-")
        rows.append(line)
    if not rows:
        return ""
    head = ["scenario", "requests/s", "base", *_columns(healthy=False)]
    return (
        "## Cell by cell\n\nFound in percent, mean seconds to the rollback, bad requests"
        " served.\n\n" + _rows(head, rows)
    )


def _found(score: Score) -> str:
    seconds = "-" if math.isnan(score.mean_seconds) else f"{score.mean_seconds:.0f} s"
    return f"{100 * score.found:.0f} %, {seconds}, {score.mean_bad:.1f}"
