"""The three environments, planned as their `terraform.tfvars.example` says; once in a process."""

import functools

from tests.terraform.harness import plan
from tests.terraform.modules import light_tree
from tests.terraform.plans import Plan

# Name, and the project of it in the examples.
ENVIRONMENTS = {
    "delivery": "barq-delivery",
    "staging": "barq-staging",
    "production": "barq-production",
}


@functools.cache
def planned(name: str, *, filled: bool = True) -> Plan:
    """Plan an environment; `filled` as in `harness.plan`."""
    folder = light_tree() / "environments" / name
    return plan(folder, folder / "terraform.tfvars.example", filled=filled)
