"""The page of rollbacks quotes the migrator: what it quotes is what the migrator says."""

import re
from pathlib import Path

from alembic.script import ScriptDirectory

from health_service.migrate import said
from health_service.migrations.upgrade import Outcome, config, head

PAGE = (Path(__file__).parents[2] / "docs/ROLLBACK_PROCEDURES.md").read_text("utf-8")


def quoted() -> str:
    """Return the page's transcripts on one line."""
    lines = [line.strip() for line in PAGE.splitlines() if line.startswith("    ")]
    return " ".join(lines)


def test_the_steps_of_the_transcript_are_those_of_the_migrations():
    script = ScriptDirectory.from_config(config())
    done = [f"done: {one.revision} {one.doc}" for one in script.walk_revisions()]

    assert re.findall(r"done: \d{4} .*", PAGE) == sorted(done)[1:]
    assert said(Outcome("0001", head())) in quoted()


def test_the_words_for_a_newer_schema_are_those_of_an_older_image():
    words = said(Outcome("0004", "0004", known=False))

    assert words.replace(f"image's {head()}", "image's 0001") in quoted()


def test_the_table_of_steps_names_every_migration():
    named = set(re.findall(r"^\|.*?\| (\d{4}) \|", PAGE, re.MULTILINE))

    script = ScriptDirectory.from_config(config())
    assert named == {one.revision for one in script.walk_revisions()}
