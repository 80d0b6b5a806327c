"""Durations as people write them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.durations import LONGEST, parse_duration, show_duration
from tests.unit.functions.rollouts.strategies import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("1ms", 0.001),
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("24h", 86_400),
        ("7d", 604_800),
        ("1h0m", 3600),
        ("365d", 365 * 86_400),
    ],
)
def test_a_duration_is_read_as_people_write_it(text, seconds):
    assert parse_duration(text) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "m",
        "5 m",
        "-5m",
        "1.5h",
        "5m\n",
        "5M",
        "\u0665m",
        "1w",
        "366d",
        "365d1ms",
        "9999999999s",
        300,
        None,
        ["5m"],
    ],
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match=r".?"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (5400, "1h30m"), (90_061, "1d1h1m1s"), (0.25, "250ms")]
)
def test_a_duration_is_written_largest_unit_first(seconds, text):
    assert show_duration(dt.timedelta(seconds=seconds)) == text


@given(durations(low_ms=0))
def test_what_was_written_is_read_again(duration):
    assert parse_duration(show_duration(duration)) == duration


@given(st.text(max_size=20) | st.from_regex(r"^([0-9]+(ms|s|m|h|d))+$"))
def test_whatever_text_arrives_it_is_refused_or_a_duration_of_at_most_a_year(text):
    try:
        found = parse_duration(text)
    except ValueError:
        return
    assert dt.timedelta(0) <= found <= LONGEST
