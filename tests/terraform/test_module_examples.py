"""What is meant to be copied can be planned: examples in READMEs, and terraform.tfvars.example."""

import os
import re
import shutil
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
)
# As delivery.yaml comes with this repository: that one is for its users to change.
DELIVERY = """
services:
  fleet:
    image: europe-west1-docker.pkg.dev/barq-build/fleet/health-service
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


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_example_of_variables_can_be_planned(environment: str, tmp_path: Path) -> None:
    folder = TERRAFORM / "environments" / environment
    (tmp_path / "delivery.yaml").write_text(DELIVERY, "utf-8")
    for file in folder.glob("*.tf"):
        (tmp_path / file.name).write_text(_moved(file.read_text("utf-8"), tmp_path), "utf-8")
    shutil.copy(folder / "terraform.tfvars.example", tmp_path / "terraform.tfvars")

    planned = plan(tmp_path, {"delivery_file": str(tmp_path / "delivery.yaml")})

    assert planned.outputs["project"] == f"barq-{environment}"


def _moved(text: str, folder: Path) -> str:
    """Lead to the same modules from another folder than one of `environments/`."""
    modules = os.path.relpath(TERRAFORM / "modules", folder.resolve())
    return text.replace("../../../", "").replace('"../../modules/', f'"{modules}/')
