"""The rows as Markdown."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from benchmarks.kills.cases import PER_SECOND, SWEEP_SECONDS
from benchmarks.kills.playing import Row

HEAD: Final = """\
| killed | when | how it ended | put back by | seconds to the end | requests | failed \
| lost through Barq | told |
|---|---|---|---|---:|---:|---:|---:|---:|"""


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
