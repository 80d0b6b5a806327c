"""When a schedule comes due, and which schedules there are none of."""

import datetime as dt

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.scheduler.cron import parse_cron

NEW_YORK = "America/New_York"


def utc(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def due(schedule, after, times=1, zone="Etc/UTC"):
    """Return the next instants, as text in UTC."""
    cron, found = parse_cron(schedule, zone), []
    instant = utc(after)
    for _ in range(times):
        instant = cron.after(instant) or utc("9999-01-01")
        found.append(instant.strftime("%Y-%m-%dT%H:%M"))
    return found


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("* * * * *", "2026-03-01T12:00:59", ["2026-03-01T12:01", "2026-03-01T12:02"]),
        ("* * * * *", "2026-03-01T12:01:00", ["2026-03-01T12:02", "2026-03-01T12:03"]),
        ("*/20 * * * *", "2026-03-01T12:41", ["2026-03-01T13:00", "2026-03-01T13:20"]),
        ("5-15/5 8 * * *", "2026-03-01T08:10", ["2026-03-01T08:15", "2026-03-02T08:05"]),
        ("45 23 * * 6", "2026-03-01T12:00", ["2026-03-07T23:45", "2026-03-14T23:45"]),
        ("0 9 * * MON-FRI", "2026-03-06T10:00", ["2026-03-09T09:00", "2026-03-10T09:00"]),
        ("0 0 * * 7", "2026-03-01T00:00", ["2026-03-08T00:00", "2026-03-15T00:00"]),
        ("0 0 1,15 * *", "2026-03-02T00:00", ["2026-03-15T00:00", "2026-04-01T00:00"]),
        ("0 0 13 * FRI", "2026-03-07T00:00", ["2026-03-13T00:00", "2026-03-20T00:00"]),
        ("0 0 */2 * 1", "2026-03-01T00:00", ["2026-03-09T00:00", "2026-03-23T00:00"]),
        ("0 0 1 jan,jul *", "2026-03-01T00:00", ["2026-07-01T00:00", "2027-01-01T00:00"]),
        ("0 0 29 2 *", "2026-03-01T00:00", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("0 0 29 2 *", "2096-03-01T00:00", ["2104-02-29T00:00"]),
    ],
)
def test_the_next_times_are(schedule, after, expected):
    assert due(schedule, after, len(expected)) == expected


def test_a_time_zone_is_walls_not_utcs():
    """In summer New York is four hours behind, in winter five."""
    assert due("0 9 * * *", "2026-07-01T00:00", zone=NEW_YORK) == ["2026-07-01T13:00"]
    assert due("0 9 * * *", "2026-12-01T00:00", zone=NEW_YORK) == ["2026-12-01T14:00"]


def test_a_time_that_the_clocks_leave_out_does_not_come():
    assert due("30 2 * * *", "2026-03-07T08:00", zone=NEW_YORK) == ["2026-03-09T06:30"]


def test_a_time_that_the_clocks_repeat_comes_twice():
    assert due("30 1 * * *", "2026-11-01T00:00", 3, NEW_YORK) == [
        "2026-11-01T05:30",
        "2026-11-01T06:30",
        "2026-11-02T06:30",
    ]


def test_every_minute_is_every_minute_while_the_clocks_change():
    assert due("* * * * *", "2026-03-08T06:59", 2, NEW_YORK) == [
        "2026-03-08T07:00",
        "2026-03-08T07:01",
    ]


@pytest.mark.parametrize("zone", ["", "utc", "UTC", "Etc/UTC"])
def test_utc_has_many_names(zone):
    assert due("0 9 * * *", "2026-07-01T00:00", zone=zone) == ["2026-07-01T09:00"]


@pytest.mark.parametrize(
    ("schedule", "zone"),
    [
        ("", "UTC"),
        ("* * * *", "UTC"),
        ("* * * * * *", "UTC"),
        ("60 * * * *", "UTC"),
        ("* 24 * * *", "UTC"),
        ("* * 0 * *", "UTC"),
        ("* * * 13 *", "UTC"),
        ("* * * * 8", "UTC"),
        ("5-1 * * * *", "UTC"),
        ("*/0 * * * *", "UTC"),
        ("5/10 * * * *", "UTC"),
        ("1,,2 * * * *", "UTC"),
        ("-1 * * * *", "UTC"),
        ("* * L * *", "UTC"),
        ("* * * MON *", "UTC"),
        ("0 0 30 2 *", "UTC"),
        ("every 5 minutes", "UTC"),
        ("@hourly", "UTC"),
        ("* * * * *", "Mars/Olympus"),
        ("* * * * *", "/etc/passwd"),
        ("* * * * *", "../UTC"),
    ],
)
def test_what_is_no_schedule_is_refused(schedule, zone):
    with pytest.raises(Refused, match=r"^INVALID_ARGUMENT: Schedule or time zone is invalid\.$"):
        parse_cron(schedule, zone)
