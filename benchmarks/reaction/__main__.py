"""How soon a bad canary is taken back, with the request log and with Monitoring alone.

python -m benchmarks.reaction                      10 rounds, 3 of Monitoring alone: 20 minutes
python -m benchmarks.reaction --case every         one of the cases
python -m benchmarks.reaction --write docs/concepts/verdict.md
"""

import argparse
import asyncio
import datetime as dt
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measured import write
from benchmarks.reaction.cases import CASES, Case
from benchmarks.reaction.reaction import Reaction
from benchmarks.reaction.stage import Stage, stage
from benchmarks.reaction.table import report

INTERVAL_SECONDS = 10.0


async def measure(
    folder: Path, cases: Sequence[Case], *, rounds: int, late_rounds: int, history_seconds: float
) -> list[Reaction]:
    """Play all cases side by side, each on a service of its own, round after round."""
    async with stage(folder, cases) as ready:
        await asyncio.sleep(history_seconds)
        played = await asyncio.gather(
            *(_rounds(ready, case, late_rounds if case.alone else rounds) for case in cases)
        )
    return [one for each in played for one in each]


async def _rounds(ready: Stage, case: Case, rounds: int) -> list[Reaction]:
    found = []
    for number in range(rounds):
        # When in an interval the canary begins decides how soon it is known: not left to chance.
        now = dt.datetime.now(dt.UTC).timestamp()
        begin = INTERVAL_SECONDS * number / rounds
        await asyncio.sleep((begin - now) % INTERVAL_SECONDS)
        one = await ready.play(case, f"bad-{number}")
        found.append(one)
        print(_line(one), file=sys.stderr, flush=True)
    return found


def _line(one: Reaction) -> str:
    phase = math.fmod(one.shifted_at.timestamp(), INTERVAL_SECONDS)
    return (
        f"{one.case}: {one.seconds:.1f} s, {one.bad} bad requests, {one.looks_taken} looks,"
        f" shifted {phase:.1f} s into an interval, by {one.decision['cause']}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reaction",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--case", action="append", choices=list(CASES), default=[])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--late-rounds", type=int, default=3, help="of Monitoring alone")
    parser.add_argument("--history-seconds", type=float, default=240.0, help="before the first")
    parser.add_argument("--write", type=Path, help="the page whose marked place gets the table")
    told = parser.parse_args()
    cases = [CASES[name] for name in told.case] or list(CASES.values())
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(
            measure(
                Path(folder),
                cases,
                rounds=told.rounds,
                late_rounds=told.late_rounds,
                history_seconds=told.history_seconds,
            )
        )
    text = report(cases, found)
    print(text)
    if told.write:
        write(told.write, "reaction", text)


if __name__ == "__main__":
    main()
