"""The Dockerfile, read as text: building it needs a daemon and a network."""

from pathlib import Path

FOLDER = Path(__file__).parents[3] / "health_service"


def stages():
    """Return the instructions of each stage, without comments, continued lines joined."""
    text = (FOLDER / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    starts = [n for n, line in enumerate(lines) if line.startswith("FROM ")]
    return [lines[a:b] for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]


def test_the_last_stage_only_copies_what_the_first_one_prepared():
    first, last = stages()

    assert any("--require-hashes" in line for line in first)
    assert not [line for line in last if line.startswith("RUN")]
    assert all("--from=packages" in line for line in last if line.startswith("COPY"))


def test_the_container_runs_as_a_numbered_user_who_is_not_root():
    """By number: a platform that demands `runAsNonRoot` cannot judge a name."""
    [user] = [line.split()[1] for line in stages()[-1] if line.startswith("USER")]

    assert user == "65532:65532"


def test_no_healthcheck_stands_in_it():
    assert not [line for stage in stages() for line in stage if line.startswith("HEALTHCHECK")]


def test_the_entry_point_is_the_documented_command():
    [entry] = [line for line in stages()[-1] if line.startswith("ENTRYPOINT")]

    assert entry.endswith('"-m", "health_service"]')


def test_the_context_takes_in_code_and_requirements_only():
    rules = (FOLDER / ".dockerignore").read_text("utf-8").splitlines()

    assert [rule for rule in rules if not rule.startswith("#")] == [
        "*",
        "!*.py",
        "!requirements.txt",
    ]


def test_every_requirement_is_pinned_and_hashed():
    text = (FOLDER / "requirements.txt").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]

    assert lines
    assert all("==" in line and "--hash=sha256:" in line for line in lines)
