"""The same seed is the same run, to the last line of its trace, in any process."""

import os
import subprocess
import sys
from pathlib import Path

from tests.simulation.drawing import draw
from tests.simulation.run import run

ROOT = Path(__file__).parents[2]
SEED = 11


def test_a_scenario_is_drawn_alike_each_time():
    assert draw(SEED) == draw(SEED)
    assert draw(SEED) != draw(SEED + 1)


def test_the_same_seed_runs_alike_in_another_process_with_other_hashes():
    code = f"from tests.simulation.run import run; print(run({SEED}).digest)"
    path = f"{ROOT / 'functions'}{os.pathsep}{ROOT}"
    env = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "123"}
    other = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )

    assert other.stdout.strip() == run(SEED).digest
    assert run(SEED + 1).digest != run(SEED).digest


def test_a_run_leaves_nothing_behind_for_the_next():
    first = run(SEED)
    run(SEED + 1)

    assert run(SEED).trace == first.trace
