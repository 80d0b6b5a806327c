"""What becomes of a rollout whose functions, engine or canary are killed with SIGKILL.

python -m benchmarks.kills                         every kill: about five minutes
python -m benchmarks.kills --only engine           those of one victim
python -m benchmarks.kills --write docs/concepts/reliability.md

Exit status 1 if a kill ended otherwise than it should, or lost a request.
"""

import argparse
import asyncio
import datetime as dt
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.kills.cases import Case
from benchmarks.kills.matrix import CANARY, ENGINE, FUNCTIONS
from benchmarks.kills.playing import Row
from benchmarks.kills.rounds import play_all
from benchmarks.kills.table import line, report
from benchmarks.measured import write


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kills",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", action="append", default=[], help="a victim")
    parser.add_argument("--lanes", type=int, default=3, help="rollouts side by side")
    parser.add_argument("--folder", type=Path, help="keep everything that was written there")
    parser.add_argument("--write", type=Path, help="the page whose marked place gets the table")
    told = parser.parse_args()
    cases = [
        case for case in (*FUNCTIONS, *CANARY, *ENGINE) if not told.only or case.victim in told.only
    ]
    began = time.monotonic()
    if told.folder:
        rows = asyncio.run(play_all(told.folder, cases, lanes=told.lanes, tell=_tell))
    else:
        with tempfile.TemporaryDirectory() as folder:
            rows = asyncio.run(play_all(Path(folder), cases, lanes=told.lanes, tell=_tell))
    text = report(_ordered(cases, rows), time.monotonic() - began, dt.datetime.now(dt.UTC).date())
    print(text)
    if told.write:
        write(told.write, "kills", text)
    sys.exit(0 if all(row.right for row in rows) else 1)


def _ordered(cases: Sequence[Case], rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: cases.index(row.case))


def _tell(row: Row) -> None:
    print(line(row), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
