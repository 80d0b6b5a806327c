"""Documents name only what is there. Each check is tried on planted mistakes as well."""

from pathlib import Path

import pytest

from tests.docs.documents import anchors, broken_links, documents, missing_paths

ROOT = Path(__file__).parents[2]


def test_every_relative_link_leads_somewhere():
    broken = broken_links(ROOT)

    assert not broken, "links that lead nowhere:\n" + "\n".join(broken)


def test_every_path_in_backticks_exists():
    missing = missing_paths(ROOT)

    assert not missing, "paths that are not in the repository:\n" + "\n".join(missing)


def test_the_checks_look_at_the_documents_of_the_repository():
    found = {path.relative_to(ROOT).as_posix() for path in documents(ROOT)}

    assert {"ARCHITECTURE.md", "docs/README.md", "health_service/README.md"} <= found
    assert not any(path.startswith(".") for path in found)


def test_the_index_leads_to_every_page():
    """A page that nothing leads to is not read."""
    index = (ROOT / "docs/README.md").read_text()
    pages = {
        path.relative_to(ROOT / "docs").as_posix()
        for path in documents(ROOT)
        if (ROOT / "docs") in path.parents
    } - {"README.md"}

    assert not [page for page in sorted(pages) if f"]({page})" not in index]


def planted(root: Path, text: str) -> Path:
    (root / "functions").mkdir()
    (root / "functions" / "plan.py").write_text("")
    (root / "docs").mkdir()
    (root / "docs" / "other.md").write_text("# Other page\n\n## What `it` does, and why\n")
    (root / "README.md").write_text(text)
    return root


@pytest.mark.parametrize(
    "text",
    [
        "[a](functions/plan.py)",
        "[a](docs/other.md#other-page)",
        "[a](docs/other.md#what-it-does-and-why)",
        "# Here\n[a](#here)",
        "[a](https://example.com/none.md)",
        "[a](mailto:nobody@example.com)",
        "`[a](none.md)`",
        "```\n[a](none.md)\n```",
    ],
)
def test_a_link_that_leads_somewhere_is_fine(tmp_path, text):
    assert broken_links(planted(tmp_path, text)) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a](none.md)", "README.md:1: links to none.md, which is not there"),
        (
            "\n\n[a](functions/none.py)",
            "README.md:3: links to functions/none.py, which is not there",
        ),
        ("```\nx\n```\n[a](none.md)", "README.md:4: links to none.md, which is not there"),
        ('[a](none.md "title")', "README.md:1: links to none.md, which is not there"),
        ("[a](#gone)", "README.md:1: links to #gone, which has no heading for #gone"),
        (
            "[a](docs/other.md#gone)",
            "README.md:1: links to docs/other.md#gone, which has no heading for #gone",
        ),
    ],
)
def test_a_link_that_leads_nowhere_is_told_with_its_place(tmp_path, text, told):
    assert broken_links(planted(tmp_path, text)) == [told]


@pytest.mark.parametrize(
    "text",
    [
        "`functions/plan.py`",
        "`functions/`",
        "`functions/*.py`",
        "`README.md`",
        "`run functions/none.py now`",
        "`google/cloud/none.py`",
        "`functions/NAME.py`",
        "```\nfunctions/none.py\n```",
        "`.venv/bin/python`",
    ],
)
def test_a_path_that_is_there_or_is_no_path_of_ours_is_fine(tmp_path, text):
    assert missing_paths(planted(tmp_path, text)) == []


@pytest.mark.parametrize(
    "named", ["functions/none.py", "functions/none/", "functions/*.yaml", "NONE.md"]
)
def test_a_path_that_is_not_there_is_told_with_its_place(tmp_path, named):
    root = planted(tmp_path, f"first\n`{named}`")

    assert missing_paths(root) == [f"README.md:2: names `{named}`, which is not there"]


def test_equal_headings_have_numbered_anchors():
    assert anchors("# One\n## One\n```\n# Code\n```\n") == {"one", "one-1"}
