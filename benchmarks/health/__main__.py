"""How fast the health routes answer, beside a bare route and two packages for health checks.

python -m benchmarks.health                          4 minutes
python -m benchmarks.health --seconds 0.5 --rounds 3     1 minute
python -m benchmarks.health --write docs/benchmarks/health.md
"""

import argparse
import asyncio
import datetime as dt
import os
import tempfile
from pathlib import Path

from benchmarks.health.cases import CEILING, LIVE, PER_SECOND, READY, STEADY
from benchmarks.health.stage import stage
from benchmarks.health.table import Measured, report
from benchmarks.measured import write


async def measure(
    folder: Path, *, rounds: int, seconds: float, steady_seconds: float, per_second: float
) -> Measured:
    """Start everything, measure, and end everything."""
    load_average = os.getloadavg()[0]
    async with stage(folder) as ready:
        steady = [(one, await ready.steady(one, per_second, steady_seconds)) for one in STEADY]
        saturated = await ready.rounds((*LIVE, *READY, CEILING), rounds, seconds)
        pinned = ready.cores.serving is not None
        return Measured(steady, per_second, saturated, pinned, load_average)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.health",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=7, help="turns of each at saturation")
    parser.add_argument("--seconds", type=float, default=1.5, help="of one turn")
    parser.add_argument("--steady-seconds", type=float, default=10.0, help="of a fixed rate")
    parser.add_argument("--per-second", type=float, default=PER_SECOND, help="the fixed rate")
    parser.add_argument("--write", type=Path, help="the page whose marked place gets the tables")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = asyncio.run(
            measure(
                Path(folder),
                rounds=told.rounds,
                seconds=told.seconds,
                steady_seconds=told.steady_seconds,
                per_second=told.per_second,
            )
        )
    text = report(measured, dt.datetime.now(dt.UTC).date())
    print(text)
    if told.write:
        write(told.write, "health", text)


if __name__ == "__main__":
    main()
