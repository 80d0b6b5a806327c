"""The examples in the modules' READMEs can be planned as they stand."""

import os
import re
from pathlib import Path

import pytest

from tests.terraform.harness import TERRAFORM, plan

EXAMPLE = re.compile(r"^```hcl\n(.*?)^```$", re.DOTALL | re.MULTILINE)
MODULES = (
    "network",
    "database",
    "service",
    "target",
    "environment",
    "channels",
    "monitoring",
    "own_alerts",
    "registry",
    "delivery",
)
# As delivery.yaml comes with this repository: that one is for its users to change.
DELIVERY = """
services:
  fleet:
    image: europe-west1-docker.pkg.dev/barq-delivery/fleet/health-service
    targets:
      staging: {project: barq-staging, region: europe-west1, service: fleet}
      production: {project: barq-production, region: europe-west1, service: fleet}
"""


@pytest.mark.parametrize("module", MODULES)
def test_the_example_in_a_readme_can_be_planned(module: str, tmp_path: Path) -> None:
    (example,) = EXAMPLE.findall((TERRAFORM / "modules" / module / "README.md").read_text("utf-8"))
    (tmp_path / "delivery.yaml").write_text(DELIVERY, "utf-8")
    (tmp_path / "main.tf").write_text(_moved(example, tmp_path), "utf-8")

    assert plan(tmp_path).resources


def _moved(text: str, folder: Path) -> str:
    """Lead to the same modules from another folder than one of `environments/`."""
    modules = os.path.relpath(TERRAFORM / "modules", folder.resolve())
    return text.replace("../../../", "").replace('"../../modules/', f'"{modules}/')
