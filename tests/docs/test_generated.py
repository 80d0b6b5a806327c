"""Pages that are made from the code say what the code says."""

import json
from pathlib import Path

import pytest
import yaml

from docs import generate
from rollouts import settings
from rollouts.delivery_file import parse_delivery

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(generate.pages()))
def test_a_generated_page_is_what_the_code_says(name):
    assert (ROOT / name).read_text() == generate.pages()[name], "run `make golden`"


def test_every_setting_has_its_row_with_rule_and_meaning():
    rows = (ROOT / generate.DELIVERY).read_text().splitlines()

    for group in settings.GROUPS.values():
        for name, setting in group.items():
            shown = setting.doc.replace("<", "&lt;")
            (row,) = [row for row in rows if row.startswith(f"| `{name}` |") and shown in row]
            assert setting.kind.rule in row


def test_every_group_of_settings_has_its_words():
    assert set(generate.TITLES) == set(settings.GROUPS)


def test_the_file_at_the_top_is_read():
    """Whatever its users made of it; all other tests are about the example."""
    assert parse_delivery(yaml.safe_load((ROOT / "delivery.yaml").read_text())).services


def test_the_example_names_its_schema_and_is_read():
    text = (ROOT / generate.EXAMPLE).read_text()

    first = text.splitlines()[0]
    assert first == f"# yaml-language-server: $schema={generate.SCHEMA}"
    assert json.loads((ROOT / generate.SCHEMA).read_text())["title"] == "delivery.yaml"
    assert parse_delivery(yaml.safe_load(text)).services


def test_a_check_names_what_has_drifted_and_writes_nothing(tmp_path, capsys):
    (tmp_path / generate.EXAMPLE).parent.mkdir(parents=True)
    (tmp_path / generate.EXAMPLE).write_text((ROOT / generate.EXAMPLE).read_text())

    assert generate.main(["--check"], tmp_path) == 1
    assert generate.SCHEMA in capsys.readouterr().err
    assert not (tmp_path / generate.SCHEMA).exists()

    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0
