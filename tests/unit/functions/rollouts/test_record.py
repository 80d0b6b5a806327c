"""What a record explains of a service."""

import pytest

from rollouts.record import EMPTY, FINAL, Record, RefusedDigest
from tests.unit.functions.rollouts.builders import (
    CANARY,
    DIGEST,
    NOW,
    OTHER_DIGEST,
    STABLE,
    policy,
    rollout,
    shifts,
)


@pytest.mark.parametrize(
    ("own", "shares"),
    [
        (rollout("deploying"), {STABLE: 100}),
        (rollout("verified"), {STABLE: 100}),
        (rollout(shifts=shifts(10)), {STABLE: 90, CANARY: 10}),
        (rollout(shifts=shifts(10, 50, 100)), {CANARY: 100}),
        (rollout("promoted"), {CANARY: 100}),
        (rollout("rolled_back"), {STABLE: 100}),
        (rollout("superseded", shifts=shifts(10)), {STABLE: 100}),
        (rollout("stopped"), {STABLE: 90, CANARY: 10}),
    ],
)
def test_a_record_explains_one_split(own, shares):
    assert own.shares == shares


@pytest.mark.parametrize(
    ("done", "percent", "next_step"),
    [((), 0, 0), ((10,), 10, 1), ((10, 50), 50, 2), ((10, 50, 100), 100, 3)],
)
def test_the_next_step_follows_the_last_shift(done, percent, next_step):
    own = rollout(shifts=shifts(*done))

    assert (own.percent, own.next_step) == (percent, next_step)


def test_a_placeholder_has_one_step_whatever_the_policy_says():
    assert rollout(placeholder=True).steps == (100,)
    assert rollout().steps == (10, 50, 100)


def test_a_rollout_has_ended_in_each_final_state():
    for state in FINAL:
        assert rollout(state).ended
    for state in ("deploying", "deployed", "verified", "shifting"):
        assert not rollout(state).ended


def test_a_refused_digest_is_remembered():
    refused = RefusedDigest(DIGEST, "r", NOW, "it failed")

    assert Record(refused=(refused,)).refusal(DIGEST) == refused
    assert Record(refused=(refused,)).refusal(OTHER_DIGEST) is None
    assert EMPTY.refusal(DIGEST) is None


def test_the_last_limit_of_errors_holds_for_all_further_steps():
    limits = policy(analysis={"max_errors": [5, 10]}).analysis

    assert [limits.errors_allowed(step) for step in range(4)] == [5, 10, 10, 10]
    assert policy(analysis={"max_errors": "off"}).analysis.errors_allowed(0) is None


def test_a_step_has_its_own_window_and_needs_its_own_requests_the_last_entry_for_all_further():
    own = policy(steps=[1, 10, 50, 100], window=["1m", "5m"], analysis={"min_requests": [5, 50]})

    minutes = [own.window_of(step).total_seconds() / 60 for step in (-1, 0, 1, 2, 3)]
    assert minutes == [1, 1, 5, 5, 5]
    assert [own.analysis.requests_needed(step) for step in (-1, 0, 1, 3)] == [5, 5, 50, 50]


def test_sensitivity_is_the_chance_of_a_false_rollback():
    alphas = [
        policy(analysis={"sensitivity": name}).analysis.alpha for name in ("low", "normal", "high")
    ]

    assert alphas == [0.002, 0.01, 0.05]
