"""What is kept between looks survives its JSON, and anything odd is as good as nothing."""

import datetime as dt
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.kept import KINDS, TOLD_MAX, Kept, Late, Pace, Row, dump, load
from tests.unit.functions.rollouts.builders import at

SECOND = dt.timedelta(seconds=1)
INSTANTS = st.floats(0, 10**6).map(at)
COUNTS = st.integers(1, 10**6)
STEPS = st.integers(-1, 9)
KEPT = st.builds(
    Kept,
    looked_at=INSTANTS,
    closed_until=INSTANTS,
    seen_until=INSTANTS,
    period=st.integers(1, 3600).map(lambda seconds: seconds * SECOND),
    delay=st.none() | st.integers(0, 3600).map(lambda seconds: seconds * SECOND),
    told_since=st.just(at(0)),
    told=st.dictionaries(
        st.builds(Row, INSTANTS, STEPS, st.integers(0, KINDS - 1)), COUNTS, max_size=8
    ),
    debt=st.tuples(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9)),
    pending=st.dictionaries(st.builds(Late, STEPS, st.integers(0, KINDS - 1)), COUNTS, max_size=4),
    pace=st.builds(Pace, st.none() | INSTANTS, st.integers(0, 99), st.booleans()),
)


@given(KEPT)
def test_what_is_kept_comes_back_bit_for_bit(kept):
    assert load(json.loads(json.dumps(dump(kept)))) == kept


def test_the_most_that_is_kept_is_well_under_a_kibibyte():
    rows = {Row(at(10 * slot), 0, kind): 1000 for slot in range(TOLD_MAX) for kind in (0, 1)}
    kept = Kept(
        at(300), at(290), at(60), 60 * SECOND, 120 * SECOND, at(0), rows, (12345, -12345),
        {Late(0, 0): 1000}, Pace(at(400), 3),
    )  # fmt: skip

    assert len(json.dumps(dump(kept), separators=(",", ":"))) < 1000


KEPT_ONCE = Kept(
    at(20), at(10), at(0), 60 * SECOND, 120 * SECOND, at(0), {Row(at(0), 0, 1): 2},
    pending={Late(0, 0): 1},
)  # fmt: skip
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(ODD)
def test_whatever_it_is_it_is_read_or_nothing(document):
    assert load(document) is None


@given(st.sampled_from(sorted(dump(KEPT_ONCE))), ODD)
def test_one_odd_part_is_read_or_makes_nothing_of_it(key, odd):
    found = load(dump(KEPT_ONCE) | {key: odd})

    assert found is None or load(dump(found)) == found


@pytest.mark.parametrize(
    ("key", "odd"),
    [
        ("v", 2),
        ("period", 0),
        ("looked_at", True),
        ("looked_at", 10**30),
        ("told", [[0, 0, 1, 0, 0]]),
        ("told", [[0, 0, -1, 0, 0, 0]]),
        ("told", [[0, 0, 1, 0, 0, 0, 0]]),
        ("delay", -1),
        ("delay", 86_400_000_001),
        ("period", 86_400_000_001),
        ("debt", [10**12 + 1, 0]),
        ("debt", [0, -(10**12) - 1]),
        ("told", [[0, 0, 1, 0, 0, 10**12 + 1]]),
    ],
)
def test_what_dump_never_writes_is_nothing(key, odd):
    assert load(dump(KEPT_ONCE) | {key: odd}) is None


def test_what_was_told_is_of_intervals_that_were_given():
    just = replace(KEPT_ONCE, told_since=at(10), told={})
    odd = replace(KEPT_ONCE, told_since=at(10.1), told={})

    assert load(dump(just)) == just
    assert load(dump(odd)) is None


@given(st.sampled_from(sorted(dump(KEPT_ONCE))))
def test_a_part_that_is_missing_makes_nothing_of_it(key):
    document = dump(KEPT_ONCE)
    del document[key]

    assert load(document) is None
