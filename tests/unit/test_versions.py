"""Facts that stand in two places say the same."""

import tomllib
from pathlib import Path

from rollouts.decision_record import CODE_VERSION

ROOT = Path(__file__).parents[2]


def test_the_version_in_decision_records_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == CODE_VERSION
