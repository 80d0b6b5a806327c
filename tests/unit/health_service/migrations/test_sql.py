"""The SQL of the migrations, read by squawk: what it finds is mended, or a reason stands here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from health_service.migrations.limits import Limits
from health_service.migrations.upgrade import sql

REASONS = {
    ("prefer-robust-stmts", "CREATE TABLE alembic_version"): (
        "Alembic's own; its transaction takes it back with the rest of the first step"
    ),
    ("prefer-text-field", "CREATE TABLE alembic_version"): (
        "Alembic's own; the names of migrations have four characters"
    ),
    ("prefer-robust-stmts", "CREATE TABLE vehicles"): (
        "a transaction takes it back; IF NOT EXISTS would take another's table for ours"
    ),
    ("prefer-robust-stmts", "CREATE INDEX CONCURRENTLY vehicles_by_age"): (
        "it was dropped before; IF NOT EXISTS would keep an invalid one"
    ),
    ("prefer-robust-stmts", "ALTER TABLE vehicles VALIDATE CONSTRAINT"): (
        "safe to repeat: a constraint that is valid is not looked at again"
    ),
}


def found(text: str, folder: Path) -> set[tuple[str, str]]:
    """Return squawk's findings: the rule, and the statement that it is about."""
    file = folder / "migrations.sql"
    file.write_text(text)
    squawk = Path(sys.executable).with_name("squawk")
    run = subprocess.run(
        [
            squawk,
            "--reporter",
            "json",
            "--pg-version",
            "16.0",
            file,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    findings = json.loads(run.stdout)
    return {(one["rule_name"], statement(text, one["line"])) for one in findings}


def statement(text: str, line: int) -> str:
    """Return the first line of the statement in which a line (from 0) stands."""
    lines = text.splitlines()
    while line and lines[line - 1].strip():
        line -= 1
    return lines[line]


def test_what_squawk_finds_has_a_reason_and_every_reason_is_needed(tmp_path: Path):
    findings = found(sql(Limits()), tmp_path)

    open_, needed = set(findings), set()
    for rule, start in REASONS:
        for finding in findings:
            if finding[0] == rule and finding[1].startswith(start):
                open_.discard(finding)
                needed.add((rule, start))
    assert not open_
    assert needed == set(REASONS)


@pytest.mark.parametrize(
    ("planted", "rule"),
    [
        ("ALTER TABLE vehicles ADD COLUMN colour text NOT NULL;", "adding-required-field"),
        ("ALTER TABLE vehicles DROP COLUMN odometer;", "ban-drop-column"),
        ("ALTER TABLE vehicles RENAME COLUMN name TO label;", "renaming-column"),
        ("CREATE INDEX by_name ON vehicles (name);", "require-concurrent-index-creation"),
        (
            "ALTER TABLE vehicles ADD CONSTRAINT short CHECK (name <> '');",
            "constraint-missing-not-valid",
        ),
    ],
)
def test_squawk_finds_what_two_revisions_at_once_would_not_bear(planted, rule, tmp_path: Path):
    findings = found(f"{sql(Limits())}\n{planted}\n", tmp_path)

    assert rule in {name for name, _ in findings}
