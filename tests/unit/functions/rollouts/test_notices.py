"""The events that others rely on."""

from dataclasses import replace
from typing import get_args

import pytest

from rollouts.notices import KINDS, Kind, Notice
from tests.unit.functions.rollouts.builders import DIGEST, EXECUTION, NOW, REPOSITORY, at, rollout

OWN = rollout(verdict="0 of 300 requests failed")
SHIFTED = Notice("traffic.shifted", NOW, OWN, "first step", 0, 10)


def test_the_kinds_are_the_ones_that_can_be_told():
    assert get_args(Kind) == KINDS


def test_an_event_is_a_structured_cloud_event():
    event = SHIFTED.as_cloud_event()

    assert {key: event[key] for key in event if key not in ("id", "data")} == {
        "specversion": "1.0",
        "source": "//barq.dev/api/production",
        "type": "dev.barq.traffic.shifted.v1",
        "subject": "0123abcd",
        "time": "2026-11-22T12:00:00Z",
        "datacontenttype": "application/json",
    }


def test_the_data_says_what_happened_to_which_rollout():
    assert SHIFTED.as_cloud_event()["data"] == {
        "schema": 1,
        "event": "traffic.shifted",
        "rollout": "0123abcd",
        "service": "api",
        "target": "production",
        "state": "shifting",
        "repository": REPOSITORY,
        "digest": DIGEST,
        "build": "build-1",
        "source": "team/api/main@c0ffee",
        "stable": "api-1",
        "canary": "api-2",
        "percent_before": 0,
        "percent_after": 10,
        "verdict": "0 of 300 requests failed",
        "because": "first step",
        "by": "",
        "execution": EXECUTION,
        "policy_hash": OWN.policy_hash,
        "decision": None,
    }


def test_the_same_change_told_again_has_the_same_id():
    again = replace(SHIFTED, because="told by another process")

    assert again.as_cloud_event()["id"] == SHIFTED.as_cloud_event()["id"]
    assert len(SHIFTED.as_cloud_event()["id"]) == 20


@pytest.mark.parametrize(
    "other",
    [
        replace(SHIFTED, kind="rollout.promoted"),
        replace(SHIFTED, at=at(1)),
        replace(SHIFTED, percent_after=50),
        replace(SHIFTED, rollout=rollout(id="ffff0000")),
    ],
)
def test_another_change_has_another_id(other):
    assert other.as_cloud_event()["id"] != SHIFTED.as_cloud_event()["id"]
