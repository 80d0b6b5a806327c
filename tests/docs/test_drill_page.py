"""docs/drill.md: its figures, its fields and its words are those of the drill."""

import json
import re

import pytest
import yaml

from tests.docs.pages import rows
from tests.flow.drilling import DrillFlow
from tests.flow.install import ROOT

PAGE = (ROOT / "docs" / "drill.md").read_text()
WORKFLOW = (ROOT / "workflows" / "drill.yaml").read_text()
MEASURED = {
    int(warm.split()[0]): int(said.split()[0])
    for warm, said in rows(PAGE, "stable was kept busy for")
}


@pytest.fixture(scope="module", params=MEASURED)
def measured(request):
    flow = DrillFlow()
    return request.param, flow.result(flow.drills(warm_seconds=request.param))


def test_a_drill_of_an_unused_staging_takes_as_long_as_the_page_says(measured):
    warm, told = measured

    assert round(told["seconds_to_rollback"]) == MEASURED[warm]


def test_the_page_shows_every_field_of_the_answer(measured):
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)

    assert set(json.loads(shown)) == set(measured[1])


def test_the_page_names_every_field_of_the_argument_with_its_default():
    asked = re.findall(r'map\.get\(argument, "(\w+)"\), ([^)]*)\)', WORKFLOW)
    fields = {
        name: default for cell, default, _ in rows(PAGE, "field") for name in cell.split(", ")
    }

    assert set(fields) == {name for name, _ in asked}
    usual = yaml.safe_load(WORKFLOW)["main"]["steps"][0]["defaults"]["assign"][-1]["fault"]
    for name, default in asked:
        if default == "fault":
            assert json.loads(fields[name]) == usual
        elif default != '""':
            assert fields[name] == default.strip('"')


def test_whatever_the_page_explains_of_a_failure_the_drill_says():
    said = [row[0] for row in rows(PAGE, "it says")]

    assert len(said) > 10
    assert [one for one in said if one not in WORKFLOW] == []


def test_every_way_to_fail_is_explained():
    """By the words that stand in both."""
    said = [row[0] for row in rows(PAGE, "it says")]
    judged = WORKFLOW.partition("\nwhat_is_wrong:")[2].partition("\ntake_back:")[0]
    reasons = re.findall(r'return: \$\{"(.{12,})', judged)

    assert len(reasons) >= 10
    assert [one for one in reasons if not any(words in one for words in said)] == []
