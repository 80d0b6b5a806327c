"""Intervals in a decision record come back as they were, and what says nothing is not written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.interval_json import Layouts, read, write
from rollouts.intervals import Arm, Carried, Histogram, Interval
from tests.unit.functions.rollouts import histories
from tests.unit.functions.rollouts.builders import at

LAYOUTS = st.sampled_from([(), (100.0,), (1.0, 2.5, 400.0), histories.BOUNDS])
COUNTS = st.integers(0, 10**9)
ARMS = st.builds(
    Arm,
    requests=st.none() | COUNTS,
    errors=COUNTS,
    latency=st.none()
    | LAYOUTS.flatmap(
        lambda bounds: st.builds(
            Histogram,
            st.just(bounds),
            st.lists(COUNTS | st.just(0), min_size=len(bounds) + 1, max_size=len(bounds) + 1).map(
                tuple
            ),
        )
    ),
    unreached=COUNTS,
    in_flight=st.none() | st.floats(0, 10**6),
)
INSTANTS = st.integers(0, 10**9).map(lambda micros: at(micros / 10**6))
INTERVALS = st.builds(
    Interval,
    start=INSTANTS,
    end=INSTANTS,
    step=st.integers(-2, 9),
    percent=st.integers(0, 100),
    canary=ARMS,
    stable=ARMS,
    carried=st.lists(
        st.builds(Carried, st.integers(-1, 9), st.integers(0, 100), COUNTS, COUNTS), max_size=3
    ).map(tuple),
    known_at=st.none() | INSTANTS,
    seen_at=st.none() | INSTANTS,
    latency_since=st.none() | INSTANTS,
)


@given(st.lists(INTERVALS, max_size=4))
def test_intervals_come_back_bit_for_bit(intervals):
    layouts = Layouts()
    text = json.dumps([write(one, layouts) for one in intervals])
    bounds = json.loads(json.dumps([list(one) for one in layouts.bounds]))

    assert [read(one, Layouts(bounds)) for one in json.loads(text)] == intervals


def test_an_interval_of_which_little_is_known_is_short():
    assert write(Interval(at(0), at(10), 0, 10, Arm(None, 3), Arm(None, 0)), Layouts()) == {
        "start": "2026-11-22T12:00:00Z",
        "end": "2026-11-22T12:00:10Z",
        "step": 0,
        "percent": 10,
        "canary": [None, 3],
        "stable": [None, 0],
    }


@pytest.mark.parametrize(
    ("arm", "told"),
    [
        (Arm(20, 1), [20, 1]),
        (Arm(None, 1, unreached=4), [None, 1, 4]),
        (Arm(20, 1, Histogram((10.0, 20.0), (0, 5, 0))), [20, 1, None, [0, 1, 5]]),
        (Arm(20, 1, in_flight=0.0), [20, 1, None, None, 0.0]),
        (Arm(20, 1, Histogram((10.0, 20.0), (0, 0, 0))), [20, 1, None, [0, 0]]),
    ],
)
def test_an_arm_is_cut_after_the_last_that_says_anything(arm, told):
    layouts = Layouts()
    written = write(Interval(at(0), at(10), 0, 10, arm, Arm(0, 0)), layouts)

    assert written["canary"] == told
    assert read(written, layouts).canary == arm


def test_buckets_without_a_request_are_left_out_at_both_ends_only():
    layouts = Layouts()
    latency = Histogram((1.0, 2.0, 3.0, 4.0, 5.0), (0, 7, 0, 2, 0, 0))

    assert layouts.write(latency) == [0, 1, 7, 0, 2]
    assert layouts.read([0, 1, 7, 0, 2]) == latency


def test_layouts_are_told_once_each_in_the_order_of_their_first_use():
    layouts = Layouts()

    numbers = [layouts.number(one) for one in ((1.0,), (2.0,), (1.0,), (2.0, 3.0))]

    assert numbers == [0, 1, 0, 2]
    assert layouts.bounds == [(1.0,), (2.0,), (2.0, 3.0)]


def test_an_interval_of_the_records_of_before_is_refused_not_guessed():
    told = write(Interval(at(0), at(10), 0, 10, Arm(20, 1), Arm(180, 0)), Layouts())

    with pytest.raises(KeyError):
        read({key: one for key, one in told.items() if key != "stable"}, Layouts())
    with pytest.raises(ValueError, match="noon"):
        read(told | {"seen_at": "noon"}, Layouts())
    with pytest.raises(IndexError):
        read(told | {"canary": [20, 1, None, [0, 5]]}, Layouts())
