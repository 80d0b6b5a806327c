"""What the real providers refuse of a value though its schema allows it: the tables, put to work.

The provider of these tests asks here for every configuration that Terraform validates or plans, as
the real ones ask their own code; so a breach fails `validate`, `plan` and `terraform test`. Some
rows are the API's, which would refuse only at the apply. What is unknown is not judged.
"""

import functools
from collections.abc import Iterator
from typing import Any

from tests.terraform.rules import (
    access,
    builds,
    database,
    functions,
    monitoring,
    network,
    orchestration,
    pubsub,
    run,
    slo,
)
from tests.terraform.rules.kit import Breach, Rule, found_by

__all__ = ["RULES", "Breach", "breaches"]

TABLES = (
    access,
    builds,
    database,
    functions,
    monitoring,
    network,
    orchestration,
    pubsub,
    run,
    slo,
)
RULES: tuple[Rule, ...] = tuple(rule for table in TABLES for rule in table.RULES)


@functools.cache
def rules_for(kind: str) -> tuple[Rule, ...]:
    """The rules about one type."""
    return tuple(rule for rule in RULES if rule.kind.fullmatch(kind))


def breaches(kind: str, config: Any) -> Iterator[Breach]:
    """Yield what is wrong with a configuration of a resource of this type."""
    for rule in rules_for(kind):
        yield from found_by(rule, config)
