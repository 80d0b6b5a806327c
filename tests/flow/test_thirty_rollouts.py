"""Thirty rollouts at once in one project, with every default quota on: each gets its verdict."""

import contextlib
import io
import json
from collections import Counter

import pytest

from tests.flow.crowd import QUOTA, Crowd

SETTINGS = (
    "steps: [10, 50, 100]",
    "window: 2m",
    "check_every: 10s",
    "deadline: 1h",
    "watch: 2m",
)
KINDS: tuple[dict[str, float], ...] = ({}, {"error_ratio": 1.0}, {}, {"error_ratio": 0.2})
"""Every second canary is bad."""


@pytest.fixture(scope="module")
def told():
    """Let thirty rollouts run to their ends; return their services and what was logged."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        crowd = Crowd(30, rps=10, settings=SETTINGS)
        crowd.passes(minutes=2)
        for number, name in enumerate(crowd.names):
            crowd.built(crowd.pushed(name, "v2", **KINDS[number % 4]))
        crowd.until_ended(within_minutes=45)
    lines = output.getvalue().splitlines()
    return crowd, [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture(scope="module")
def crowd(told):
    return told[0]


def test_every_good_canary_is_promoted_and_every_bad_one_rolled_back(crowd):
    states = [crowd.state(name) for name in crowd.names]

    assert states == ["promoted", "rolled_back"] * 15


def test_a_good_rollout_is_not_held_up_by_the_others(crowd):
    """Steps of 2 minutes wait for visible totals: alone it takes 12 minutes as well."""
    for name in crowd.names[::2]:
        rollout = crowd.rollout(name)
        took = rollout.ended_at - rollout.shifts[0].at
        assert took.total_seconds() < 16 * 60, name


def test_a_bad_canary_fails_its_share_for_two_minutes_at_most(crowd):
    """Alone it would be some 20 s: here the writes of 30 rollouts share 60 a minute as well."""
    for name in crowd.names[1::2]:
        rollout = crowd.rollout(name)
        assert [shift.percent for shift in rollout.shifts] == [10], name
        assert (rollout.ended_at - rollout.shifts[0].at).total_seconds() < 120, name


def test_reads_of_the_log_beyond_the_quota_stay_few(crowd):
    """Ten checks in 10 s use all of it. Whoever is refused asks less often."""
    reads = crowd.reads()
    minutes = Counter(at.replace(second=0, microsecond=0) for at in reads.refused)

    assert minutes, "the quota was never met, and nothing was shown"
    assert max(minutes.values()) < QUOTA / 2
    assert len(reads.refused) < reads.answered / 4


def test_the_records_say_that_the_log_was_asked_less_often(told):
    decisions = [line for line in told[1] if line["event"] == "verdict.reached"]
    notes = [note for one in decisions for note in one["notes"]]
    assert any("log could not be read" in note and "HTTP 429" in note for note in notes)
    assert any("log is asked again at" in note for note in notes)

    waits = Counter(line["action"].get("wait_seconds") for line in decisions)
    assert any((wait or 0) > 10 for wait in waits), "no check was put off"


def test_no_decision_was_made_without_a_signal(told):
    """While the log is refused, Monitoring goes on telling: no check was blind for both."""
    for line in told[1]:
        notes = " ".join(line.get("notes", ()))
        assert not ("log could not" in notes and "Monitoring could not" in notes), line
