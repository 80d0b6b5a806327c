"""What the imports of the rollback cost beyond the framework's own, by the package they are of."""

import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

PYTHON_RUNS = 5
SHOWN = 12
MARK = "HERE"


def table(folder: Path) -> str:
    """Return the packages that cost most, in milliseconds of their own modules' time."""
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(PYTHON_RUNS):
        for package, milliseconds in _once(folder).items():
            found[package].append(milliseconds)
    medians = {package: statistics.median(times) for package, times in found.items()}
    total = sum(medians.values())
    lines = ["| package | its modules' own time, ms |", "|---|---:|"]
    dearest = sorted(medians, key=lambda one: -medians[one])[:SHOWN]
    lines += [f"| {package} | {medians[package]:.1f} |" for package in dearest]
    lines.append(f"| all that rollback adds to the framework | {total:.1f} |")
    return "\n".join(lines)


def _once(folder: Path) -> dict[str, float]:
    """Return each package's milliseconds, as `-X importtime` has them: it slows them by itself."""
    program = f"import functions_framework, sys; sys.stderr.write('{MARK}\\n'); import rollback"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return by_package(done.stderr)


def by_package(told: str) -> dict[str, float]:
    """Return the milliseconds of what was imported after the mark, by package."""
    found: dict[str, float] = defaultdict(float)
    for line in told.split(f"{MARK}\n", 1)[1].splitlines():
        own, _, name = line.removeprefix("import time:").split("|")
        found[_package(name.strip())] += int(own) / 1000
    return dict(found)


def _package(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "google" else parts[0]
