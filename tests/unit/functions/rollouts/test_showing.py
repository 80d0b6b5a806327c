"""A verdict's numbers in words."""

from dataclasses import replace

import pytest

from rollouts.showing import show, show_evidence
from rollouts.verdict import Evidence, Numbers

NOTHING = Numbers(0, 10, 0, 0, 0, 0, None, 60, 300)
NAMES = (
    "canary_requests", "canary_errors", "stable_requests", "stable_errors",
    "canary_errors_uncounted", "stable_errors_uncounted",
)  # fmt: skip


def numbers(canary, stable, uncounted=(0, 0)):
    return replace(NOTHING, **dict(zip(NAMES, (*canary, *stable, *uncounted), strict=True)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            numbers((402, 0), (3655, 2)),
            "0 of 402 requests failed, stable 2 of 3,655",
        ),
        (
            numbers((100, 28), (900, 5), (22, 3)),
            "6 of 100 requests failed and 22 more since, stable 2 of 900 and 3",
        ),
        (
            numbers((0, 31), (0, 2), (31, 2)),
            "31 requests failed, no total is visible yet, stable 2 meanwhile",
        ),
        (
            numbers((100, 6), (900, 5), (0, 3)),
            "6 of 100 requests failed, stable 2 of 900",
        ),
    ],
)
def test_failures_stand_beside_the_requests_that_they_are_of(given, said):
    assert show(given) == said


def test_a_step_that_nothing_is_seen_of_has_no_numbers():
    """Right after a shift; a fail then stands on the steps before."""
    assert show(NOTHING) == "nothing is visible of 10 % yet"
    assert show(replace(NOTHING, visible_seconds=60)) == "0 of 0 requests failed, stable 0 of 0"
    stable_alone = "0 requests failed, no total is visible yet, stable 2 meanwhile"
    assert show(numbers((0, 0), (0, 2), (0, 2))) == stable_alone


def test_evidence_stands_beside_what_is_enough():
    assert show_evidence(Evidence(total=1234.5)) == "evidence 1,234, 100 is enough"
