"""Staging and production as a whole: what a first apply can know, and names that two modules share."""

import re

import pytest

from tests.terraform.blocks import blocks_of
from tests.terraform.harness import TERRAFORM, plan
from tests.terraform.modules import light_tree

FILE = TERRAFORM / "environments" / "staging" / "tests" / "delivery.yaml"
GIVEN = {
    "delivery_file": str(FILE),
    "delivery_project": "barq-delivery",
    "subnets": {"europe-west1": "10.10.0.0/24"},
    "channels": {"email": ["team@example.com"]},
}
SERVICES: dict[str, dict[str, dict[str, object]]] = {
    "staging": {"fleet": {"database": {}}},
    "production": {"fleet": {"database": {}}, "shop": {"invokers": ["allUsers"]}},
}


@pytest.mark.parametrize("environment", SERVICES)
def test_a_first_apply_can_be_planned_before_anything_is_there(environment):
    """Nothing that decides how many of something there are may be known only after an apply."""
    folder = light_tree() / "environments" / environment

    planned = plan(folder, {**GIVEN, "services": SERVICES[environment]}, filled=False)

    assert len(planned.of("google_cloud_run_v2_service")) == len(SERVICES[environment])


def test_staging_and_production_take_the_same_and_differ_in_defaults_alone():
    """Variables of a root module cannot be shared, so there are two copies."""
    staging, production = (
        re.sub(
            r"(optional\([\w() ]+, ).*|(default +=).*|(description =).*",
            r"\1\2\3",
            (TERRAFORM / "environments" / name / "variables.tf").read_text("utf-8"),
        )
        for name in SERVICES
    )

    assert staging == production


def test_what_an_environment_takes_for_thresholds_and_objectives_monitoring_knows():
    """Terraform drops a name that a module does not know, so `environment` has a list."""
    known = {name: _fields(name) for name in ("thresholds", "objectives")}
    text = (TERRAFORM / "modules/environment/variables_monitoring.tf").read_text("utf-8")
    listed = {
        name: set(re.findall(r'"(\w+)"', text.partition(f"{name[:-1]}_names = [")[2].split("]")[0]))
        for name in known
    }

    assert listed == known


def _fields(variable: str) -> set[str]:
    (block,) = [
        one
        for one in blocks_of(TERRAFORM / "modules/monitoring", "variable")
        if one.labels[0] == variable
    ]
    return set(re.findall(r"^\s+(\w+)\s+= optional\(", "\n".join(block.lines), re.MULTILINE))
