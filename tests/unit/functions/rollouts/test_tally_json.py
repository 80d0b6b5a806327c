"""The judge's state as a text: bit for bit, short, and as good as lost if anything is odd."""

import base64
import json
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.intervals import PROBED, Carried
from rollouts.judging import advance, begin, conclude, judge
from rollouts.tally_json import TEXT_MAX, UNPACKED_MAX, dump, load
from tests.unit.functions.rollouts.builders import at, policy
from tests.unit.functions.rollouts.histories import (
    BOUNDS,
    COMPARED,
    clean,
    interval,
    last_known,
    latencies,
    new_at,
    odd_histories,
    past,
    unseen,
)
from tests.unit.functions.rollouts.strategies import anything

KEY = "0123abcd policy"
CUTS = st.lists(st.integers(-60, 600), max_size=8).map(
    lambda cuts: sorted({at(one) for one in cuts})
)


LIMITED = policy(analysis={"max_errors": 5, "max_error_ratio": 0.05, "max_latency_p95": "60ms"})


def text_of(*intervals, by=COMPARED):
    text = dump(advance(begin(by), intervals), KEY)
    assert text
    return text


def packed(document):
    plain = document if isinstance(document, bytes) else json.dumps(document).encode()
    return base64.b64encode(zlib.compress(plain, 9)).decode()


def unpacked(text):
    return json.loads(zlib.decompress(base64.b64decode(text)))


@given(odd_histories(), CUTS, st.sampled_from([COMPARED, LIMITED]))
def test_a_judge_that_travels_between_looks_comes_to_the_same_verdict(history, cuts, by):
    end = last_known(history)
    tally, before = begin(by), at(-(10**6))
    for now in [*[one for one in cuts if one < end], end]:
        advance(tally, new_at(history, before, now))
        text, before = dump(tally, KEY), now
        if text:
            restored = load(text, KEY, by)
            assert restored
            assert dump(restored, KEY) == text
            assert conclude(restored) == conclude(tally)
            tally = restored

    assert conclude(tally) == judge(history, by, end)


def test_affinity_travels_too():
    tally = advance(begin(COMPARED, affinity=True), clean(1))

    restored = load(dump(tally, KEY), KEY, COMPARED)

    assert restored
    assert restored.affinity


# It is short.

USUAL = latencies(14, 37)
BUSY = past(2000, errors=31, latency=USUAL)


def minutes_of(count, **fields):
    """Return intervals of 10 s; a minute's latency stands on its last."""
    return [
        interval(
            10 * index,
            (20_000 + index, index % 7),
            (180_000 - index, index % 11),
            latency=(USUAL, USUAL) if index % 6 == 5 else (None, None),
            in_flight=(7.0, 80.0),
            settle=5,
            **fields,
        )
        for index in range(count)
    ]


@pytest.mark.parametrize("by", [COMPARED, LIMITED])
def test_a_state_with_23_unseen_intervals_stays_under_4_kib(by):
    fresh = [
        unseen(
            300 + 10 * index,
            137 * index,
            911 * index,
            settle=5,
            unreached=(index * 13, index * 7),
            carried=(Carried(0, 10, index, 3 * index),),
        )
        for index in range(23)
    ]

    text = text_of(*BUSY, *minutes_of(30), *fresh, by=by)

    assert len(text) < TEXT_MAX
    assert bool(unpacked(text)["counts"]["stable_latency"]) is (by is LIMITED)


def test_a_state_whose_oldest_interval_alone_is_unseen_stays_under_4_kib():
    """Those behind it wait with all that is visible of them."""
    text = text_of(*BUSY, unseen(0, settle=5), *minutes_of(23)[1:])

    assert len(text) < TEXT_MAX


def test_a_state_that_is_still_learning_stays_under_4_kib():
    few = latencies(14, 1, total=9)
    history = [replace(one, canary=replace(one.canary, latency=few), stable=replace(one.stable, latency=few))
               for one in minutes_of(6)]  # fmt: skip

    text = text_of(*history)

    assert len(text) < TEXT_MAX
    assert unpacked(text)["slow"]["learned"]


def test_a_state_that_would_be_too_long_is_not_kept():
    """Whoever looks next reads the signals anew."""
    odd = [
        latencies(10, slow, bounds=tuple(one * (1 + slow / 1000) for one in BOUNDS))
        for slow in range(23)
    ]
    history = [interval(10 * index, latency=(one, one)) for index, one in enumerate(odd)]

    assert dump(advance(begin(COMPARED), [unseen(0), *history[1:]]), KEY) is None


