"""What a replay says would have happened, and what it says it cannot tell."""

import datetime as dt

import pytest

from rollouts.backtesting import replay, show_replay
from rollouts.intervals import Arm
from rollouts.recorded_counts import Minute, Recording
from rollouts.replay_notes import GRAIN
from tests.unit.functions.rollouts.builders import at, policy

MINUTE = dt.timedelta(minutes=1)
GOOD, BAD = (120, 0), (120, 40)
STABLE = (1080, 1)
DAY = policy(window="5m", deadline="1h")


def recording(*canary, past=10, stable=STABLE, percents=None):
    """Minutes of a rollout that begins at NOW: each canary's requests and errors."""
    minutes = tuple(
        Minute(at(minutes=number), percents[number] if percents else None, arms(one, stable))
        for number, one in enumerate(canary)
    )
    before = (Minute(at() - MINUTE * number, 0, {"stable": Arm(1200, 1)}) for number in range(past, 0, -1))  # fmt: skip
    return Recording(tuple(before), minutes)


def arms(canary, stable):
    return {"canary": Arm(*canary), "stable": Arm(*stable)}


def even(count, percent):
    """Minutes of a healthy service of 1,200 requests a minute at that share."""
    return [(12 * percent, 0)] * count


def whats(replayed):
    return [(one.at, one.what) for one in replayed.told]


def test_a_good_canary_walks_the_policys_steps_and_is_promoted():
    canary = [*even(5, 10), *even(5, 50), *even(10, 100)]
    minutes = [Minute(at(minutes=number), None, arms(one, (1200 - one[0], 0))) for number, one in enumerate(canary)]  # fmt: skip

    replayed = replay(Recording(recording().past, tuple(minutes)), DAY)

    assert replayed.outcome == "promoted"
    assert [one for one in whats(replayed) if "hold" not in one[1]] == [
        (at(), "shift 0 -> 10 %"),
        (at(minutes=5), "shift 10 -> 50 %"),
        (at(minutes=10), "shift 50 -> 100 %"),
        (at(minutes=15), "promote"),
    ]
    assert replayed.last == "promoted 15m after the first shift, at 2026-11-22T12:15:00Z"
    assert replayed.notes == ("stable's past as used: 10 minutes before the rollout", GRAIN)


def test_a_bad_canary_is_rolled_back_with_its_evidence_and_what_it_spared():
    replayed = replay(recording(GOOD, BAD, BAD, BAD), DAY)

    last = replayed.told[-1]
    assert replayed.outcome == "rolled_back"
    assert (last.at, last.what) == (at(minutes=2), "roll back")
    assert last.evidence.endswith(" of 100")
    assert "40 requests failed" in last.because
    assert (
        replayed.notes[0] == "the recorded canary went on for another 2m, with 80 failed requests"
    )


def test_a_rollback_in_the_files_last_minute_spares_nothing():
    replayed = replay(recording(GOOD, BAD), DAY)

    assert (replayed.outcome, replayed.notes[0]) == ("rolled_back", "stable's past as used: 10 minutes before the rollout")  # fmt: skip


def test_holding_for_one_reason_is_told_once():
    replayed = replay(recording(*[GOOD] * 4), DAY)

    assert [what for _, what in whats(replayed)] == ["shift 0 -> 10 %", "hold at 10 %"]
    assert replayed.outcome == "unfinished"
    assert replayed.last == (
        "undecided: the file ends 4m after the first shift, at 10 %, at 2026-11-22T12:04:00Z"
    )


def test_where_a_person_would_be_asked_the_replay_ends():
    quiet = policy(window="5m", deadline="30m", steps=[10, 100], analysis={"min_requests": 500})

    replayed = replay(recording(*[(3, 0)] * 60, stable=(27, 0)), quiet)

    assert (replayed.outcome, replayed.told[-1].what) == ("asked", "ask a person")
    assert "not promoted within 30m" in replayed.told[-1].because
    assert replayed.last.startswith("a person is asked 30m after")


def test_stable_that_is_equally_bad_is_paged_once():
    replayed = replay(recording(*[BAD] * 4, stable=(1080, 360)), DAY)

    pages = [one for one in replayed.told if one.what == "page"]
    assert [one.because.rpartition("; ")[2] for one in pages] == ["stable is equally bad"]


