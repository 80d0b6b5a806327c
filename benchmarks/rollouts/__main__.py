"""Whole 20-minute rollouts a second on one core, checked and unchecked, and where the time goes.

    python -m benchmarks.rollouts [--batches 5] [--batch 40]

Prints the best and the middle of the batches: others on the machine only ever take time.
"""

import argparse
import io
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout

from benchmarks.rollouts.parts import watched
from benchmarks.rollouts.playing import play
from benchmarks.rollouts.yardstick import carry
from tests.flow.flow import START

BAR = 30
"""Rollouts a second on one core, with every invariant checked: what we hold ourselves to."""
WARM_UP = 5


class _Sink(io.TextIOBase):
    """Takes what the functions log."""

    def write(self, text: str) -> int:
        return len(text)


def rates(one: Callable[[int], object], batches: int, batch: int) -> list[float]:
    """Return how often a second of CPU `one` is done, by batch."""
    found = []
    for number in range(batches):
        began = time.process_time()
        for seed in range(number * batch, (number + 1) * batch):
            one(seed)
        found.append(batch / (time.process_time() - began))
    return found


def row(name: str, found: list[float]) -> str:
    return f"| {name} | {max(found):,.1f} | {statistics.median(found):,.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.rollouts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--batches", type=int, default=5)
    parser.add_argument("--batch", type=int, default=40, help="rollouts in each")
    told = parser.parse_args()
    with redirect_stdout(_Sink()):
        for seed in range(WARM_UP):
            flow = play(seed)
        exchanged = flow.exchanged
        checked = rates(play, told.batches, told.batch)
        unchecked = rates(lambda seed: play(seed, checked=False), told.batches, told.batch)
        bare = rates(lambda _: carry(exchanged), told.batches, told.batch)
        with watched() as clock:
            for seed in range(told.batch):
                play(seed)
    minutes = (flow.now - START).total_seconds() / 60
    print(f"A rollout is {minutes:.0f} virtual minutes and {len(exchanged)} calls of functions.\n")
    print("| a second on one core | best batch | middle batch |\n|---|---:|---:|")
    print(row("rollouts, every invariant checked", checked))
    print(row("rollouts, none checked", unchecked))
    print(row("a bare loop: as many requests and answers, nothing behind them", bare))
    print("\n| part | share of the time |\n|---|---:|")
    whole = sum(clock.seconds.values())
    for part, seconds in sorted(clock.seconds.items(), key=lambda one: -one[1]):
        print(f"| {part} | {seconds / whole:.0%} |")
    sys.exit(0 if max(checked) >= BAR else f"\nunder the bar of {BAR} a second")


if __name__ == "__main__":
    main()
