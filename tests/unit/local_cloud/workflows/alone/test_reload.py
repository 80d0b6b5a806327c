"""Files that are deployed, and again when they change. Looks are made by hand."""

import os

import pytest

from local_cloud.workflows.alone.reload import Reloader
from local_cloud.workflows.alone.wrong import Wrong


class Told:
    def __init__(self, *words):
        self.deployed: list[tuple[str, str]] = []
        self.lines: list[str] = []
        self.reloader = Reloader(
            [str(word) for word in words],
            lambda one, text: self.deployed.append((one.workflow, text)),
            self.lines.append,
        )
        self.reloader.start()

    def looks(self, times=2):
        self.deployed.clear()
        for _ in range(times):
            self.reloader.look()
        return self.deployed


def write(path, text):
    """Write as an editor does: another file in its place, so its stamp differs for sure."""
    fresh = path.with_suffix(".swp")
    fresh.write_text(text)
    fresh.replace(path)


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "greet.yaml"
    found.write_text("one")
    return found


def test_every_file_is_deployed_at_the_start_under_its_name_or_the_one_given(path, tmp_path):
    other = tmp_path / "some file.yaml"
    other.write_text("two")

    assert Told(path, f"other={other}").deployed == [("greet", "one"), ("other", "two")]


def test_a_change_is_deployed_once(path):
    told = Told(path)
    assert told.looks() == []

    write(path, "changed")
    assert told.looks() == [("greet", "changed")]
    assert told.looks() == []


def test_a_file_that_is_being_written_is_left_alone(path):
    told = Told(path)

    write(path, "half")
    assert told.looks(1) == []
    write(path, "whole")
    assert told.looks(1) == []
    assert told.looks(1) == [("greet", "whole")]


def test_a_file_that_is_touched_or_comes_back_as_it_was_is_not_deployed(path):
    told = Told(path)

    os.utime(path, (1, 1))
    assert told.looks() == []
    path.unlink()
    assert told.looks() == []
    assert told.lines == [f"{path} is gone; greet stays deployed"]
    path.write_text("one")
    assert told.looks() == []


def test_a_file_that_cannot_be_read_is_told_and_the_next_change_is_deployed(path):
    told = Told(path)

    path.write_bytes(b"\xff\xfe\xff")
    assert told.looks() == []
    assert told.lines == [f"{path} is not UTF-8 text; nothing was deployed"]
    write(path, "again")
    assert told.looks() == [("greet", "again")]


def test_a_folder_is_its_workflows_and_those_that_come(path, tmp_path):
    (tmp_path / "notes.txt").write_text("no workflow")
    (tmp_path / "no id.yaml").write_text("no id")
    told = Told(tmp_path)
    assert told.deployed == [("greet", "one")]

    (tmp_path / "late.json").write_text("two")
    (tmp_path / "greet.yml").write_text("the same id as another one")
    assert told.looks(3) == [("late", "two")]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("none.yaml", "none.yaml cannot be read: No such file or directory"),
        ("1x=none.yaml", "'1x' is no workflow id"),
        ("no id.yaml", "'no id' is no workflow id"),
    ],
)
def test_what_is_no_workflow_is_refused_at_the_start(tmp_path, word, text, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(Wrong) as wrong:
        Told(word)

    assert wrong.value.what == text


def test_two_files_are_not_one_workflow(path, tmp_path):
    with pytest.raises(Wrong, match="two files are the workflow greet"):
        Told(path, f"greet={path}")
