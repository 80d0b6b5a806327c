"""The documented command finds its own way to the functions' source tree."""

import subprocess
import sys
from pathlib import Path

import pytest

from docs.concepts.examples import COMMAND, backtest_example

ROOT = Path(__file__).parents[2]


@pytest.mark.processes
def test_the_documented_command_runs_at_the_top_of_a_clone(monkeypatch):
    monkeypatch.chdir(ROOT)
    arguments = [sys.executable, *COMMAND.split()[1:]]

    done = subprocess.run(arguments, cwd=ROOT, env={}, capture_output=True, text=True, check=False)

    assert done.stdout in backtest_example()
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout
