"""Lines of a growing file are told once, whole."""

from local_cloud.run.tail import Tail


def test_lines_are_told_once_and_only_when_they_have_ended(tmp_path):
    file = tmp_path / "log"
    tail = Tail(file)
    assert tail.lines() == []

    file.write_text("one\ntw")
    assert tail.lines() == ["one"]
    assert tail.lines() == []

    with file.open("a") as more:
        more.write("o\n\nthree\n")
    assert tail.lines() == ["two", "", "three"]


def test_what_an_earlier_run_wrote_is_not_told_again(tmp_path):
    file = tmp_path / "log"
    file.write_text("old\n")
    tail = Tail(file)

    with file.open("a") as more:
        more.write("new\n")

    assert tail.lines() == ["new"]


def test_bytes_that_are_no_text_are_told_as_far_as_they_are(tmp_path):
    file = tmp_path / "log"
    tail = Tail(file)

    file.write_bytes(b"caf\xe9\n")

    assert tail.lines() == ["caf\ufffd"]
