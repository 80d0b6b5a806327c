"""Every case on the engine, and what keeps the cases honest (see README.md beside this file)."""

import collections
import dataclasses
from typing import Any

import pytest

from tests.conformance import cases
from tests.conformance.cases import all_cases
from tests.conformance.page import PAGE, page
from tests.conformance.runner import play


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: f"{case.chapter}: {case.id}")
def test_the_engine_does_what_the_reference_says(case):
    assert play(case) == []


def test_there_are_many_and_each_has_a_name_of_its_own():
    counts = collections.Counter(f"{case.chapter}: {case.id}" for case in all_cases())
    assert [name for name, count in counts.items() if count > 1] == []
    assert len(all_cases()) >= 620


def test_each_says_where_its_fact_is_written():
    wrong = [
        (case.id, case.source)
        for case in all_cases()
        if not cases.SOURCE.fullmatch(case.source) or not set(case.tags()) <= cases.TAGS.keys()
    ]
    assert wrong == []


def test_each_expects_something_and_says_nothing_that_is_not_read():
    wrong = [
        case.id
        for case in all_cases()
        if set(case.fields) - cases.FIELDS
        or not (cases.OUTCOMES | {"calls"}) & set(case.fields)
        or len(cases.WHAT & set(case.fields)) != 1
    ]
    assert wrong == []


def wrong(value: Any) -> Any:
    """Return an expectation of the same kind that cannot be met."""
    if isinstance(value, dict):
        name, inner = next(iter(value.items()), ("lacking", None))
        return {**value, name: wrong(inner)}
    if isinstance(value, list):
        return [*value, "one more"]
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else "something else"


@pytest.mark.parametrize("outcome", sorted(cases.OUTCOMES))
def test_a_wrong_expectation_of_each_kind_is_told(outcome):
    some = [case for case in all_cases() if outcome in case.fields][:3]
    for case in some:
        fields = {**case.fields, outcome: wrong(case.fields[outcome])}
        assert play(dataclasses.replace(case, fields=fields)) != [], case.id
    assert some


def test_a_wrong_expectation_of_a_call_is_told():
    case = next(case for case in all_cases() if "calls" in case.fields)
    *before, last = case.fields["calls"]
    for change in ({"status": 299}, {"answer": {"lacking": 1}}):
        fields = {**case.fields, "calls": [*before, {**last, **change}]}
        assert play(dataclasses.replace(case, fields=fields)) != []


def test_cases_against_the_workflows_are_not_rare():
    refused = [
        case for case in all_cases() if {"deploy", "error", "error_includes"} & set(case.fields)
    ]
    assert len(refused) * 4 > len(all_cases())


def test_the_page_tells_how_many_cases_there_are():
    assert PAGE.read_text() == page(), "run `make golden`"
