"""`run`: one execution, its result, what is said of it and its exit status."""

import io
import json
import re
import sys

import pytest

from local_cloud.workflows.__main__ import main

ECHO = "main:\n  params: [a]\n  steps:\n    - give:\n        return: ${a}\n"
FAILING = """\
main:
  steps:
    - begin:
        assign: [{a: 1}]
    - fail:
        raise: {code: 7, message: "it broke"}
"""
SLEEP = "- nap:\n    call: sys.sleep\n    args: {seconds: 3600}\n- done:\n    return: awake\n"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a source; return the exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def play(source, *words):
        (tmp_path / "w.yaml").write_text(source, encoding="utf-8")
        status = main(["run", "w.yaml", *words])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return play


@pytest.mark.parametrize("data", ["null", '{"k": [1, 2.5, "é"]}', "9007199254740993"])
def test_the_result_is_all_of_standard_output(run, data):
    status, out, _ = run(ECHO, "--data", data)

    assert status == 0
    assert json.loads(out) == json.loads(data)


def test_without_data_the_argument_is_null(run):
    assert run(ECHO)[1] == "null\n"


def test_the_argument_comes_from_a_file_or_from_standard_input(run, tmp_path, monkeypatch):
    (tmp_path / "data.json").write_text('{"from": "file"}', encoding="utf-8")
    assert run(ECHO, "--data", "@data.json")[1] == '{"from":"file"}\n'

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"from": "pipe"}')))
    assert run(ECHO, "--data", "-")[1] == '{"from":"pipe"}\n'


def test_quiet_says_nothing_of_a_success(run):
    assert run(ECHO, "--quiet") == (0, "null\n", "")


def test_a_failure_is_shown_as_the_console_does_with_its_place(run):
    status, out, err = run(FAILING, "--quiet")

    assert (status, out) == (1, "")
    assert re.sub(r"after .*", "after 0 ms", err) == (
        "error: the execution failed after 0 ms\n"
        "it broke\n"
        'in step "fail", routine "main", line: 6\n'
        "{\n"
        '  "code": 7,\n'
        '  "message": "it broke"\n'
        "}\n"
        "w.yaml:6:9\n"
        '6 |         raise: {code: 7, message: "it broke"}\n'
        "  |         ^^^^^\n"
    )


def test_what_does_not_deploy_is_told_as_check_does(run):
    status, out, err = run("- r:\n    return: ${x}\n")

    assert (status, out) == (1, "")
    assert err.startswith("w.yaml:2:13: error in step r: ")


def test_an_hour_of_sleep_passes_at_once_when_it_may(run):
    status, out, err = run(SLEEP, "--fast", "--no-trace")

    assert (status, out) == (0, '"awake"\n')
    assert err == "succeeded in 1 h\n"


def test_what_takes_too_long_is_cancelled_with_a_status_of_its_own(run):
    status, out, err = run(SLEEP, "--timeout", "0.01", "--no-trace")

    assert (status, out) == (124, "")
    assert "cancelled in step 'nap' of 'main' after " in err
    assert err.endswith("it was not over after --timeout 0.01 seconds\n")


def test_a_log_entry_is_told_where_steps_are_not(run):
    source = '- log:\n    call: sys.log\n    args: {text: "hello", severity: WARNING}\n'

    assert run(source, "--no-trace")[2].splitlines()[0] == "log WARNING: hello"


def test_the_workflow_sees_project_location_id_and_user_variables(run):
    names = ["GOOGLE_CLOUD_PROJECT_ID", "GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_WORKFLOW_ID", "X"]
    listed = ", ".join(f'sys.get_env("{name}")' for name in names)
    source = f"- r:\n    return: '${{[{listed}]}}'\n"

    out = run(source, "--project", "p", "--location", "l", "--env", "X=a=b")[1]

    assert json.loads(out) == ["p", "l", "w", "a=b"]


def test_a_user_variable_that_the_service_refuses_is_wrong_usage(run):
    status, out, err = run(ECHO, "--env", "GOOGLE_X=1")

    assert (status, out) == (2, "")
    assert err.startswith("error: invalid environment variable name: GOOGLE_X")
