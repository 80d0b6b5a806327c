"""Reading YAML and JSON with positions, safely (reference section 1.1)."""

import json
from typing import Any

import pytest

from local_cloud.workflows.language.faults import BuildError, Position
from local_cloud.workflows.language.source import Mapping, Scalar, Sequence, read_source


def tree(text: str) -> Any:
    return read_source(text)


def scalar(text):
    node = read_source(text)
    assert isinstance(node, Scalar)
    return node.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(word, word) for word in ("yes", "no", "on", "off", "y", "2026-01-01", "1_000", "0b1")],
        *[(word, True) for word in ("true", "True", "TRUE")],
        *[(word, False) for word in ("false", "False", "FALSE")],
        *[(word, None) for word in ("null", "~")],
        ("-12", -12),
        ("0x1F", 31),
        ("010", 10),
        ("1.5", 1.5),
        ("1e999", "1e999"),
        ("1e3", 1000.0),
        ("'12'", "12"),
        ('"true"', "true"),
        ("99999999999999999999999", 1e23),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(text, value):
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_nodes_know_where_they_stand():
    root = tree("main:\n  steps:\n    - a:\n        call: f\n")
    steps = root.get("main").get("steps")
    call, _ = steps.items[0].get("a").entries[0]
    assert call.position == Position(4, 9, 4)


def test_json_is_read_as_json_with_positions():
    root = tree('{\n\t"a": [1, {"b": "\\ud83d\\ude00"}]\n}')
    value = root.get("a").items[1].get("b")
    assert value.value == "😀"
    assert value.position == Position(2, 17, 14)


@pytest.mark.parametrize(
    "document", [[], {}, [[]], {"a": {}}, [1, [2, {"b": []}], {}], {"a": [None, True, -1.5e3]}]
)
def test_json_documents_of_every_shape_are_read(document):
    def plain(node):
        if isinstance(node, Mapping):
            return {key.value: plain(value) for key, value in node.entries}
        if isinstance(node, Sequence):
            return [plain(item) for item in node.items]
        return node.value

    assert plain(read_source(json.dumps(document))) == document


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("# only a comment", "empty"),
        ("a: 1\na: 2", "already defined"),
        ('{"a": 1, "a": 2}', "already defined"),
        ("a: [1", "yaml: "),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("a: *x", "unknown anchor"),
        ("? [a]\n: 1", "key must be a scalar"),
        ("\ta: 1", "yaml: "),
        ('{"a": }', ""),
        ("[" * 200 + "]" * 200, "nested deeper"),
        ("- " * 5000, "nested deeper"),
        ("x" * (128 * 1024 + 1), "larger than 128 KB"),
    ],
)
def test_a_text_that_is_no_source_is_refused_in_a_sentence(text, message):
    if text == '{"a": }':  # Flow YAML knows empty values; JSON does not.
        assert isinstance(read_source(text), Mapping)
        return
    with pytest.raises(BuildError) as refused:
        read_source(text)
    assert message in refused.value.message


def test_aliases_are_read_but_bombs_are_not():
    assert tree("a: &x [1]\nb: *x").get("b").items[0].value == 1
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    with pytest.raises(BuildError) as refused:
        read_source(bomb)
    assert "excessive aliasing" in refused.value.message


def test_integer_keys_are_strings():
    root = tree("1: 10\ntrue: 20")
    assert [key.value for key, _ in root.entries] == ["1", "true"]


def test_half_a_character_is_told_with_its_place():
    """JSON over the wire can carry what UTF-8 cannot."""
    with pytest.raises(BuildError) as refused:
        read_source("main:\n  steps: \ud800")

    assert (
        refused.value.text()
        == "failed to build: yaml: source is not UTF-8 text (line: 2, column: 10)"
    )


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("[${key}]", ["${key}"]),
        ("[ ${a[0]} ]", ["${a[0]}"]),
        ("[${f(a, b)}] # [${c}]", ["${f(a, b)}"]),
        ("['a', ${b}]", ["a", "${b}"]),
        ('["build", "-t", ${path[0]}, "."]', ["build", "-t", "${path[0]}", "."]),
    ],
)
def test_one_expression_of_a_flow_list_needs_no_quotes(text, items):
    tree = read_source(f"a: {text}")

    assert isinstance(tree, Mapping)
    (_, found), *_ = tree.entries
    assert isinstance(found, Sequence)
    assert [one.value for one in found.items if isinstance(one, Scalar)] == items


@pytest.mark.parametrize("text", ["[${a}, ${b}]", "[a, ${b}, ${c}]", "{b: ${c}}"])
def test_several_expressions_without_quotes_are_no_yaml(text):
    with pytest.raises(BuildError, match="yaml: "):
        read_source(f"a: {text}")


@pytest.mark.parametrize("text", ["[${a]", "[${a}", "[${a} b]", "[${a}{]"])
def test_what_only_resembles_such_an_item_is_no_yaml(text):
    with pytest.raises(BuildError, match="yaml: "):
        read_source(f"a: {text}")


def test_a_long_expression_is_not_repeated_by_aliases_for_ever():
    """Each is compiled: 25,000 of 380 characters would take twenty seconds."""
    long = "'${" + "1+" * 190 + "1}'"
    again = ",".join(["*x"] * 25_000)
    with pytest.raises(BuildError) as refused:
        read_source(f"a: &x {long}\nb: [{again}]")
    assert "excessive aliasing" in refused.value.message
