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


def test_a_choice_holds_at_deployment_and_at_run_time(run):
    source = "- r:\n    return: ${['a' < \"b\", 5.0]}\n"
    words = ["string_order=compare", "single_quotes=accept", "whole_doubles=5.0"]

    status, out, _ = run(source, *(word for one in words for word in ("--choice", one)))

    assert (status, out) == (0, "[true,5.0]\n")


STEPS = """main:
  steps:
    - each:
        for:
          value: name
          in: ["ann", "bob"]
          steps:
            - ask:
                call: greeting
                args: {name: "${name}"}
                result: text
    - wait:
        call: sys.sleep
        args: {seconds: 90}
    - both:
        parallel:
          branches:
            - left: {steps: [{nap: {call: sys.sleep, args: {seconds: 5}}}]}
            - right: {steps: [{set: {assign: [{a: 1.5}]}}]}
    - risky:
        try: {raise: "no"}
        except: {as: e, steps: [{give: {return: "${e}"}}]}
greeting:
  params: [name]
  steps:
    - choose:
        switch:
          - condition: ${name == "bob"}
            return: "Hi!"
    - plain:
        return: ${"Hello " + name}
"""


def test_each_step_is_told_with_its_values(run):
    status, out, err = run(STEPS, "--fast")

    assert (status, out) == (0, '"no"\n')
    assert (
        re.sub(r"^ *[\d.]+\d{3} ", "", err, flags=re.MULTILINE)
        == """\
each                         for
  #0                         name = "ann"
    ask                      call greeting(name = "ann")
      choose                 switch
      plain                  return "Hello ann"
    ask                      -> "Hello ann"
  #1                         name = "bob"
    ask                      call greeting(name = "bob")
      choose                 switch condition 1: ${name == "bob"}
        choose               return "Hi!"
    ask                      -> "Hi!"
wait                         call sys.sleep(seconds = 90)
wait                         done (1 min 30 s)
both                         parallel
  left                       branch
    [left] nap               call sys.sleep(seconds = 5)
  right                      branch
    [right] set              assign a = 1.5
    [left] nap               done (5 s)
risky                        try
  risky                      raise "no"
            w.yaml:21:15
            21 |         try: {raise: "no"}
               |               ^^^^^
  risky                      except e = "no"
    give                     return "no"
succeeded in 1 min 35 s
"""
    )


def test_where_callbacks_are_sent_to_is_told_without_steps_too(run):
    source = """\
- make:
    call: events.create_callback_endpoint
    args: {http_callback_method: PUT}
    result: made
- give:
    return: ${made.url}
"""
    told = [run(source, *words) for words in ((), ("--no-trace",))]

    for status, out, err in told:
        assert status == 0
        assert f"callback: curl -X PUT {json.loads(out)}\n" in err


def test_a_workflow_executes_another_one(run, tmp_path):
    (tmp_path / "helper.yaml").write_text(ECHO, encoding="utf-8")
    source = """\
- ask:
    call: googleapis.workflowexecutions.v1.projects.locations.workflows.executions.run
    args:
      workflow_id: other
      argument: {text: hello}
    result: answer
- give:
    return: ${answer}
"""
    status, out, err = run(source, "--deploy", "other=helper.yaml", "--fast")

    assert (status, json.loads(out)) == (0, {"text": "hello"})
    assert re.search(r"^other/\w{8} .* give +return {\"text\": \"hello\"}$", err, re.MULTILINE)


def test_iterations_beside_one_another_are_told_by_number_and_value(run):
    source = """\
- each:
    parallel:
      for:
        value: v
        index: i
        in: [10, 20]
        steps:
          - nap: {call: sys.sleep, args: {seconds: "${v}"}}
"""
    said = [line[10:].split() for line in run(source, "--fast")[2].splitlines()]

    assert ["#1", "v", "=", "20,", "i", "=", "1"] in said
    assert ["[#1]", "nap", "done", "(20", "s)"] in said


def test_a_request_that_would_leave_this_machine_fails_with_a_hint(run):
    source = "- get:\n    call: http.get\n    args: {url: 'https://203.0.113.1/'}\n"

    status, _, err = run(source, "--no-trace")

    assert status == 1
    assert "ConnectionFailedError: connection failed: 203.0.113.1 refused" in err
    assert err.splitlines()[-1].startswith(" hint: --internet lets requests out")
