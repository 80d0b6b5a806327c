"""`python -m demo`, from outside: its story, its exit status, and what it leaves behind."""

import re
import subprocess
import sys

import pytest

from demo.stories import STORIES
from tests.processes.demo_run import demo_run
from tests.processes.stage import ROOT

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

CLOCK = re.compile(r"^\d\d:\d\d:\d\d ")
NUMBERS = re.compile(r"\b[\d,]+(\.\d+)?\b")
REVISION = re.compile(r"\bfleet-\w+-\w+\b")
DIGEST = re.compile(r"sha256:[0-9a-f]+\.\.\.")


def told(lines: list[str]) -> list[str]:
    """Return a transcript's lines without what differs from one run to the next."""
    plain = [REVISION.sub("REVISION", DIGEST.sub("DIGEST", CLOCK.sub("", one))) for one in lines]
    return [" ".join(one.split()) for one in plain if one]


def test_the_demo_ends_well_and_leaves_nothing_behind(demo):
    assert demo.ended() == 0, demo.errors
    assert demo.errors == []
    assert len(demo.started) > 10
    assert demo.left_behind() == []


def test_the_demo_tells_its_stories_in_order(demo):
    demo.ended()
    delivery = [
        "deploying REVISION at 0 %, beside REVISION",
        "verified REVISION smoke tests passed: /health/ready, /health/live, slowest",
        "waiting REVISION waits for an approval",
        "you ",
        "approved approved by you@example.com: looks good",
    ]
    expected = [
        "Barq on a local cloud: real processes, real HTTP, no account.",
        "ready ",
        "traffic 40 requests/s to production",
        STORIES["first"].title,
        "pushed v1 (the first image) DIGEST",
        *delivery,
        "shifted REVISION 0 % -> 100 %",
        "promoted REVISION 100 % ",
        STORIES["bad"].title,
        "pushed v3 (bad: ",
        *delivery,
        "shifted REVISION 0 % -> 10 %",
        "rolled back REVISION 100 % ",
        "What the callers saw",
        "first image promoted ",
        "bad image rolled back by the check ",
    ]

    lines = iter(told(demo.lines))

    missing = [one for one in expected if not any(line.startswith(one) for line in lines)]
    assert not missing, "\n".join(demo.lines)


COUNTS = re.compile(r"N of N requests failed.*?, stable N of N( and N)?|N requests failed, .*?;")


def shape(lines: list[str]) -> list[str]:
    """Return what a transcript says, whatever its numbers are."""
    plain = [NUMBERS.sub("N", one) for one in told(lines)]
    return [COUNTS.sub("COUNTS;", one).replace("COUNTS;;", "COUNTS;") for one in plain]


def test_the_transcript_in_the_readme_is_the_demos(demo):
    demo.ended()
    readme = (ROOT / "README.md").read_text().split("<!-- transcript:")[1]
    shown = readme.split("```text\n")[1].split("\n```")[0].splitlines()
    begin = demo.lines.index(STORIES["good"].title)
    end = demo.lines.index("What the callers saw")

    assert shape(shown) == shape(demo.lines[begin:end])


def test_the_demo_lost_no_request(demo):
    demo.ended()

    last = NUMBERS.sub("N", demo.lines[-1]).strip()
    assert last == "N requests, N failed by bad revisions, N lost by Barq, N s in all"
    assert ", 0 lost by Barq, " in demo.lines[-1]


@pytest.mark.parametrize("moment", ["Barq on a local cloud", "pushed "])
def test_ctrl_c_leaves_no_process_behind(moment):
    with demo_run("--stories", "first") as running:
        running.until(moment)
        running.interrupt()

        assert running.ended() == 130
        assert running.lines[-1] == "stopped; nothing is left running"
        assert running.errors == []
        assert running.left_behind() == []


def test_a_story_that_does_not_exist_is_told_with_those_that_do():
    asked = [sys.executable, "-m", "demo", "--stories", "first,wrong"]

    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "demo: error: argument --stories: first,wrong: must be some of first,good,bad,late,"
        " such as first,bad"
    )
