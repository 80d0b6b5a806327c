"""The backtest's command line: one file, one policy, one exit status, and never a traceback."""

from pathlib import Path

import pytest
import yaml

from tests.unit.functions.rollouts.builders import document
from tools.backtest import main

ROWS = ("time,role,requests,errors", "2026-11-22T12:00:00Z,canary,120,{errors}", "2026-11-22T12:00:00Z,stable,1080,0")  # fmt: skip


@pytest.fixture
def files(tmp_path):
    """Write a policy and a recording of one minute; return how to call the command."""
    policy, counts = tmp_path / "delivery.yaml", tmp_path / "counts.csv"
    policy.write_text(dumped(document()))
    counts.write_text("\n".join(ROWS).format(errors=0))
    return Files(policy, counts)


def dumped(content):
    return yaml.safe_dump(content, sort_keys=False)


class Files:
    def __init__(self, policy: Path, counts: Path) -> None:
        self.policy, self.counts = policy, counts

    def run(self, *more: str, target: str = "production") -> int:
        return main([str(self.counts), "--policy", str(self.policy), "--target", target, *more])


def minutes(count, canary, stable="1080,0"):
    lines = ["time,role,requests,errors"]
    for number in range(count):
        lines += [f"2026-11-22T12:{number:02}:00Z,canary,{canary}", f"2026-11-22T12:{number:02}:00Z,stable,{stable}"]  # fmt: skip
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("counts", "target", "status", "said"),
    [
        (minutes(12, "1200,0", "0,0"), "staging", 0, "promoted 5m after"),
        (minutes(3, "120,60"), "production", 2, "rolled back 1m after"),
        (minutes(2, "120,0"), "production", 4, "undecided: the file ends 2m after"),
    ],
)
def test_the_exit_status_says_how_it_ended(files, capsys, counts, target, status, said):
    files.counts.write_text(counts)

    assert files.run(target=target) == status
    assert said in capsys.readouterr().out


def test_a_person_who_would_be_asked_is_status_3(files, capsys):
    quiet = document(targets={"production": {**_place(), "steps": [100], "deadline": "20m", "analysis": {"min_requests": 10000}}})  # fmt: skip
    files.policy.write_text(dumped(quiet))
    files.counts.write_text(minutes(30, "12,0"))

    assert files.run() == 3
    assert "a person is asked 20m after" in capsys.readouterr().out


def _place():
    return {"project": "team-web", "region": "europe-west1", "service": "api"}


def test_everything_wrong_in_both_files_is_told_at_once_with_status_1(files, capsys):
    files.policy.write_text("services: {}")
    files.counts.write_text("time,role,requests,errors\nnoon,canary,1,2\n")

    assert files.run() == 1

    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.splitlines()
    assert lines[0] == "error: nothing was replayed"
    assert [line.strip().partition(" is ")[0] for line in lines[1:-1]] == [
        f"{files.policy}: services", f"{files.counts}: line 2: time", f"{files.counts}: line 2: errors",
    ]  # fmt: skip
    assert lines[-1].startswith(" hint: docs/concepts/verdict.md")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b'time,role\n"open', b"a\x00b", b"\n\n", b"x" * 200_000],
)
def test_a_file_that_is_no_table_is_a_sentence(files, capsys, content):
    files.counts.write_bytes(content)

    assert files.run() == 1
    assert capsys.readouterr().err.startswith("error: nothing was replayed\n  ")


def test_a_spreadsheets_byte_order_mark_is_no_part_of_the_first_name(files):
    files.counts.write_text("\ufeff" + minutes(2, "120,0"))

    assert files.run() == 4


def test_a_policy_that_is_no_yaml_or_not_there_is_a_sentence(files, capsys):
    files.policy.write_text("a: [")
    assert files.run() == 1
    files.policy.unlink()
    assert files.run() == 1
    assert capsys.readouterr().err.count("the file is not readable (") == 2


def test_a_target_that_is_not_there_is_told_with_those_that_are(files, capsys):
    assert files.run(target="prod") == 1
    assert (
        "the target is 'prod': must be one of the file's service/target, such as api/staging,"
        " api/production." in capsys.readouterr().err
    )


def test_a_target_of_two_services_needs_the_service(files, capsys):
    both = document()
    both["services"]["web"] = {
        **both["services"]["api"],
        "targets": {"production": {**_place(), "service": "web"}},
    }
    files.policy.write_text(dumped(both))

    assert files.run() == 1
    assert "of api/production, web/production: must be one service's, such as --service api." in (
        capsys.readouterr().err
    )
    assert files.run("--service", "web") == 4


def test_wrong_use_is_status_1_because_2_is_a_rollback(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--target", "production"])

    assert ended.value.code == 1
    assert "error: the following arguments are required" in capsys.readouterr().err
