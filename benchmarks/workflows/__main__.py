"""The local Workflows beside PyPI's workflows-emulator, and under 10,000 executions.

make bench-workflows                                        two minutes
make bench-workflows ARGS="--rounds 3 --seconds 0.3"        half a minute
make bench-workflows ARGS="--write docs/benchmarks/workflows.md"
"""

import argparse
import asyncio
import datetime as dt
from pathlib import Path

from benchmarks.measured import write
from benchmarks.workflows import crowd, speed
from benchmarks.workflows.rival import PYTHON, rival
from benchmarks.workflows.table import report


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.workflows",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of each engine")
    parser.add_argument("--seconds", type=float, default=1.0, help="of one turn")
    parser.add_argument("--write", type=Path, help="the page whose marked place gets the tables")
    told = parser.parse_args()
    if not PYTHON.exists():
        parser.exit(2, "error: the rival is not installed\n hint: make bench-workflows\n")
    with rival() as theirs:
        rows = speed.measure(theirs, told.rounds, told.seconds)
    text = report(rows, asyncio.run(crowd.measure()), dt.datetime.now(dt.UTC).date(), told.rounds)
    print(text)
    if told.write:
        write(told.write, "workflows", text)


if __name__ == "__main__":
    main()
