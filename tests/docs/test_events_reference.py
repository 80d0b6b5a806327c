"""docs/reference/events.md: what others rely on is what the code tells."""

import json
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
KIND_OF = {str: "text", int: "number", dict: "object", list: "list", bool: "true or false"}
MAY_BE_NULL = {"decision", "log_until"}


def listed(text: str, head: str) -> dict[str, str]:
    return {row[0]: row[1] for row in rows(text, head)}


def kinds(document: dict[str, Any]) -> dict[str, str]:
    """Return the kind of each field; the examples show what may be null as it is otherwise."""
    return {
        key: KIND_OF[type(value)] + " or null" * (key in MAY_BE_NULL)
        for key, value in document.items()
    }


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
    assert listed(DECISIONS, "field") == kinds(DECISION)
    of_intervals = {key for one in DECISION["intervals"] for key in one}
    told = {key for row in rows(DECISIONS, "of an interval") for key in row[0].split(", ")}
    assert told == {*of_intervals, "carried"} - {"start", "end"}


def test_what_led_to_an_event_has_the_words_of_the_verdict_that_it_sums_up():
    verdict = decision()["verdict"]

    assert set(EVENT["data"]["decision"]) - {"id"} <= set(verdict)
    assert shape(EVENT["data"]["decision"]["numbers"]).keys() == verdict["numbers"].keys()


def test_the_latencies_that_the_page_spells_out_are_those_of_its_example():
    spelled = json.dumps([0, 1, 95, 5])

    assert DECISION["latency_bounds_ms"] == [[50.0, 100.0, 200.0]]
    assert any(one["canary"][3:] == [json.loads(spelled)] for one in DECISION["intervals"])
    assert f"`{spelled}` is 95 requests from 50 to" in DECISIONS


def test_parts_of_a_decision_have_the_fields_that_stand_above_the_decisions_own():
    fields = list(listed(DECISIONS, "field"))
    parts = fields[: fields.index("intervals") + 1]

    assert parts == list(DECISION)[: len(parts)]


@pytest.mark.parametrize("attribute", sorted(attributes_of(notice())))
def test_the_page_names_what_a_subscription_can_filter_on(attribute):
    assert f"`{attribute}`" in EVENTS.partition("|")[0]


def test_the_example_can_be_told_to_a_chat():
    assert EVENT["data"]["canary"] in message(EVENT["data"])["text"]
