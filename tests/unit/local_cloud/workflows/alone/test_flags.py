"""The command line: what is read, and how wrong usage is told."""

from typing import Any

import pytest

from local_cloud.workflows.__main__ import main
from local_cloud.workflows.alone import flags
from local_cloud.workflows.language.choices import DEFAULT


def read(*words):
    return flags.parser().parse_args(words)


def test_the_defaults_are_those_of_the_real_service():
    given = read("serve")

    for name in flags.UNLIMITED:
        assert getattr(given, name) == getattr(flags.DEFAULTS, name)
    assert (given.project, given.location) == ("local", "us-central1")


def test_the_settings_are_those_of_the_flags():
    given = read(
        "run", "w.yaml", "--choice", "string_order=compare",
        "--endpoint", "run.googleapis.com=http://localhost:1",
    )  # fmt: skip

    settings = flags.settings_of(given, "http://127.0.0.1:9", writes_per_minute=5)

    assert settings.choices.string_order == "compare"
    assert settings.endpoints["run.googleapis.com"] == "http://localhost:1"
    assert settings.endpoints["workflowexecutions.googleapis.com"] == "http://127.0.0.1:9"
    assert settings.callback_base_url == "http://127.0.0.1:9"
    assert settings.writes_per_minute == 5
    assert read("check", "w.yaml").choice == []
    assert flags.chosen([]) == DEFAULT


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the following arguments are required: run|serve|check"),
        (["fly"], "argument run|serve|check: invalid choice: 'fly'"),
        (["run"], "the following arguments are required: FILE"),
        (["run", "w.yaml", "--what"], "unrecognized arguments: --what"),
        (["serve", "--port", "70000"], "'70000' must be a whole number from 0 to 65535"),
        (["serve", "--writes-per-minute", "-1"], "'-1' must be a whole number, such as 6000"),
        (["run", "w", "--timeout", "soon"], "'soon' must be a number of seconds above 0"),
        (["run", "w", "--timeout", "nan"], "'nan' must be a number of seconds above 0"),
        (["run", "w", "--env", "A"], "'A' must be NAME=VALUE, such as STAGE=test"),
        (["run", "w", "--endpoint", "a=b"], "'a=b' must be HOST=URL, such as run.googleapis.com"),
        (["run", "w", "--colour", "red"], "argument --colour/--color"),
        (["check", "/dev/null", "--choice", "x=1"], "--choice x is no choice: must be one of"),
        (
            ["run", "-", "--data", "-"],
            "standard input cannot be both the workflow and its argument",
        ),
        (["run", "/none.yaml"], "/none.yaml cannot be read: No such file or directory"),
        (["run", "/dev/null", "--data", "{a}"], "the argument is not JSON (1:2)"),
        (["run", "/dev/null", "--data", "@/none"], "/none cannot be read: No such file"),
    ],
)
def test_wrong_usage_is_an_error_line_and_exit_status_2(words, told, capsys):
    status: Any
    try:
        status = main(words)
    except SystemExit as ended:
        status = ended.code

    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert captured.err.startswith(f"error: {told}") or told in captured.err.splitlines()[0]
    assert "Traceback" not in captured.err
