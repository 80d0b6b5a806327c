"""A look at a tally: the present step in counts, and what the canary's share of them would be."""

import pytest

from rollouts.finding import finding_of
from rollouts.judging import advance, begin
from tests.unit.functions.rollouts.histories import (
    COMPARED,
    clean,
    interval,
    judged,
    past,
    rollout,
    unseen,
)


def looked(history):
    tally = advance(begin(COMPARED), history)
    assert tally.counts
    return finding_of(tally, tally.counts)


def test_the_past_of_stable_is_not_the_canarys():
    assert judged([*past(), *clean(1)]).numbers.stable_requests == 180


def test_errors_that_no_visible_total_covers_are_counted_apart_as_well():
    numbers = looked([*past(), *rollout((2, 3)), unseen(10, 4, 5)]).numbers

    assert (numbers.canary_requests, numbers.stable_requests) == (20, 180)
    assert (numbers.canary_errors, numbers.canary_errors_uncounted) == (6, 4)
    assert (numbers.stable_errors, numbers.stable_errors_uncounted) == (8, 5)


def test_a_verdict_stands_on_the_numbers_and_the_evidence_of_its_look():
    found = looked([*past(), *rollout((2, 0))])

    verdict = found.says("inconclusive", "it is early", settled=False)

    assert (verdict.numbers, verdict.evidence) == (found.numbers, found.evidence)
    assert (verdict.kind, verdict.because, verdict.settled) == (
        "inconclusive",
        "it is early",
        False,
    )


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        (clean(1, step=0), 20),
        (clean(1, step=1), 100),
        (clean(1, step=2), 20 * 10),
        ([unseen(0)], 20 * 10 * 0.1),
    ],
)
def test_the_canarys_share_is_told_by_stable_and_without_it_by_the_past(present, expected):
    """At 100 %, or where nothing of stable is visible, the past is 20 requests a second."""
    assert looked([*past(20), *present]).expected(10) == pytest.approx(expected)


def test_without_a_past_nothing_is_expected_at_100_percent():
    assert looked([interval(0, (200, 0), (0, 0), step=2)]).expected(10) == 0
