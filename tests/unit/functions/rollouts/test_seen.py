"""What someone else changed since the record was written."""

import pytest

from rollouts.record import Record
from rollouts.seen import Change, hides, image_served, left_with_a_share
from rollouts.traffic import Entry
from tests.unit.functions.rollouts.builders import (
    CANARY,
    DIGEST,
    NOW,
    REPOSITORY,
    STABLE,
    rollout,
    seen,
)


def test_a_service_without_a_rollout_explains_everything():
    assert seen(split=(Entry(None, 100),)).unexplained() == ""


@pytest.mark.parametrize("generation", [6, 7])
def test_the_write_that_carried_the_record_may_have_raised_the_generation_by_one(generation):
    assert seen(rollout(), generation=generation).unexplained() == ""


def test_a_generation_further_on_was_written_by_someone_else():
    """An older whole object brings its own record back with it; the generation never falls."""
    assert seen(rollout(), generation=8).unexplained() == (
        "the service was written by someone else: it is at generation 8, and Barq last wrote on 6"
    )


@pytest.mark.parametrize(
    ("generation", "fingerprint", "explained"),
    [(6, "", True), (7, "as it was", True), (7, "other", False), (6, "other", True)],
)
def test_after_a_write_of_the_record_alone_the_spec_tells_whose_the_generation_is(
    generation, fingerprint, explained
):
    """A platform that raises it for annotations raised it itself; else somebody changed the spec."""
    record = Record(rollout=rollout(), generation=6, spec="as it was")

    found = seen(record=record, generation=generation, fingerprint=fingerprint).unexplained()

    assert (found == "") == explained
    assert explained or "template or tags are not those" in found


def test_traffic_that_is_not_the_records_is_named_with_both_splits():
    moved = (Entry(STABLE, 40), Entry(CANARY, 60))

    assert seen(rollout(), split=moved).unexplained() == (
        "traffic is api-2 60 %, api-1 40 %, where Barq left api-1 90 %, api-2 10 %"
    )


def test_the_split_that_is_served_may_lag_behind_the_one_that_is_asked_for():
    late = seen(rollout(), served=(Entry(STABLE, 100),))

    assert late.unexplained() == ""
    assert late.shares == {STABLE: 90, CANARY: 10}
    assert late.served_shares == {STABLE: 100}


def test_latest_counts_as_the_revision_that_is_ready_last():
    own = rollout("promoted")

    assert seen(own, split=(Entry(None, 100),), latest_ready=CANARY).unexplained() == ""
    assert seen(own, split=(Entry(None, 100),), latest_ready="api-9").unexplained() != ""


NOTED = Change(Record(rollout=rollout(paged_at=NOW)))


def test_a_write_that_only_notes_something_does_not_hide_what_others_wrote():
    assert hides(seen(rollout(), generation=9), NOTED)
    assert not hides(seen(rollout(), generation=7), NOTED)


@pytest.mark.parametrize("after", [rollout("stopped"), rollout("deploying", id="89abcdef"), None])
def test_an_end_and_a_new_beginning_take_the_service_as_it_is(after):
    assert not hides(seen(rollout(), generation=9), Change(Record(rollout=after)))


def test_what_is_noted_after_the_end_hides_nothing_either():
    stopped = rollout("stopped")
    noted = Change(Record(rollout=rollout("stopped", stuck_at=NOW)))

    assert hides(seen(stopped, generation=9), noted)


def test_where_no_rollout_was_there_is_nothing_to_hide():
    assert not hides(seen(), NOTED)


def test_a_write_of_traffic_is_no_note():
    """An alert takes a promoted canary back that somebody has changed the template of since."""
    back = Change(Record(rollout=rollout("rolled_back")), (Entry(STABLE, 100),))

    assert not hides(seen(rollout("promoted"), generation=9), back)


@pytest.mark.parametrize(
    ("own", "more", "left"),
    [
        (rollout("stopped", ended_by="barq"), {}, 10),
        (rollout("stopped", ended_by="ann"), {}, 0),
        (rollout("stopped", ended_by="barq"), {"generation": 9}, 0),
        (rollout(), {}, 0),
        (None, {}, 0),
    ],
)
def test_what_barq_left_a_canary_with_is_nobodys_will_until_somebody_writes(own, more, left):
    assert left_with_a_share(seen(own, **more)) == left


def test_the_image_that_serves_is_that_of_the_rollout_which_promoted_it():
    assert image_served(seen(rollout("promoted"))) == f"{REPOSITORY}@{DIGEST}"


def test_after_a_rollback_it_is_that_of_the_rollout_before():
    before = rollout("promoted", canary=STABLE, stable="api-0", digest="sha256:0")
    record = Record(rollout=rollout("rolled_back"), promoted=before, generation=6)

    assert image_served(seen(record=record)) == f"{REPOSITORY}@sha256:0"


@pytest.mark.parametrize(
    "found",
    [
        seen(),  # Nothing was ever delivered.
        seen(rollout("shifting")),  # Two revisions serve.
        seen(rollout("rolled_back")),  # Nobody knows how stable came to be.
        seen(rollout("promoted", digest="", adopted=True)),  # It has no digest on record.
        seen(rollout("promoted"), served=(Entry(STABLE, 100),)),  # Another one serves.
    ],
)
def test_an_image_that_no_rollout_on_record_promoted_is_unknown(found):
    assert image_served(found) == ""
