"""Writes what a hunt saw into docs/concepts/reliability.md.

python -m tests.simulation.page TOTALS.json "the command that made them" 2026-11-23 [NOTE]

NOTE is what has to be said of the seeds that broke a rule; without one they are refused.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.measured import write

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "concepts" / "reliability.md"
PLACE: Final = "simulation"
TITLES: Final = {
    "transitions": "transition",
    "outcomes": "end",
    "faults": "fault",
    "happened": "what happened",
}
COLUMNS: Final = 3
"""Pairs of name and count beside each other, so that a table stays short."""


def block(totals: Mapping[str, Any], command: str, date: str, note: str = "") -> str:
    """Return what stands between the marks. Refuses a hunt that broke a rule, or never met a row."""
    never = [key for name in TITLES for key, count in totals[name].items() if not count]
    if (totals["failed"] and not note) or never:
        raise SystemExit(f"error: not written; broken: {totals['failed']}, never met: {never}")
    head = (
        f"`{command}`, {date}: **{totals['rollouts']:,} rollouts** of {totals['seeds']:,} seeds,"
        f" {totals['virtual_hours']:,} virtual hours in {totals['seconds']:,} s;"
        f" {sum(totals['faults'].values()):,} faults struck; {note or 'no rule was broken'}."
    )
    return head + "".join(_table(title, totals[name]) for name, title in TITLES.items())


def _table(title: str, counts: Mapping[str, int]) -> str:
    cells = [f"`{name}` | {count:,}" for name, count in sorted(counts.items())]
    cells += [" | "] * (-len(cells) % COLUMNS)
    lines = [
        "| " + " | ".join([f"{title} | times"] * COLUMNS) + " |",
        "|" + "---|---:|" * COLUMNS,
    ]
    rows = [cells[first : first + COLUMNS] for first in range(0, len(cells), COLUMNS)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n\n" + "\n".join(lines)


def main(arguments: list[str]) -> None:
    file, command, date, *note = arguments
    totals = json.loads(Path(file).read_text())
    write(PAGE, PLACE, block(totals, command, date, *note))


if __name__ == "__main__":
    main(sys.argv[1:])
