"""`python -m local_cloud.workflows check FILE`."""

from local_cloud.workflows.__main__ import main


def test_a_file_that_deploys_is_silent(tmp_path, capsys):
    path = tmp_path / "w.yaml"
    path.write_text("- r:\n    return: 1\n", encoding="utf-8")
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().err == ""


def test_each_problem_is_a_line_with_its_place(tmp_path, capsys):
    path = tmp_path / "w.yaml"
    path.write_text("- r:\n    next: nowhere\n- s:\n    return: ${x}\n", encoding="utf-8")
    assert main(["check", str(path)]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"{path}:2:11: error in step r: next step 'nowhere' not found"
    assert second.startswith(f"{path}:4:13: error in step s: ")


def test_wrong_usage_and_a_missing_file_are_told_without_a_traceback(tmp_path, capsys):
    assert main([]) == 2
    assert main(["check", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_file_that_is_no_text_is_told(tmp_path, capsys):
    path = tmp_path / "w.yaml"
    path.write_bytes(b"\xff\xfe")
    assert main(["check", str(path)]) == 1
    assert "not UTF-8" in capsys.readouterr().err
