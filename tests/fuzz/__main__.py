"""Hunts in the workflow engine for crashes, hangs and Python's words, until the budget is spent.

python -m tests.fuzz --seconds 60
python -m tests.fuzz --kind files --seed 123       this one again, with its source
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

from tests.fuzz.hunting import hunt, source_of  # noqa: E402 - the path comes first.

KINDS = ("expressions", "flows", "files")
BATCH = 100


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=60, help="how long")
    parser.add_argument("--first", type=int, default=1_000_000, help="the first seed")
    parser.add_argument("--kind", choices=KINDS, help="only these sources")
    parser.add_argument("--seed", type=int, help="this one alone")
    told = parser.parse_args()
    kinds = [told.kind] if told.kind else list(KINDS)
    if told.seed is not None:
        sys.stdout.write(source_of(kinds[0], told.seed) + "\n")
        return _told(kinds[0], hunt(kinds[0], told.seed, 1).failures)
    ended: Counter[str] = Counter()
    until, at, wrong = time.monotonic() + told.seconds, told.first, 0
    while time.monotonic() < until:
        for kind in kinds:
            found = hunt(kind, at, BATCH)
            ended.update({f"{kind} {end}": count for end, count in found.ended.items()})
            wrong += _told(kind, found.failures)
        at += BATCH
    sys.stdout.write(f"seeds {told.first} to {at - 1}: {dict(sorted(ended.items()))}\n")
    return 1 if wrong else 0


def _told(kind: str, failures: list[tuple[int, str, str]]) -> int:
    for seed, wrong, _ in failures:
        sys.stdout.write(f"{wrong}\nagain: python -m tests.fuzz --kind {kind} --seed {seed}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
