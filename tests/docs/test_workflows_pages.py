"""The pages about the local Workflows alone: tables, transcript and commands are the code's."""

import pytest

from docs.workflows import generate
from local_cloud.workflows.__main__ import main
from local_cloud.workflows.language import choices


@pytest.mark.parametrize("page", [generate.REFERENCE, generate.PROCEDURE], ids=lambda one: one.name)
def test_a_page_says_what_the_code_says(page):
    assert page.read_text("utf-8") == generate.filled(page), "run `make golden`"


def test_every_choice_has_its_meaning():
    table = generate.blocks(generate.REFERENCE)["choices"]

    for name in choices.options():
        (row,) = [line for line in table.splitlines() if line.startswith(f"| `{name}` |")]
        assert row.split(" | ")[2].strip(" |")


def test_the_workflows_that_the_page_checks_deploy(monkeypatch, capsys):
    monkeypatch.chdir(generate.ROOT)

    assert main(["check", "docs/workflows/hello.yaml", "workflows/rollout.yaml"]) == 0
    assert capsys.readouterr() == ("", "")
