"""docs/reference/events.md: what others rely on is what the code tells."""

from typing import Any

import pytest

from gcp.event_messages import attributes_of
from rollouts.messages import message
from rollouts.notices import KINDS
from tests.docs.pages import blocks, rows, sections, shape
from tests.docs.scenarios import decision, notice

SECTIONS = sections("events.md")
EVENTS, DECISIONS = SECTIONS["Events"], SECTIONS["The decision record"]
(EVENT,) = blocks(EVENTS, "event")
(DECISION,) = blocks(DECISIONS, "decision")
KIND_OF = {str: "text", int: "number", dict: "object", list: "list", type(None): "null"}


def listed(text: str, head: str) -> dict[str, str]:
    return {row[0]: row[1] for row in rows(text, head)}


def kinds(document: dict[str, Any]) -> dict[str, str]:
    return {key: KIND_OF[type(value)] for key, value in document.items()}


def test_the_example_of_an_event_has_the_codes_keys_and_kinds():
    assert shape(EVENT) == shape(notice().as_cloud_event())


def test_the_example_of_a_decision_has_the_codes_keys_and_kinds():
    found = decision()

    assert shape(DECISION | {"intervals": []}) == shape(found | {"intervals": []})
    assert {repr(list(one)) for one in DECISION["intervals"]} == {
        repr(list(one)) for one in found["intervals"]
    }


def test_every_kind_of_event_is_listed():
    assert {row[0] for row in rows(EVENTS, "event")} == set(KINDS)


def test_the_tables_name_every_field_and_its_kind():
    assert listed(EVENTS, "attribute") == kinds(EVENT)
    assert listed(EVENTS, "field") == kinds(EVENT["data"])
    told = listed(DECISIONS, "field")
    assert told.pop("log_until") == "text or null"
    assert told == {key: kind for key, kind in kinds(DECISION).items() if key != "log_until"}


@pytest.mark.parametrize("attribute", sorted(attributes_of(notice())))
def test_the_page_names_what_a_subscription_can_filter_on(attribute):
    assert f"`{attribute}`" in EVENTS.partition("|")[0]


def test_the_example_can_be_told_to_a_chat():
    assert EVENT["data"]["canary"] in message(EVENT["data"])["text"]
