"""What the verdict's page says that a command says is what the command says."""

from pathlib import Path

import pytest

from docs.concepts import examples

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _at_the_top_of_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_the_page_says_what_its_commands_and_formulas_say():
    text = examples.PAGE.read_text()

    assert examples.page(text) == text, "run `make golden`"


def test_every_part_that_can_be_made_stands_in_the_page():
    text = examples.PAGE.read_text()

    assert [text.count(f"<!-- made: {name} -->\n") for name in examples.PARTS] == [1] * len(
        examples.PARTS
    )


def test_a_part_of_another_name_is_an_error():
    with pytest.raises(KeyError):
        examples.page("<!-- made: nothing -->\n<!-- end -->")
