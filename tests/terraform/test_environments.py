"""The environments as a whole: what they plan is what was looked at, and what nobody may plan is not there."""

import json
import re

import pytest

from tests.terraform.blocks import blocks_of
from tests.terraform.environments import ENVIRONMENTS, planned
from tests.terraform.golden import GOLDEN, golden
from tests.terraform.harness import TERRAFORM
from tests.terraform.provider.serving import SCHEMAS
from tests.terraform.roles import PREDEFINED

in_each = pytest.mark.parametrize("name", ENVIRONMENTS)
PUBLIC = {"allUsers", "allAuthenticatedUsers"}
GOOGLE = json.loads(SCHEMAS.read_text("utf-8"))["provider_schemas"][
    "registry.terraform.io/hashicorp/google"
]["resource_schemas"]


@in_each
def test_its_plan_is_the_one_that_was_looked_at(name):
    """`python -m tests.terraform.golden` (or `make golden`) rewrites the files."""
    assert golden(name) == (GOLDEN / f"{name}.txt").read_text("utf-8")


@in_each
def test_it_can_be_planned_while_nothing_of_it_exists(name):
    """What only an apply tells is unknown then; a `for_each` or `count` over it would be refused."""
    assert planned(name, filled=False).resources.keys() == planned(name).resources.keys()


@in_each
def test_nothing_is_public(name):
    members = [one.values.get("member") for one in planned(name)]

    assert not PUBLIC & set(members)


@in_each
def test_each_resource_says_in_which_project_it_is(name):
    in_projects = {
        kind
        for kind, one in GOOGLE.items()
        if one["block"]["attributes"].get("project", {}).get("optional")
        # Its secret's id says it.
        and kind != "google_secret_manager_secret_version"
    }
    somewhere = [one for one in planned(name) if one.type in in_projects]

    assert [one.address for one in somewhere if not one.values.get("project")] == []


@in_each
def test_an_output_is_known_once_all_is_applied(name):
    declared = {block.labels[0] for block in blocks_of(TERRAFORM / "environments" / name, "output")}

    assert set(planned(name).outputs) == declared


def test_the_table_of_roles_has_those_that_are_granted_and_no_other():
    texts = [file.read_text("utf-8") for file in TERRAFORM.rglob("*.tf")]
    written = {role for text in texts for role in re.findall(r'"(roles/[\w.]+)"', text)}

    assert written == PREDEFINED
