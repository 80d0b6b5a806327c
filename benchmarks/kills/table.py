"""The rows as Markdown."""

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.kills.cases import PER_SECOND, SWEEP_SECONDS
from benchmarks.kills.playing import Row

HEAD: Final = """\
| killed | when | how it ended | put back by | seconds to the end | requests | failed \
| lost through Barq | told |
|---|---|---|---|---:|---:|---:|---:|---:|"""
_PLACE: Final = re.compile(r"(<!-- measured: kills -->\n).*?(<!-- /measured -->)", re.DOTALL)


def line(row: Row) -> str:
    times = f" ({row.killed} times)" if row.killed > 1 else ""
    killed = row.case.victim if row.killed else f"{row.case.victim}: NOT KILLED"
    ended = row.ended.replace("_", " ") + ("" if row.whole else ", NOT SERVED WHOLE")
    cells = (
        killed,
        row.case.when + times,
        ended,
        row.by or "-",
        f"{row.seconds:.1f}",
        f"{row.requests:,}",
        str(row.failed),
        str(row.lost),
        str(row.told),
    )
    return f"| {' | '.join(cells)} |"


def report(rows: Sequence[Row], seconds: float, day: dt.date) -> str:
    """Return the table and what must be known to read it."""
    wrong = sum(not row.right for row in rows)
    requests = sum(row.requests for row in rows)
    text = (
        f"`python -m benchmarks.kills`, {day}: real processes and HTTP, {PER_SECOND:g} requests/s"
        f" to each service all the while, windows of 2 s, `sweep` each {SWEEP_SECONDS:g} s."
        f" {len(rows)} kills in {seconds:.0f} s; {wrong} went wrong;"
        f" {requests:,} requests, {sum(row.lost for row in rows)} lost through Barq."
    )
    return "\n".join((text, "", HEAD, *map(line, rows)))


def write(path: Path, text: str) -> None:
    """Put the text into its marked place of a page. Raises ValueError if there is none."""
    page = path.read_text("utf-8")
    new, count = _PLACE.subn(lambda place: f"{place[1]}{text}\n{place[2]}", page)
    if count != 1:
        raise ValueError(
            f"{path} has no place between <!-- measured: kills --> and <!-- /measured -->"
        )
    path.write_text(new, "utf-8")