@pytest.mark.parametrize(
    "history", [[], past(), [interval(-20, step=PROBED)], [*past(), interval(-20, step=PROBED)]]
)
def test_before_the_first_interval_of_users_requests_there_is_nothing_to_keep(history):
    """The past is not put to use yet: kept without it, its latencies would be lost."""
    assert dump(advance(begin(COMPARED), history), KEY) is None


# Anything odd is as good as lost.

TEXT = text_of(
    *past(latency=USUAL), *minutes_of(6), unseen(60, 1, 2, settle=5), interval(70, step=2)
)


def test_a_state_of_another_rollout_or_policy_is_none():
    assert load(TEXT, KEY, COMPARED)
    assert load(TEXT, KEY + "2", COMPARED) is None


def test_a_state_of_another_schema_is_none():
    assert load(packed(unpacked(TEXT) | {"schema": 0}), KEY, COMPARED) is None


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        b"abc",
        "",
        "no base85: \x7f",
        TEXT[:-1],
        TEXT[1:],
        TEXT + TEXT,
        base64.b64encode(b"not compressed").decode(),
        packed(b"not json"),
        packed(b"\xff\xfe"),
        packed([]),
        packed("text"),
        packed(3),
        packed({}),
        packed(b"[" * 1_000_000),
        packed(b'{"schema":' * 100_000),
        packed(b" " * (UNPACKED_MAX + 1) + b"{}"),
        packed({"schema": 1, "key": KEY, "more": "x" * (2 * UNPACKED_MAX)}),
        "x" * (TEXT_MAX + 1),
    ],
)
def test_a_text_that_is_none_of_ours_is_none(text):
    assert load(text, KEY, COMPARED) is None


def test_a_text_of_earlier_code_in_base85_is_read_as_well():
    earlier = base64.b85encode(base64.b64decode(TEXT)).decode()

    loaded = load(earlier, KEY, COMPARED)

    assert loaded is not None
    assert dump(loaded, KEY) == TEXT


def test_a_text_that_unpacks_to_too_much_is_not_unpacked():
    bomb = packed(b"0" * (3 * UNPACKED_MAX))

    assert len(bomb) <= TEXT_MAX
    assert load(bomb, KEY, COMPARED) is None


@given(
    st.text(max_size=50) | st.binary(max_size=200).map(lambda one: base64.b64encode(one).decode())
)
def test_whatever_text_arrives_nothing_is_raised(text):
    assert load(text, KEY, COMPARED) is None


@st.composite
def damaged(draw):
    """A state of the right key with one value, at any depth, that is another."""
    document = unpacked(TEXT)
    spot, key = document, draw(st.sampled_from(sorted(set(document) - {"schema", "key"})))
    while isinstance(spot[key], dict | list) and spot[key] and draw(st.booleans()):
        spot = spot[key]
        key = draw(st.sampled_from(sorted(spot) if isinstance(spot, dict) else range(len(spot))))
    if draw(st.booleans()):
        del spot[key]
    else:
        spot[key] = draw(anything())
    return packed(document)


@given(damaged())
def test_whatever_is_damaged_in_a_state_nothing_is_raised(text):
    loaded = load(text, KEY, COMPARED)

    assert loaded is None or loaded.counts


def test_a_state_is_judged_by_the_policy_that_it_is_loaded_with():
    other = policy(analysis={"sensitivity": "high"})

    loaded = load(TEXT, KEY, other)

    assert loaded
    assert conclude(loaded).evidence.threshold == 20


def test_a_state_that_the_code_before_wrote_is_read():
    """It wrote out every bound of a layout, and all of an interval of which nothing is known."""
    tally = advance(begin(COMPARED), [*minutes_of(12), unseen(120, settle=5)])
    text = dump(tally, KEY)
    document = unpacked(text)
    assert tally.counts is not None
    latency = tally.counts.latency
    assert latency is not None
    document["counts"]["latency"] = [list(latency.bounds_ms), list(latency.counts)]
    start, end, step, percent, known = document["unseen"][-1]
    nothing = [[None, 0, 0]] * 2
    document["unseen"][-1] = [
        *(start, end, step, percent, *nothing, [], known, None, [], 1.0, None, False)
    ]

    restored = load(packed(document | {"schema": 2}), KEY, COMPARED)

    assert restored
    assert dump(restored, KEY) == text
