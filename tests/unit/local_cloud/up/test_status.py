from datetime import datetime
from typing import Any

import pytest

from local_cloud.up.status import colours, local_time, plain, show

IDLE: dict[str, Any] = {
    "service": "api",
    "target": "staging",
    "where": "api in p/r",
    "split": {"api-1": 100},
    "served": {"api-1": 100},
    "differs": "",
    "rollout": None,
}
SHIFTING: dict[str, Any] = {
    **IDLE,
    "target": "production",
    "split": {"api-1": 90, "api-2": 10},
    "served": {"api-1": 100},
    "rollout": {
        "id": "1",
        "state": "shifting",
        "percent": 10,
        "stable": "api-1",
        "canary": "api-2",
        "because": "smoke tests passed",
    },
    "execution": "e",
    "step": "1 of 3",
    "shifts": [{"at": "2026-11-23T12:00:00Z", "percent": 10}],
    "waits_for": "data",
    "verdict": {"kind": "inconclusive", "because": "0 of 12 requests failed; watching"},
    "next": {"kind": "hold", "wait_seconds": 3},
    "deadline": "2026-11-23T13:00:00Z",
    "notes": ["the request log answered late"],
}
WAITING: dict[str, Any] = {
    **IDLE,
    "rollout": {**SHIFTING["rollout"], "state": "verified", "because": "Ready at 0 %"},
    "shifts": [],
    "step": "0 of 3",
    "waits_for": "approval",
    "until": "2026-11-23T12:05:00Z",
}


def clock(instant):
    return instant[11:19]


def shown(*targets, paint=plain):
    return show({"at": "2026-11-23T12:00:09Z", "targets": list(targets)}, clock, paint)


def test_each_target_is_a_block():
    assert shown(IDLE, SHIFTING) == (
        "Status at 12:00:09\n"
        "\n"
        "api staging  (api in p/r)\n"
        "  split     api-1 100 %\n"
        "  state     no rollout yet\n"
        "\n"
        "api production  (api in p/r)\n"
        "  split     api-1 (stable) 90 %, api-2 (canary) 10 %\n"
        "  served    api-1 (stable) 100 %\n"
        "  rollout   1\n"
        "  state     shifting: smoke tests passed\n"
        "  step      1 of 3: 10 % since 12:00:00\n"
        "  verdict   inconclusive: 0 of 12 requests failed; watching\n"
        "  waits for data, until 13:00:00\n"
        "  next      look again in 3 s\n"
        "  note      the request log answered late\n"
    )


def test_an_approval_is_waited_for_until_it_expires():
    assert "  waits for approval, until 12:05:00\n" in shown(WAITING)


def test_traffic_that_the_record_does_not_explain_is_told():
    assert "  differs   someone moved traffic\n" in shown(
        {**SHIFTING, "differs": "someone moved traffic"}
    )


def test_a_target_that_cannot_be_read_says_why():
    broken = {
        "service": "api",
        "target": "staging",
        "where": "api in p/r",
        "error": "no such thing",
    }

    assert shown(broken).endswith("api staging  (api in p/r)\n  error     no such thing\n")


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"kind": "shift", "percent": 50}, "shift to 50 %"),
        ({"kind": "roll_back"}, "roll back"),
        ({"kind": "promote"}, "promote"),
    ],
)
def test_the_next_action_is_said_in_words(action, said):
    assert f"  next      {said}\n" in shown({**SHIFTING, "next": action})


def test_colours_say_what_the_words_say():
    painted = shown(SHIFTING, paint=colours)

    assert "\x1b[33mshifting\x1b[0m" in painted
    assert "\x1b" not in shown(SHIFTING)
    assert painted.replace("\x1b[33m", "").replace("\x1b[0m", "") == shown(SHIFTING)


def test_times_are_those_of_this_machine():
    instant = "2026-11-23T12:00:09.123456Z"

    there = datetime.fromisoformat(instant).astimezone()

    assert local_time(instant) == f"{there:%H:%M:%S}"
