"""A change that was written, and may never have been told."""

import pytest

from rollouts.retelling import answer, end, last_shift
from tests.unit.functions.rollouts.builders import NOW, at, rollout, shifts, waiting


@pytest.mark.parametrize(
    ("state", "kind", "after"),
    [
        ("promoted", "rollout.promoted", 100),
        ("rolled_back", "rollout.rolled_back", 0),
        ("stopped", "rollout.stopped", 10),
    ],
)
def test_an_end_is_told_as_it_was_at_the_time_that_it_came(state, kind, after):
    own = rollout(state, ended_by="ann@example.com")

    (notice,) = end(own)

    assert (notice.kind, notice.at, notice.by) == (kind, own.ended_at, "ann@example.com")
    assert notice.percent_after == after


@pytest.mark.parametrize("state", ["deploying", "deployed", "verified", "shifting", "superseded"])
def test_what_has_not_ended_by_itself_has_no_end_to_tell(state):
    assert end(rollout(state)) == ()


def test_what_barq_did_by_itself_names_nobody():
    assert end(rollout("promoted", ended_by="barq"))[0].by == ""


def test_a_first_shift_came_from_nothing():
    (first,) = last_shift(rollout())
    (second,) = last_shift(rollout(shifts=shifts(10, 50)))

    assert (first.percent_before, first.percent_after, first.at) == (0, 10, NOW)
    assert (second.percent_before, second.percent_after) == (10, 50)


@pytest.mark.parametrize(
    ("decision", "kind"), [("approved", "approval.given"), ("denied", "approval.denied")]
)
def test_an_answer_is_told_under_who_gave_it(decision, kind):
    given = waiting(decision=decision, by="ann@example.com", at=at(5))

    (notice,) = answer(rollout("verified", approval=given), given)

    assert (notice.kind, notice.at, notice.by) == (kind, at(5), "ann@example.com")


def test_an_answer_that_is_told_again_after_the_shift_is_the_same_event():
    given = waiting(decision="approved", by="ann@example.com", at=NOW)

    (first,) = answer(rollout("verified", shifts=(), approval=given), given)
    (again,) = answer(rollout(shifts=shifts(10), approval=given), given)

    assert first.as_cloud_event()["id"] == again.as_cloud_event()["id"]
    assert again.percent_after == 0


def test_an_answer_at_the_deadline_is_of_the_share_that_was_asked_about():
    given = waiting(decision="approved", by="ann@example.com", at=at(50))

    (notice,) = answer(rollout(shifts=shifts(10), approval=given), given)

    assert notice.percent_after == 10
