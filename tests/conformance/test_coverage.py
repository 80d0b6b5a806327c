"""That the cases speak of everything the reference documents, and of every choice."""

import functools
import json
import re
from pathlib import Path

import pytest
import yaml

from local_cloud.workflows.language import choices
from local_cloud.workflows.stdlib import library
from tests.conformance.cases import SOURCE, all_cases

LISTS = yaml.safe_load((Path(__file__).parent / "coverage.yaml").read_text())
FUNCTIONS = [name for group in LISTS["functions"] for name in group["names"]]


@functools.cache
def run() -> str:
    """Everything that cases run, as one text."""
    return "\n".join(case.text() for case in all_cases())


@functools.cache
def expected() -> str:
    outcomes = ("error", "error_includes", "result", "result_includes")
    return json.dumps(
        [
            {name: case.fields[name] for name in outcomes if name in case.fields}
            for case in all_cases()
        ]
    )


def lacking(names, present):
    return [name for name in names if not present(name)]


def test_every_field_of_a_step_and_of_its_parts_is_used():
    names = LISTS["step_fields"] + LISTS["other_fields"]
    assert lacking(names, lambda name: re.search(rf"'?\b{name}'?:", run())) == []


def test_every_documented_function_is_called():
    assert lacking(FUNCTIONS, lambda name: re.search(rf"\b{re.escape(name)}\b", run())) == []


def test_no_function_of_the_library_is_without_a_case():
    """gke.* speaks to clusters, which the local cloud has none of."""
    known = {*library.FUNCTIONS, *library.BLOCKING, *library.PREDICATES, *library.POLICIES}
    assert sorted(name for name in known - set(FUNCTIONS) if not name.startswith("gke.")) == []


def test_every_error_tag_is_expected_somewhere():
    assert lacking(LISTS["error_tags"], lambda tag: re.search(rf"\b{tag}\b", expected())) == []


def test_every_limit_has_cases():
    covered = {limit for case in all_cases() for limit in case.fields.get("covers", [])}
    assert covered == set(LISTS["limits"])


def test_every_operator_is_used():
    expressions = "\n".join(str(case.fields.get("expression", "")) for case in all_cases())
    assert lacking(LISTS["operators"], lambda operator: operator in expressions) == []


def test_every_section_of_the_reference_is_a_source():
    places = [found["place"] for case in all_cases() if (found := SOURCE.fullmatch(case.source))]
    questions = [
        name for case in all_cases() for name in re.findall(r"\[U ([\d.]+)\]", case.source)
    ]
    sections = {place.split(" ")[0] for place in [*places, *questions]}
    assert sections <= set(LISTS["sections"])
    assert lacking(LISTS["sections"], lambda section: section in sections) == []


@pytest.mark.parametrize(("name", "values"), choices.options().items())
def test_every_value_of_a_choice_has_a_case(name, values):
    asked = {case.fields.get("choices", {}).get(name) for case in all_cases()}
    assert asked >= set(values)
