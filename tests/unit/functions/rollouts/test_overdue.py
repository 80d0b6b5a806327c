"""How long a rollout may stay as it is."""

from dataclasses import replace

import pytest

from rollouts.overdue import limit_of
from rollouts.record import ApprovalGiven
from tests.unit.functions.rollouts.builders import NOW, at, policy, rollout, shifts

QUICK = {"ready_within": "10m", "window": "5m", "deadline": "2h"}
SMOKE = {"paths": ["/a", "/b"], "attempts": 3, "every": "10s", "latency_max": "1s"}
BEFORE = policy(**QUICK, verify=SMOKE, analysis={"probes": 20})
HOURS = policy(**QUICK, approval={"expires": "1d"})
EXTENDED = policy(**QUICK, no_data="extend", extend_max="30m")
DAYS_30 = 30 * 1440
ASKED = ApprovalGiven(at(minutes=120), at(minutes=120 + 1440))


@pytest.mark.parametrize("state", ["deploying", "deployed", "verified"])
def test_before_any_question_it_is_all_waits_in_a_row(state):
    """10 min until Ready, 3 rounds of 14 s, 2 s for stable, 40 probes of 1 s, 15 min for one that changes."""
    own = rollout(state, policy=BEFORE, claimed_at=NOW)

    assert limit_of(own) == at(3 * 14 + 2 + 40, minutes=25)


@pytest.mark.parametrize(
    ("decision", "limit"),
    [("", at(minutes=1440)), ("approved", at(minutes=45)), ("denied", at(minutes=30))],
)
def test_a_question_lasts_until_it_expires_and_an_answer_is_followed_at_once(decision, limit):
    asked = ApprovalGiven(NOW, at(minutes=1440))
    given = replace(asked, decision=decision, at=at(minutes=30)) if decision else asked

    assert limit_of(rollout("verified", policy=HOURS, approval=given)) == limit


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({}, at(minutes=90 + DAYS_30)),
        ({"frozen_at": at(minutes=5)}, at(minutes=5 + DAYS_30)),
        ({"frozen_at": at(minutes=5), "override_freeze": "ann"}, at(minutes=1440)),
    ],
    ids=["not noted yet", "noted", "overridden"],
)
def test_a_closed_line_is_waited_for_as_long_as_a_canary_without_traffic_may(fields, limit):
    own = rollout("verified", policy=HOURS, approval=ApprovalGiven(NOW, at(minutes=1440)), **fields)

    assert limit_of(own, at(minutes=90)) == limit
    assert limit_of(own) == at(minutes=1440)


def test_a_closed_line_does_not_lengthen_the_time_with_traffic():
    own = rollout(policy=HOURS, frozen_at=NOW)

    assert limit_of(own, at(minutes=90)) == at(minutes=120)


@pytest.mark.parametrize(
    ("own", "limit"),
    [
        (rollout(policy=HOURS), at(minutes=120)),
        (rollout(policy=EXTENDED), at(minutes=150)),
        (rollout(policy=HOURS, shifts=shifts(10, 50, minutes_between=119)), at(minutes=134)),
        (rollout(policy=HOURS, deadline_approval=ASKED), at(minutes=1560)),
        (
            rollout(policy=HOURS, deadline_approval=replace(ASKED, expires_at=at(minutes=1))),
            at(minutes=15),
        ),
        (
            rollout(
                policy=HOURS,
                deadline_approval=replace(ASKED, decision="approved", at=at(minutes=130)),
            ),
            at(minutes=250),
        ),
        (
            rollout(
                policy=HOURS,
                deadline_approval=replace(ASKED, decision="denied", at=at(minutes=130)),
            ),
            at(minutes=130),
        ),
    ],
    ids=["deadline", "extended", "last step", "asked", "expired", "anew", "denied"],
)
def test_with_traffic_it_is_the_deadline_and_whoever_is_asked_then(own, limit):
    assert limit_of(own) == limit
