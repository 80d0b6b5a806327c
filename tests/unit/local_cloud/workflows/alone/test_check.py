"""`check`: what would be refused at deployment."""

import io
import json
import sys

import pytest

from local_cloud.workflows.__main__ import main

GOOD = "- r:\n    return: 1\n"
BAD = "- r:\n    next: nowhere\n- s:\n    return: ${x}\n"


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")
    return tmp_path


def test_what_deploys_is_silent(files, capsys):
    assert main(["check", "good.yaml", "good.yaml"]) == 0
    assert capsys.readouterr() == ("", "")


def test_each_problem_of_each_file_is_a_line_with_its_place(files, capsys):
    assert main(["check", "bad.yaml", "good.yaml", "bad.yaml"]) == 1

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert lines[0] == "bad.yaml:2:11: error in step r: next step 'nowhere' not found"
    assert lines[1].startswith("bad.yaml:4:13: error in step s: ")


def test_a_byte_order_mark_is_no_part_of_a_workflow(files):
    (files / "bom.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())

    assert main(["check", "bom.yaml"]) == 0


def test_programs_read_problems_as_json(files, capsys):
    assert main(["check", "--json", "bad.yaml"]) == 1

    first, _ = json.loads(capsys.readouterr().out)
    assert first == {
        "file": "bad.yaml",
        "line": 2,
        "column": 11,
        "message": "error in step r: next step 'nowhere' not found",
    }


def test_standard_input_is_a_file_too(files, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))

    assert main(["check", "-"]) == 1
    assert capsys.readouterr().err.startswith("-:2:11: ")


def test_the_other_files_are_checked_when_one_cannot_be_read(files, capsys):
    assert main(["check", "none.yaml", "bad.yaml"]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: none.yaml cannot be read: No such file or directory"
    assert lines[1].startswith("bad.yaml:2:11: ")


def test_a_file_that_is_no_text_cannot_be_read(files, capsys):
    (files / "image.yaml").write_bytes(b"\xff\xfe")

    assert main(["check", "image.yaml"]) == 2
    assert capsys.readouterr().err == "error: image.yaml is not UTF-8 text\n"


def test_a_choice_says_what_is_refused(files, capsys):
    (files / "quotes.yaml").write_text("- r:\n    return: ${'a' + \"b\"}\n", encoding="utf-8")

    assert main(["check", "quotes.yaml"]) == 1
    assert main(["check", "quotes.yaml", "--choice", "single_quotes=accept"]) == 0
