"""Who gets how many of the requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.traffic import (
    CANARY_TAG,
    Entry,
    shares,
    show_shares,
    sole_revision,
    split_of,
    tag_url,
    written,
)

NAMES = st.sampled_from(["api-1", "api-2", "api-3", "api-4"])
TAGS = st.sampled_from([None, "canary", "blue", "qa"])
PRESENT = st.lists(
    st.builds(
        Entry, NAMES | st.none(), st.integers(0, 100), TAGS, st.sampled_from([None, "https://x"])
    ),
    max_size=6,
).map(tuple)


@st.composite
def wanted_shares(draw):
    """Whole percents of one to four revisions that sum to 100, zeros among them."""
    cuts = sorted(draw(st.lists(st.integers(0, 100), max_size=3)))
    percents = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    return dict(zip(["api-1", "api-2", "api-3", "api-4"], percents, strict=False))


def test_the_shares_of_several_entries_of_a_revision_are_added_up():
    split = (Entry("api-1", 60), Entry("api-2", 30), Entry("api-1", 10, "old"))

    assert shares(split, None) == {"api-1": 70, "api-2": 30}


def test_a_tag_without_percent_has_no_share():
    assert shares((Entry("api-1", 100), Entry("api-2", 0, "canary")), None) == {"api-1": 100}


def test_latest_is_whichever_revision_is_ready_last():
    assert shares((Entry(None, 100),), "api-7") == {"api-7": 100}
    assert shares((Entry(None, 100),), None) == {}


def test_a_revision_that_has_everything_is_alone():
    assert sole_revision((Entry("api-1", 100), Entry("api-2", 0, "qa")), None) == "api-1"
    assert sole_revision((Entry("api-1", 50), Entry("api-1", 50, "a")), None) == "api-1"
    assert sole_revision((Entry("api-1", 90), Entry("api-2", 10)), None) is None
    assert sole_revision((), None) is None


def test_foreign_tags_are_kept_and_the_canary_tag_moves():
    present = (Entry("api-1", 100), Entry("api-1", 0, "blue"), Entry("api-0", 0, "canary"))

    split = split_of({"api-1": 90, "api-2": 10}, present, canary_tag="api-2")

    assert split == (
        Entry("api-1", 90),
        Entry("api-2", 10),
        Entry("api-1", 0, "blue"),
        Entry("api-2", 0, "canary"),
    )


def test_a_tag_on_latest_goes_with_it():
    assert split_of({"api-1": 100}, (Entry(None, 100, "live"),)) == (Entry("api-1", 100),)


@pytest.mark.parametrize("percents", [{}, {"api-1": 99}, {"api-1": 100, "api-2": 1}])
def test_a_split_that_does_not_sum_to_100_is_never_made(percents):
    with pytest.raises(AssertionError):
        split_of(percents, ())


@given(wanted_shares(), PRESENT, NAMES | st.none())
def test_every_split_sums_to_100_and_never_holds_latest(wanted, present, canary):
    split = split_of(wanted, present, canary_tag=canary)

    assert sum(entry.percent for entry in split) == 100
    assert all(entry.revision is not None for entry in split)
    assert shares(split, None) == {name: share for name, share in wanted.items() if share}


@given(wanted_shares(), PRESENT, NAMES | st.none())
def test_every_split_keeps_every_foreign_tag_where_it_was(wanted, present, canary):
    def foreign(entries):
        return [
            (entry.tag, entry.revision)
            for entry in entries
            if entry.tag and entry.revision and entry.tag != CANARY_TAG
        ]

    split = split_of(wanted, present, canary_tag=canary)

    assert foreign(split) == foreign(present)
    worn = [entry.revision for entry in split if entry.tag == CANARY_TAG]
    assert worn == ([canary] if canary else [])


@given(wanted_shares(), PRESENT, NAMES)
def test_a_split_made_of_itself_is_itself(wanted, present, canary):
    once = split_of(wanted, present, canary_tag=canary)

    assert split_of(wanted, once, canary_tag=canary) == once


def test_a_tag_answers_where_the_platform_says():
    served = (Entry("api-1", 100), Entry("api-2", 0, "canary", "https://canary---api.app"))

    assert tag_url(served, "canary") == "https://canary---api.app"
    assert tag_url(served, "blue") is None
    assert tag_url((Entry("api-2", 0, "canary"),), "canary") is None


def test_what_only_the_platform_says_is_not_written():
    assert written((Entry("a", 100, "t", "https://x"),)) == (Entry("a", 100, "t"),)


def test_shares_are_shown_largest_first():
    assert show_shares({"api-b": 10, "api-a": 90}) == "api-a 90 %, api-b 10 %"
    assert show_shares({"b": 50, "a": 50}) == "a 50 %, b 50 %"
    assert show_shares({}) == "nothing"
