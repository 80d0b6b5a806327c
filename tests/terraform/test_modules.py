"""Every module and environment: formatted, valid, its own tests pass, and no message is untried."""

import functools
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.terraform.blocks import blocks, blocks_of
from tests.terraform.harness import fmt_check, run_tftest, validate
from tests.terraform.modules import (
    folders,
    light_tree,
    name_of,
    refused_by,
    tree_of_what_passes,
    tree_that_tells_refusals,
)

FOLDERS = folders()
MESSAGE_FROM = re.compile(r"checked by the validation rule at (\S+):(\d+),")
# The versions of the providers whose schemas are in google-schema.json.
SCHEMAS_OF = {"google": (7, 45), "archive": (2, 8), "random": (3, 9), "time": (0, 14)}
in_each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=name_of)


def validations(folder: Path) -> list[tuple[str, int]]:
    """Where the rules of a module's variables stand: file and line."""
    return [
        (block.file.name, line)
        for block in blocks_of(folder, "variable")
        for line in block.inner("validation")
    ]


def test_the_whole_tree_is_formatted():
    assert fmt_check(light_tree()) == []


@in_each_folder
def test_it_is_valid_without_a_warning(folder):
    assert validate(folder) == []


@in_each_folder
def test_its_own_tests_pass(folder):
    runs = run_tftest(tree_of_what_passes() / name_of(folder))

    assert [(one.file, one.name, one.messages) for one in runs if one.status != "pass"] == []
    assert runs


@functools.cache
def refusals(folder: Path) -> dict[str, set[tuple[str, int]]]:
    """The rules that refused something, by the test run that was refused."""
    runs = run_tftest(tree_that_tells_refusals() / name_of(folder))
    return {
        run.name: {
            (match[1], int(match[2]))
            for message in run.messages
            for match in MESSAGE_FROM.finditer(message)
        }
        for run in runs
    }


@pytest.mark.parametrize("folder", [one for one in FOLDERS if validations(one)], ids=name_of)
def test_each_message_of_its_variables_is_told_by_a_test(folder):
    seen = set().union(*refusals(folder).values())

    assert [place for place in validations(folder) if place not in seen] == []


@pytest.mark.parametrize("folder", [one for one in FOLDERS if validations(one)], ids=name_of)
def test_what_a_test_expects_to_be_refused_is_what_is_refused(folder):
    """By a variable's own rule: a plan that fails for another reason has refused nothing."""
    variable_at = {
        (block.file.name, line): block.labels[0]
        for block in blocks_of(folder, "variable")
        for line in block.inner("validation")
    }
    expected = {
        run.labels[0]: refused_by(run)
        for file in sorted(folder.rglob("*.tftest.hcl"))
        for run in blocks(file)
        if refused_by(run)
    }
    refused = {
        name: frozenset(variable_at[place] for place in places)
        for name, places in refusals(folder).items()
    }

    assert refused == expected


@in_each_folder
def test_each_message_carries_the_value_and_an_example(folder):
    untold = [
        f"{block.labels[0]}: {line}"
        for block in blocks_of(folder, "variable")
        for line in block.lines
        if "error_message" in line
        and not ("such as" in line and ("${" in line or " is {}" in line))
        and " is true and " not in line
    ]

    assert untold == []


@in_each_folder
def test_each_variable_is_typed_told_about_and_never_null_by_accident(folder):
    wrong = [
        block.labels[0]
        for block in blocks_of(folder, "variable")
        if not block.argument("type")
        or not block.argument("description")
        or (block.argument("nullable") != "false") is not (block.argument("default") == "null")
    ]

    assert wrong == []


@in_each_folder
def test_each_output_is_told_about(folder):
    assert [b.labels[0] for b in blocks_of(folder, "output") if not b.argument("description")] == []


@in_each_folder
def test_it_names_the_versions_that_it_is_written_for(folder):
    """With a lowest and a first one that may break it: those of the schemas lie between."""
    (terraform,) = blocks_of(light_tree() / name_of(folder), "terraform")
    text = "\n".join(terraform.lines)
    named = dict(re.findall(r'"hashicorp/(\w+)"\s+version = "([^"]+)"', text))

    assert terraform.argument("required_version") == '">= 1.11"'
    assert set(named) == set(re.findall(r'"hashicorp/(\w+)"', text))
    for name, versions in named.items():
        lowest, too_high = _range(versions)
        assert lowest <= SCHEMAS_OF[name] < too_high
    assert named.get("google", ">= 7.0, < 9.0") == ">= 7.0, < 9.0"


def _range(versions: str) -> list[tuple[int, ...]]:
    """The lowest version and the first that is too high, of `>= 2.6, < 3.0` or `~> 2.6`."""
    major, minor = re.match(r"(?:>=|~>) (\d+)\.(\d+)", versions).groups()  # type: ignore[union-attr]
    below = re.search(r", < (\d+)\.(\d+)$", versions)
    high = below.groups() if below else (int(major) + 1, 0)
    assert below or versions == f"~> {major}.{minor}"
    return [(int(major), int(minor)), (int(high[0]), int(high[1]))]


@in_each_folder
def test_a_provider_is_set_up_in_environments_only(folder):
    providers = blocks_of(folder, "provider")

    assert bool(providers) is name_of(folder).startswith("environments/")


@in_each_folder
def test_nothing_is_declared_twice_under_one_name(folder):
    names = Counter(
        (kind, block.labels)
        for kind in ("resource", "data", "variable", "output", "module")
        for block in blocks_of(folder, kind)
    )

    assert [name for name, count in names.items() if count > 1] == []
