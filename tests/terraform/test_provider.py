"""The provider's tables speak of types and attributes that exist: a misspelled row would do nothing."""

import json

import pytest

from tests.terraform.provider.forms import DATA, RESOURCES
from tests.terraform.provider.planning import applied, planned, read_data
from tests.terraform.provider.serving import SCHEMAS
from tests.terraform.provider.values import UNKNOWN, decode, encode, wholly_known
from tests.terraform.rules import RULES

PROVIDERS = json.loads(SCHEMAS.read_text("utf-8"))["provider_schemas"].values()
KINDS = {
    kind: {name: one["block"] for given in PROVIDERS for name, one in given[kind].items()}
    for kind in ("resource_schemas", "data_source_schemas")
}
RESOURCE_BLOCKS, DATA_BLOCKS = KINDS["resource_schemas"], KINDS["data_source_schemas"]


def attribute(block, path):
    """The schema of an attribute or block by its names; None if there is none."""
    first, _, rest = path.partition(".")
    if not rest:
        return block.get("attributes", {}).get(first) or block.get("block_types", {}).get(first)
    inner = block.get("block_types", {}).get(first)
    return attribute(inner["block"], rest) if inner else None


@pytest.mark.parametrize(
    ("forms", "blocks"),
    [(RESOURCES, RESOURCE_BLOCKS), (DATA, DATA_BLOCKS)],
    ids=["resources", "data sources"],
)
def test_each_form_is_of_a_computed_attribute(forms, blocks):
    wrong = [
        (kind, path)
        for kind, rows in forms.items()
        for path in rows
        if not (attribute(blocks[kind], path) or {}).get("computed")
    ]

    assert wrong == []


def test_each_rule_is_about_attributes_that_some_type_has():
    wrong = [
        (rule.kind.pattern, rule.path)
        for rule in RULES
        if not any(
            not rule.path or attribute(block, rule.path)
            for kind, block in RESOURCE_BLOCKS.items()
            if rule.kind.fullmatch(kind)
        )
    ]

    assert wrong == []


def empty(block):
    """A configuration in which nothing is set."""
    blocks: dict[str, list[object]] = {name: [] for name in block.get("block_types", {})}
    return {**dict.fromkeys(block.get("attributes", {})), **blocks}


@pytest.mark.parametrize("kind", sorted(RESOURCE_BLOCKS))
def test_whatever_is_unknown_in_a_plan_is_known_after_its_apply(kind):
    block = RESOURCE_BLOCKS[kind]
    plan = planned(kind, block, empty(block), None, filled=False)

    assert not wholly_known(plan)
    assert wholly_known(applied(kind, block, plan))


@pytest.mark.parametrize("kind", sorted(DATA_BLOCKS))
def test_a_data_source_answers_nothing_unknown(kind):
    config = {**empty(DATA_BLOCKS[kind]), "output_path": "none.zip"}

    assert wholly_known(read_data(kind, DATA_BLOCKS[kind], config))


def test_a_resource_that_is_there_keeps_what_was_computed():
    block = RESOURCE_BLOCKS["google_pubsub_topic"]
    prior = {**empty(block), "name": "barq", "id": "projects/barq-x/topics/barq"}

    assert planned("google_pubsub_topic", block, prior, prior, filled=False) == prior
    assert planned("google_pubsub_topic", block, None, prior, filled=False) is None


@pytest.mark.parametrize(
    "value", [None, "a", 1, 1.5, True, ["a", None], {"a": [{"b": UNKNOWN}]}, UNKNOWN]
)
def test_a_value_is_the_same_after_the_wire(value):
    assert decode(encode(value)) == value
