"""A rollout whose execution died is put back by real processes, called by the clock."""

import pytest

from tests.processes.least_privilege import account

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def test_a_job_of_the_clock_calls_the_sweeper_each_minute_as_itself(story):
    (job,) = story("orphan").answers["jobs"]["jobs"]

    assert (job["schedule"], job["state"]) == ("* * * * *", "ENABLED")
    assert job["httpTarget"]["oidcToken"]["serviceAccountEmail"] == account("barq-scheduler")


def test_the_canary_of_a_cancelled_execution_is_taken_back(story):
    kept = story("orphan")

    back = kept.events["back"]
    assert back["because"].startswith("its execution is gone")
    assert back["percent_after"] == 0
    assert kept.answers["tags"] == []


def test_a_second_sweep_finds_nothing(story):
    status, answer = story("orphan").answers["swept"]

    assert (status, answer["targets"]) == (200, 1)
    assert (answer["findings"], answer["failed"], answer["left"]) == ([], [], [])
