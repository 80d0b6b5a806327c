"""Windows on a clock, as spans of time: half-open, over midnight, week's end and changed clocks."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.freezes import DAY, HORIZON, Freeze, Once, Weekly, frozen_by, open_again, zone_of

SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
CHANGE = dt.timedelta(hours=1)
BERLIN = "Europe/Berlin"
FRI, MON = 4, 0
ALWAYS = tuple(range(7))
INSTANTS = st.datetimes(
    dt.datetime(2026, 1, 1), dt.datetime(2028, 1, 1), timezones=st.just(dt.UTC)
).map(lambda found: found.replace(microsecond=0))


def utc(text):
    return dt.datetime.fromisoformat(f"{text}+00:00")


def weekly(days, begins, ends, zone="UTC"):
    return Weekly("a window", zone, "", tuple(days), begins, ends)


def once(begins, ends, zone="UTC"):
    clock = dt.datetime.fromisoformat
    return Once("a window", zone, "", clock(begins), clock(ends))


def is_frozen(freeze, text):
    return frozen_by([freeze], utc(text)) is freeze


WEEKEND = weekly([FRI], 15 * 60, 3 * DAY + 6 * 60)
NIGHTS = weekly(ALWAYS, 22 * 60, DAY + 6 * 60)


@pytest.mark.parametrize(
    ("freeze", "before", "first", "last", "after"),
    [
        (
            once("2026-12-23T18:00", "2027-01-02T08:00", BERLIN),
            "2026-12-23T16:59:59", "2026-12-23T17:00", "2027-01-02T06:59:59", "2027-01-02T07:00",
        ),
        (
            WEEKEND,
            "2026-11-27T14:59:59", "2026-11-27T15:00", "2026-11-30T05:59:59", "2026-11-30T06:00",
        ),
        (
            NIGHTS,
            "2026-11-23T21:59:59", "2026-11-23T22:00", "2026-11-24T05:59:59", "2026-11-24T06:00",
        ),
        (
            weekly([6], 23 * 60, DAY + 60, "Asia/Tokyo"),
            "2026-11-29T13:59:59", "2026-11-29T14:00", "2026-11-29T15:59:59", "2026-11-29T16:00",
        ),
    ],
)  # fmt: skip
def test_a_window_holds_its_first_moment_and_not_the_one_after_its_last(
    freeze, before, first, last, after
):
    found = [is_frozen(freeze, text) for text in (before, first, last, after)]

    assert found == [False, True, True, False]


def test_a_window_of_a_whole_week_less_a_minute_is_open_for_a_minute():
    freeze = weekly([MON], 10 * 60 + 1, 7 * DAY + 10 * 60)

    assert is_frozen(freeze, "2026-11-23T09:59:59")
    assert not is_frozen(freeze, "2026-11-23T10:00")
    assert is_frozen(freeze, "2026-11-23T10:01")
    assert open_again([freeze], utc("2026-11-23T10:01")) == utc("2026-11-30T10:00")


@pytest.mark.parametrize(
    ("begins", "ends", "frozen_from", "frozen_until"),
    [
        # On 2026-03-29 the clock in Berlin goes from 02:00 to 03:00, at 01:00 UTC.
        ("2026-03-29T01:30", "2026-03-29T03:30", "2026-03-29T00:30", "2026-03-29T01:30"),
        ("2026-03-29T02:30", "2026-03-29T12:00", "2026-03-29T00:30", "2026-03-29T10:00"),
        ("2026-03-28T12:00", "2026-03-29T02:30", "2026-03-28T11:00", "2026-03-29T01:30"),
        # On 2026-10-25 it goes from 03:00 back to 02:00, at 01:00 UTC.
        ("2026-10-25T02:30", "2026-10-25T12:00", "2026-10-25T00:30", "2026-10-25T11:00"),
        ("2026-10-24T12:00", "2026-10-25T02:30", "2026-10-24T10:00", "2026-10-25T01:30"),
    ],
)
def test_when_the_clock_changes_the_freeze_is_the_longer_one(
    begins, ends, frozen_from, frozen_until
):
    freeze = once(begins, ends, BERLIN)

    assert frozen_by([freeze], utc(frozen_from))
    assert not frozen_by([freeze], utc(frozen_from) - SECOND)
    assert open_again([freeze], utc(frozen_from)) == utc(frozen_until)


@pytest.mark.parametrize(
    ("night", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-11-22", 8)]
)
def test_a_night_is_as_long_as_the_clock_makes_it(night, hours):
    freeze = weekly(ALWAYS, 22 * 60, DAY + 6 * 60, BERLIN)
    begins = dt.datetime.fromisoformat(f"{night}T22:00").replace(tzinfo=ZoneInfo(BERLIN))

    ends = open_again([freeze], begins)

    assert ends is not None
    assert ends - begins.astimezone(dt.UTC) == dt.timedelta(hours=hours)


@given(
    now=INSTANTS,
    days=st.sets(st.integers(0, 6), min_size=1),
    begins=st.integers(0, DAY),
    length=st.integers(1, DAY),
    zone=st.sampled_from(["UTC", BERLIN, "America/St_Johns", "Pacific/Apia"]),
)
def test_what_the_clock_on_the_wall_says_is_frozen_and_little_else(now, days, begins, length, zone):
    """The wall's own reckoning: minutes since a midnight; more only within an hour of a change."""
    freeze = weekly(sorted(days), begins, begins + length, zone)
    wall = now.astimezone(ZoneInfo(zone))
    minutes = (wall.hour * 60 + wall.minute) + wall.second / 60
    said = any(
        (wall.weekday() - back) % 7 in days and begins <= minutes + back * DAY < begins + length
        for back in (0, 1, 2)
    )
    changes = (now - CHANGE).astimezone(wall.tzinfo).utcoffset() != (now + CHANGE).astimezone(
        wall.tzinfo
    ).utcoffset()

    found = frozen_by([freeze], now) is not None

    assert found == said or (found and changes)


