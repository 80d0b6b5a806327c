"""The Dockerfile, read and laid out: building it needs a daemon and a network."""

import json
import re
import shutil

import pytest

from tools.dockerfile import FOLDER, disagreements, is_sent, lay_out, stages

DOCKERFILE = (FOLDER / "Dockerfile").read_text("utf-8")
FIRST, LAST = stages(DOCKERFILE)


def test_both_bases_are_pinned_by_digest_and_agree_in_python_and_libc():
    assert disagreements(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("slim-trixie", "slim-bookworm"), "glibc of bookworm, run on trixie"),
        (("python:3.13-", "python:3.14-"), "wheels for Python 3.14, run by 3.13"),
        (
            ('ENTRYPOINT ["/usr/bin/python3.13"]', 'ENTRYPOINT ["/bin/sh"]'),
            "no such file there: /bin/sh",
        ),
        (("python3-debian13", "python3-debian12"), "glibc of trixie, run on bookworm"),
    ],
)
def test_bases_that_do_not_fit_are_seen(change, found):
    said = disagreements(DOCKERFILE.replace(*change))

    assert found in said


def test_a_base_without_a_digest_is_seen():
    bare = re.sub(r"@sha256:[0-9a-f]{64} AS", " AS", DOCKERFILE)

    assert bare != DOCKERFILE
    assert disagreements(bare) == ["a base is not pinned by digest, or is of another kind"]


def test_the_first_stage_takes_wheels_with_known_hashes_only():
    [install] = FIRST.all("RUN")

    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install
    assert "--no-deps" in install


def test_the_last_stage_runs_nothing_but_python_and_no_shell():
    assert [json.loads(line)[1:3] for line in LAST.all("RUN")] == [["-m", "compileall"]] * 2


def test_bytecode_is_made_of_the_standard_library_the_packages_and_the_service():
    """Without it each start compiles again: the user cannot write any."""
    compiled = [folder for line in LAST.all("RUN") for folder in json.loads(line) if "/" in folder]

    assert set(compiled) - {"/usr/bin/python3.13"} == {
        "/usr/lib/python3.13",
        "/packages",
        "/service",
    }


def test_the_container_runs_as_a_numbered_user_who_is_not_root():
    """By number: a platform that demands `runAsNonRoot` cannot judge a name."""
    assert LAST.all("USER")[-1] == "65532:65532"


def test_no_healthcheck_stands_in_it():
    assert not [line for line in DOCKERFILE.splitlines() if line.startswith("HEALTHCHECK")]


def test_the_image_serves_unless_told_which_module_to_run():
    [entry], [command] = LAST.all("ENTRYPOINT"), LAST.all("CMD")

    assert json.loads(entry) == ["/usr/bin/python3.13"]
    assert json.loads(command) == ["-m", "health_service"]


def test_the_image_holds_every_module_and_nothing_else(tmp_path):
    lay_out(FOLDER, tmp_path)

    held = {file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file()}
    modules = {file.relative_to(FOLDER.parent) for file in FOLDER.rglob("*.py")}
    pins = FOLDER.relative_to(FOLDER.parent) / "requirements.txt"  # What scanners look for.
    assert {file.relative_to("service") for file in held} == {*modules, pins}


def test_what_somebody_keeps_in_the_folder_stays_out(tmp_path):
    context = tmp_path / "context"
    shutil.copytree(FOLDER, context, ignore=shutil.ignore_patterns("__pycache__"))
    lay_out(context, tmp_path / "before")
    strays = (".env", "fleet/.env", ".venv/lib/stray.py", "notes.md", "health/key.pem")
    for stray in (*strays, "__pycache__/app.cpython-313.pyc"):
        (context / stray).parent.mkdir(parents=True, exist_ok=True)
        (context / stray).write_text("", "utf-8")

    lay_out(context, tmp_path / "after")

    before, after = (
        {file.relative_to(tmp_path / one) for file in (tmp_path / one).rglob("*")}
        for one in ("before", "after")
    )
    assert before == after


@pytest.mark.parametrize(
    ("rules", "name", "sent"),
    [
        (["*", "!**/*.py"], "fleet/migrations/versions/0001.py", True),
        (["*", "!**/*.py"], "app.py", True),
        (["*", "!*.py"], "fleet/store.py", False),
        (["*", "!fleet"], "fleet/.env", True),
        (["**/.*"], "a/.git/config", False),
        (["# a note", "", "*.md"], "README.md", False),
        (["*.md", "!README.md"], "README.md", True),
        (["!README.md", "*.md"], "README.md", False),
    ],
)
def test_the_rules_of_dockerignore_are_read_as_docker_reads_them(rules, name, sent):
    assert is_sent(name, rules) is sent
