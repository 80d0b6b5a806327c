"""Instants as RFC 3339 text."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.instants import parse_instant, show_instant
from tests.unit.functions.rollouts.strategies import INSTANTS


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22T12:00:00Z", dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)),
        ("2026-11-22T14:00:00+02:00", dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)),
        ("2026-11-22T12:00:00.5Z", dt.datetime(2026, 11, 22, 12, 0, 0, 500_000, dt.UTC)),
        ("2026-11-22T12:00:00.123456789Z", dt.datetime(2026, 11, 22, 12, 0, 0, 123_456, dt.UTC)),
    ],
)
def test_an_instant_is_read_in_utc_with_at_most_microseconds(text, instant):
    found = parse_instant(text)

    assert found == instant
    assert found.tzinfo is dt.UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-11-22T12:00:00",
        "2026-13-22T12:00:00Z",
        None,
        1_700_000_000,
        # Out of the calendar once they stand in UTC.
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(ValueError, match=r".?"):
        parse_instant(text)


def test_an_instant_is_written_in_utc_with_microseconds_only_where_there_are_any():
    east = dt.timezone(dt.timedelta(hours=2))

    assert show_instant(dt.datetime(2026, 11, 22, 14, tzinfo=east)) == "2026-11-22T12:00:00Z"
    assert show_instant(dt.datetime(2026, 1, 2, 3, 4, 5, 6, dt.UTC)) == (
        "2026-01-02T03:04:05.000006Z"
    )


@given(INSTANTS)
def test_what_was_written_is_read_again(instant):
    assert parse_instant(show_instant(instant)) == instant


@given(st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?[Z+]"))
def test_whatever_text_arrives_it_is_refused_or_an_instant(text):
    try:
        found = parse_instant(text)
    except ValueError:
        return
    assert found.tzinfo is dt.UTC


def test_an_hour_that_a_clock_shows_twice_is_two_instants():
    first = dt.datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))

    assert show_instant(first) == "2026-10-25T00:30:00Z"
    assert show_instant(first.replace(fold=1)) == "2026-10-25T01:30:00Z"