@given(now=INSTANTS, shift=st.integers(0, DAY - 1), length=st.integers(1, 2 * DAY))
def test_the_end_is_the_first_moment_that_is_free(now, shift, length):
    freezes: list[Freeze] = [
        weekly([FRI], shift, shift + length),
        weekly([5, 6], 0, DAY),
        once("2026-12-23T18:00", "2027-01-02T08:00"),
    ]

    ends = open_again(freezes, now)

    assert ends is not None
    assert ends >= now
    assert frozen_by(freezes, ends) is None
    between = [now + (ends - now) * part / 97 for part in range(97)]
    assert ends == now or all(frozen_by(freezes, one) for one in between)


def test_windows_that_touch_or_overlap_end_with_the_last_of_them():
    friday, saturday, sunday = weekly([4], 900, DAY), weekly([5], 0, DAY), weekly([6], -60, 720)

    assert open_again([sunday, friday, saturday], utc("2026-11-27T15:00")) == utc(
        "2026-11-29T12:00"
    )
    assert open_again([friday, sunday], utc("2026-11-27T15:00")) == utc("2026-11-28T00:00")


def test_what_is_never_open_has_no_end():
    always = weekly(ALWAYS, 0, DAY)
    long = once("2026-01-01T00:00", "2028-01-01T00:00")

    assert open_again([always], utc("2026-11-23T12:00")) is None
    assert open_again([long], utc("2028-01-01T00:00") - HORIZON) == utc("2028-01-01T00:00")


def test_where_nothing_is_frozen_it_is_open_now():
    now = utc("2026-11-23T12:00")

    assert frozen_by([WEEKEND, NIGHTS], now) is None
    assert open_again([WEEKEND, NIGHTS], now) == now
    assert open_again([], now) == now


def test_the_first_window_of_the_list_that_holds_now_is_named():
    now = utc("2026-11-28T23:00")

    assert frozen_by([NIGHTS, WEEKEND], now) == NIGHTS
    assert frozen_by([WEEKEND, NIGHTS], now) == WEEKEND


@pytest.mark.parametrize("name", ["Europe/Nowhere", "Europe", "../../etc/passwd"])
def test_a_zone_that_there_is_not_is_a_value_error(name):
    with pytest.raises(ValueError, match=name):
        zone_of(name)


def test_utc_needs_no_database():
    assert zone_of("UTC") is dt.UTC
