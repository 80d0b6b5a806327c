"""The syntax tree of a Monitoring filter, and the selectors that a comparison begins with."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from local_cloud.kit.errors import Refused

FULL_MATCH: Final = "monitoring.regex.full_match"
FUNCTIONS: Final = ("starts_with", "ends_with", "has_substring", "one_of", FULL_MATCH)
ORDERED: Final = (">", ">=", "<", "<=")
"""Operators of numbers: for labels whose values are INT64."""
_SELECTOR: Final = re.compile(
    r"(?P<fixed>project|metric\.type|resource\.type)"
    r"|(?P<of>metric|resource)\.labels?\.(?P<key>\"?[A-Za-z_][A-Za-z0-9_]*\"?)"
    r"|metadata\.(?P<whose>user|system)_labels?\.(?P<name>\"[^\"]+\"|[\w.-]+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Compare:
    """`key operator value`, or `key operator function(values)`; key in its plural form."""

    key: str
    operator: str
    function: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Joint:
    """Terms joined by AND or by OR."""

    word: str
    terms: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    term: "Node"


Node = Compare | Joint | Not


def selector(text: str) -> str | None:
    """Return a selector's plural form, such as resource.labels.location; None if it is none."""
    found = _SELECTOR.fullmatch(text)
    if found is None:
        return None
    if found["whose"]:
        return f"metadata.{found['whose']}_labels." + found["name"].strip('"')
    return found["fixed"] or f"{found['of']}.labels." + found["key"].strip('"')


def compares(node: Node) -> Iterator[Compare]:
    """Yield every comparison of a tree."""
    if isinstance(node, Compare):
        yield node
        return
    for term in (node.term,) if isinstance(node, Not) else node.terms:
        yield from compares(term)


def invalid(why: str) -> Refused:
    return Refused("INVALID_ARGUMENT", f"Field filter had an invalid value: {why}.")
