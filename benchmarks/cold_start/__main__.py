"""From the start of the process to the first answer: a rollback beside a bare hello.

python -m benchmarks.cold_start                20 runs of each, in turns: a minute
python -m benchmarks.cold_start --imports      and what each import of the rollback costs
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.cold_start import imports
from benchmarks.cold_start.cases import cases, under_way
from benchmarks.cold_start.cloud import Cloud, cloud
from benchmarks.cold_start.starting import Case, Started, start

CALLS = {
    "hello": [],
    "rollback": ["read", "write", "tell"],
    "on_alert": ["read", "log", "write", "tell"],
}
"""What each asks of Google, tokens apart: what a start is worth if it does less, or more."""


def measure(all_cases: Sequence[Case], google: Cloud, runs: int) -> dict[str, list[Started]]:
    """Start each function in turns, so that what else the machine does hits them alike."""
    found: dict[str, list[Started]] = {case.name: [] for case in all_cases}
    for number in range(runs + 1):
        for case in all_cases:
            google.calls.clear()
            one = start(case, google.environment())
            asked = [word for word in google.calls if word in CALLS["on_alert"]]
            if asked != CALLS[case.name]:
                sys.exit(f"error: {case.name} asked {asked}")
            if number:  # The first warms the file system's cache.
                found[case.name].append(one)
    return found


def table(found: Mapping[str, Sequence[Started]]) -> str:
    lines = [
        "| function | runs | first answer after, ms | times hello | processor time, ms | times |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, runs in found.items():
        cells = [name, str(len(runs))]
        for part in ("answered", "processor"):
            of = [getattr(one, part) for one in runs]
            base = statistics.median(getattr(one, part) for one in found["hello"])
            cells += [_spread(of), f"{statistics.median(of) / base:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _spread(seconds: Sequence[float]) -> str:
    """Return smallest, median and largest in milliseconds."""
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    return f"{low * 1000:.0f} / **{middle * 1000:.0f}** / {high * 1000:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cold_start",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--imports", action="store_true", help="what importing costs, by module")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, cloud(under_way()) as google:
        all_cases = cases(Path(folder))
        print(table(measure(all_cases, google, told.runs)))
        if told.imports:
            print()
            print(imports.table(all_cases[1].folder))


if __name__ == "__main__":
    main()