def test_errors_at_100_percent_alert_once_where_the_policy_says_so():
    alerts = policy(steps=[100], window="5m", analysis={"watch_action": "alert"})

    replayed = replay(recording(*[(1200, 300)] * 6, stable=(0, 0)), alerts)

    assert [what for _, what in whats(replayed)].count("alert") == 1
    assert replayed.outcome == "promoted"


def test_looks_are_no_closer_than_the_policy_says():
    rare = policy(window="5m", deadline="1h", check_every="3m")

    replayed = replay(recording(GOOD, BAD, BAD, BAD, BAD), rare)

    assert replayed.told[-1].at == at(minutes=4)


def test_at_most_half_an_hour_of_the_past_is_used_as_the_functions_do():
    replayed = replay(recording(GOOD, past=45), DAY)

    assert replayed.notes[0] == "stable's past as used: 30 minutes before the rollout"


def test_a_file_without_a_past_says_what_that_costs():
    replayed = replay(recording(GOOD, past=0), DAY)

    assert replayed.notes[0] == (
        "the file has no minute of stable before the rollout: at 100 % one request in ten may fail,"
        " as of a service without any history"
    )


@pytest.mark.parametrize(("errors", "outcome"), [(60, "promoted"), (400, "rolled_back")])
def test_without_a_past_one_request_in_ten_may_fail_at_100_percent(errors, outcome):
    whole = policy(steps=[100], window="5m")

    replayed = replay(recording(*[(1000, errors)] * 8, past=0, stable=(0, 0)), whole)

    assert replayed.outcome == outcome


def test_a_recorded_share_that_is_not_the_policys_is_judged_as_it_was():
    """A policy whose first step is 50 % replays what was recorded at 10 %."""
    wide = policy(steps=[50, 100], window="5m")

    told = replay(recording(*[GOOD] * 5, percents=[10] * 5), wide)
    untold = replay(recording(*[GOOD] * 5), wide)

    assert told.notes[1].startswith("at 50 %: recorded at 10 %, and judged at that")
    assert untold.notes[1] == (
        "at 50 %: the canary had 10.0 % of the recorded requests, so the file tells of another"
        " share: do not rely on this step; a column percent would help"
    )


def test_a_share_that_is_not_what_the_column_percent_says_is_noticed():
    """The advice to add a column would be of no use."""
    replayed = replay(recording(*[(1000, 0)] * 3, stable=(1000, 0), percents=[10] * 3), DAY)

    assert replayed.notes[1] == (
        "at 10 %: the canary had 50.0 % of the recorded requests, so the file tells of a share"
        " that is not its own percent: do not rely on this step"
    )


def test_bad_requests_are_weighed_at_the_recorded_share():
    """At 50 % five bad requests of the canary's and none of stable's are hardly anything."""
    canary = [(120, 1)] * 5
    wide = policy(steps=[50, 100], window="30m", deadline="2h")

    recorded_at_10 = replay(recording(*canary, stable=(1080, 0), percents=[10] * 5), wide)
    assumed_at_50 = replay(recording(*canary, stable=(1080, 0)), wide)

    assert recorded_at_10.outcome == "rolled_back"
    assert assumed_at_50.outcome == "unfinished"


def test_a_stable_that_keeps_requests_at_100_percent_is_noticed():
    replayed = replay(recording((1200, 0), stable=(100, 0)), policy(steps=[100]))

    assert "at 100 %: the canary had 92.3 %" in replayed.notes[1]


def test_a_few_requests_tell_nothing_of_the_share():
    replayed = replay(recording((1, 0), stable=(90, 0)), policy(steps=[50, 100]))

    assert replayed.notes == ("stable's past as used: 10 minutes before the rollout", GRAIN)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-22T12:00:00Z  shift 0 -> 10 %  ",
        "2026-11-22T12:02:00Z  roll back        ",
        "\nrolled back 2m after the first shift, at 2026-11-22T12:02:00Z\nnote: ",
    ],
)
def test_a_replay_is_shown_a_line_for_each_change(line):
    assert line in show_replay(replay(recording(GOOD, BAD), DAY))
