"""How soon Barq and others roll back a bad canary, and how often a good one.

    python -m benchmarks.verdict                 the short form: minutes
    python -m benchmarks.verdict --full          2,000 runs a healthy cell: hours, may be broken off
    python -m benchmarks.verdict --scenario leak --traffic 20 --base 0.001

Results are kept in .barq/verdict.jsonl until the code they stand on changes.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from benchmarks.verdict.fate import SEED
from benchmarks.verdict.robust import robust
from benchmarks.verdict.scenarios import SCENARIOS
from benchmarks.verdict.scores import Results
from benchmarks.verdict.suite import BASES, RULES, TRAFFIC, all_cells
from benchmarks.verdict.table import report
from benchmarks.verdict.targets import targets
from benchmarks.verdict.timing import timing
from benchmarks.verdict.working import pieces, play_all

ROOT: Final = Path(__file__).parents[2]
SHORT: Final = {True: 40, False: 40}
FULL: Final = {True: 2000, False: 400}
"""Runs a cell of healthy scenarios, and of bad ones."""
PIECES: Final = {False: 40, True: 100}
"""Runs in a piece of work, short form and full."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.verdict",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--full", action="store_true", help="2,000 runs a healthy cell")
    parser.add_argument(
        "--runs", type=int, help="at least so many runs a cell, instead of what the form says"
    )
    parser.add_argument("--scenario", action="append", choices=list(SCENARIOS), default=[])
    parser.add_argument("--traffic", action="append", type=float, choices=TRAFFIC, default=[])
    parser.add_argument("--base", action="append", type=float, choices=BASES, default=[])
    parser.add_argument("--rule", action="append", choices=list(RULES), default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--results", type=Path, default=ROOT / ".barq" / "verdict.jsonl")
    parser.add_argument("--write", type=Path, help="the Markdown file to write, instead of stdout")
    return parser.parse_args()


def main() -> None:
    told = _arguments()
    cells = [
        cell
        for cell in all_cells(short=not (told.full or told.scenario))
        if (not told.scenario or cell.scenario in told.scenario)
        and (not told.traffic or cell.rps in told.traffic)
        and (not told.base or cell.base in told.base)
    ]
    runs = FULL if told.full else SHORT
    if told.runs:
        runs = {True: told.runs, False: told.runs}
    results = Results(told.results, PIECES[told.full])
    todo = list(pieces(cells, runs, results, frozenset(told.rule)))
    print(f"seed {SEED}; {len(cells)} cells, {len(todo)} pieces of work", file=sys.stderr)
    play_all(todo, results, told.jobs)
    exact = told.full and not told.runs
    checked = targets(results, cells, timing(), robust(), full=exact)
    text = report(results, cells, checked, runs)
    if told.write:
        told.write.write_text(text, "utf-8")
    else:
        print(text)
    sys.exit(0 if all(one.holds for one in checked) else 1)


if __name__ == "__main__":
    main()
