"""How much evidence is how many errors, and what the streams come to as one."""

import pytest
from hypothesis import given

from rollouts.judging import judge
from rollouts.verdict import SHOWN_MAX, Evidence
from rollouts.weighing import strongest
from tests.unit.functions.rollouts.builders import policy
from tests.unit.functions.rollouts.histories import (
    COMPARED,
    judged,
    last_known,
    odd_histories,
    past,
    rollout,
)


def test_three_errors_of_the_canary_alone_are_enough_at_10_percent_and_two_are_not():
    assert judged([*past(), *rollout(*[(1, 0)] * 2)]).kind == "inconclusive"
    assert judged([*past(), *rollout(*[(1, 0)] * 3)]).kind == "fail"


def test_ten_errors_of_the_canary_alone_are_enough_at_50_percent_and_nine_are_not():
    assert judged([*past(), *rollout(*[(1, 0)] * 9, step=1)]).kind == "inconclusive"
    assert judged([*past(), *rollout(*[(1, 0)] * 10, step=1)]).kind == "fail"


@pytest.mark.parametrize(("sensitivity", "needed"), [("high", 7), ("normal", 10), ("low", 13)])
def test_how_soon_is_the_users_choice(sensitivity, needed):
    by = policy(analysis={"sensitivity": sensitivity})

    assert judged([*past(), *rollout(*[(1, 0)] * needed, step=1)], by).kind == "fail"
    assert judged([*past(), *rollout(*[(1, 0)] * (needed - 1), step=1)], by).kind != "fail"


def test_evidence_of_an_earlier_step_is_kept():
    two = rollout(*[(1, 0)] * 2, *[(0, 0)] * 3)
    four = rollout(*[(1, 0)] * 4, step=1, since=50)

    assert judged([*past(), *two, *four]).kind == "fail"
    assert judged([*past(), *four]).kind != "fail"


@given(odd_histories())
def test_the_evidence_of_all_streams_is_one(history):
    one = judge(history, COMPARED, last_known(history)).evidence
    parts = 0.7 * one.errors + 0.2 * one.latency + 0.1 * one.full

    if max(one.errors, one.latency, one.full) < SHOWN_MAX:
        assert one.total == pytest.approx(parts)
    else:  # What is shown of a part is less than what was added up.
        assert parts * 0.999999 <= one.total <= SHOWN_MAX


@pytest.mark.parametrize(
    ("evidence", "cause"),
    [
        (Evidence(errors=20.0, latency=60.0, full=100.0), "errors"),
        (Evidence(errors=20.0, latency=80.0, full=100.0), "latency"),
        (Evidence(errors=1.0, latency=2.0, full=8.0), "full"),
    ],
)
def test_a_cause_is_what_most_of_the_weighted_evidence_stands_on(evidence, cause):
    assert strongest(evidence) == cause
