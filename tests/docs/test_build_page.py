"""The page of the build says what cloudbuild.yaml says."""

import re

from tests.build.cloud_build import ROOT, before, read

PAGE = (ROOT / "docs/build.md").read_text("utf-8")
BUILD = read()


def rows(first_heading):
    """The cells of the table whose first heading is this one."""
    [table] = [part for part in PAGE.split("\n\n") if part.startswith(f"| {first_heading} |")]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]


def test_the_table_of_substitutions_has_their_names_and_defaults():
    told = {name.strip("`"): default.strip("`") for name, default, _ in rows("substitution")}

    assert told == {name: value or "empty" for name, value in BUILD["substitutions"].items()}


def test_the_table_of_steps_says_what_each_waits_for():
    told = {
        step.strip("`"): set(re.findall(r"`(\w+)`", waits))
        for step, waits, *_ in rows("step")
        if step.startswith("`")
    }

    assert told == before(BUILD["steps"])


def test_labels_cache_and_revision_are_named_as_they_are():
    scripts = " ".join(step["script"] for step in BUILD["steps"])

    assert set(re.findall(r"dev\.barq\.\w+", PAGE)) == set(re.findall(r"dev\.barq\.\w+", scripts))
    assert "-cache:buildkit" in PAGE
    assert "$IMAGE-cache:buildkit" in scripts


def test_the_timeout_and_the_revision_of_the_schema_are_as_told():
    schema = (ROOT / "tests/build/cloudbuild_schema.json").read_text("utf-8")

    assert f"({int(BUILD['timeout'][:-1]) // 60} minutes)" in PAGE
    assert re.findall(r'"revision": "(\d+)"', schema) == re.findall(r"revision (\d+)", PAGE)
