"""A closed line holds the next share, tells it once, and never outlasts a deadline."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.actions import Hold, RollBack
from rollouts.deadline import deadline_of
from rollouts.freezes import Once, Weekly
from rollouts.freezing import FROZEN_MAX, WAIT_MAX, Closed, closed, frozen, passed
from tests.unit.functions.rollouts.builders import NOW, at, policy, rollout, seen, target

OPENS = at(minutes=90)
LINE = Closed("every day: night", "frozen until 13:30 UTC (every day: night)", OPENS)
STOPPED = Closed("the line is stopped: checkout is down", "the line is stopped: x", None)
VERIFIED = rollout("verified")
SHIFTING = rollout("shifting")


def christmas(**fields):
    begins, ends = dt.datetime(2026, 11, 22, 10), dt.datetime(2026, 11, 22, 14)
    values = {"name": "10:00 to 14:00", "zone": "UTC", "reason": "Christmas"}
    return Once(**(values | {"begins": begins, "ends": ends} | fields))


def told_once(own, line):
    """Return the rollout as it is after the person was told."""
    decision = frozen(seen(own), own, line, NOW)
    assert decision is not None
    assert decision.change is not None
    return decision.change.record.rollout


def test_a_line_without_windows_is_open():
    assert closed(target(), NOW) is None
    assert closed(replace(target(), freezes=(christmas(),)), at(minutes=120)) is None


def test_what_closes_a_line_is_told_with_its_end_by_its_own_clock():
    berlin = christmas(zone="Europe/Berlin", name="10:00 to 14:00")

    found = closed(replace(target(), freezes=(berlin,)), NOW)

    assert found == Closed(
        "10:00 to 14:00 Europe/Berlin: Christmas",
        "frozen until 2026-11-22 14:00 Europe/Berlin (10:00 to 14:00 Europe/Berlin: Christmas)",
        at(minutes=60),
    )


def test_a_window_without_a_reason_is_named_alone():
    found = closed(replace(target(), freezes=(christmas(reason=""),)), NOW)

    assert found is not None
    assert found.why == "10:00 to 14:00 UTC"


def test_windows_that_follow_on_each_other_are_told_with_the_end_of_all():
    after = christmas(begins=dt.datetime(2026, 11, 22, 14), ends=dt.datetime(2026, 11, 22, 15))

    found = closed(replace(target(), freezes=(after, christmas())), NOW)

    assert found is not None
    assert found.until == at(minutes=180)
    assert "frozen until 2026-11-22 15:00 UTC" in found.because


def test_what_is_always_frozen_has_no_end():
    always = Weekly("every day 00:00 to 24:00", "UTC", "", tuple(range(7)), 0, 24 * 60)

    found = closed(replace(target(), freezes=(always,)), NOW)

    assert found == Closed(
        "every day 00:00 to 24:00 UTC",
        "frozen for more than a year (every day 00:00 to 24:00 UTC)",
        None,
    )


def test_a_stopped_line_is_told_before_any_window_and_has_no_end():
    found = closed(replace(target(), stop_the_line="checkout is down", freezes=(christmas(),)), NOW)

    why = "the line is stopped: checkout is down"
    assert found == Closed(why, why, None)


@pytest.mark.parametrize("own", [VERIFIED, SHIFTING])
def test_an_open_line_decides_nothing(own):
    assert frozen(seen(own), own, None, NOW) is None


@pytest.mark.parametrize("own", [VERIFIED, SHIFTING])
def test_a_rollout_that_overrides_the_freeze_is_not_held(own):
    own = replace(own, override_freeze="execution e1: checkout is down")

    assert frozen(seen(own), own, STOPPED, NOW) is None


def test_a_share_that_is_given_past_a_closed_line_says_on_whose_word():
    own = replace(VERIFIED, override_freeze="execution e1: checkout is down")

    said = passed(own, LINE)

    assert said == "not held by every day: night, by execution e1: checkout is down"
    assert passed(own, None) == passed(VERIFIED, LINE) == ""


@pytest.mark.parametrize("own", [VERIFIED, SHIFTING])
def test_a_hold_says_what_for_until_when_and_writes_one_note(own):
    decision = frozen(seen(own), own, LINE, NOW)

    assert decision is not None
    assert isinstance(decision.action, Hold)
    assert (decision.action.waits_for, decision.action.until) == ("freeze", OPENS)
    assert decision.action.because == LINE.because
    (notice,) = decision.notices
    assert (notice.kind, notice.because) == ("rollout.frozen", LINE.because)
    assert notice.percent_before == notice.percent_after == own.percent
    assert decision.change is not None
    assert decision.change.split is None
    after = decision.change.record.rollout
    assert after == replace(own, frozen_at=NOW, frozen=LINE.why)


def test_the_second_look_writes_nothing_and_tells_nobody():
    own = told_once(VERIFIED, LINE)

    decision = frozen(seen(own), own, LINE, at(minutes=10))

    assert decision is not None
    assert isinstance(decision.action, Hold)
    assert (decision.change, decision.notices) == (None, ())


def test_another_reason_is_told_anew_and_the_first_moment_is_kept():
    own = told_once(VERIFIED, LINE)

    decision = frozen(seen(own), own, STOPPED, at(minutes=10))

    assert decision is not None
    assert decision.change is not None
    after = decision.change.record.rollout
    assert after is not None
    assert (after.frozen, after.frozen_at) == (STOPPED.why, NOW)
    assert [one.kind for one in decision.notices] == ["rollout.frozen"]


def seconds(own, line, now):
    decision = frozen(seen(own), own, line, now)
    assert decision is not None
    assert isinstance(decision.action, Hold)
    return decision.action.wait_seconds


@pytest.mark.parametrize(
    ("own", "line", "now", "wait"),
    [
        (VERIFIED, LINE, NOW, 3600),
        (VERIFIED, LINE, at(minutes=80), 600),
        (VERIFIED, LINE, OPENS - dt.timedelta(milliseconds=1), 1),
        (VERIFIED, STOPPED, NOW, 60),
        (replace(VERIFIED, frozen_at=NOW), STOPPED, at(minutes=60), 60),
        (replace(VERIFIED, frozen_at=NOW), STOPPED, at(minutes=600), 600),
        (replace(VERIFIED, frozen_at=NOW), STOPPED, at(minutes=60_00), 3600),
        (SHIFTING, LINE, NOW, 10),
        (SHIFTING, STOPPED, NOW, 10),
        (SHIFTING, LINE, at(minutes=59, seconds=55), 5),
        (SHIFTING, replace(LINE, until=at(seconds=3)), NOW, 3),
    ],
)
def test_a_look_comes_in_time_for_what_may_change_first(own, line, now, wait):
    assert seconds(own, line, now) == wait


@given(st.integers(0, 30 * 24 * 3600 - 1))
def test_a_canary_without_traffic_is_looked_at_every_hour_and_never_spins(later):
    own = replace(VERIFIED, frozen_at=NOW)

    wait = seconds(own, STOPPED, at(later))

    assert 60 <= wait <= WAIT_MAX.total_seconds()


def test_a_stopped_line_costs_an_execution_few_of_its_steps():
    """An execution has 100,000 steps, and a look takes some 16 of them."""
    own, now, looks = replace(VERIFIED, frozen_at=NOW), NOW, 0
    while now < NOW + FROZEN_MAX:
        now += dt.timedelta(seconds=seconds(own, STOPPED, now))
        looks += 1

    assert looks < 1500


def test_a_deadline_that_is_over_takes_the_canary_back_and_refuses_nothing():
    own = told_once(SHIFTING, LINE)
    ends = deadline_of(SHIFTING)

    before = frozen(seen(own), own, LINE, ends - dt.timedelta(seconds=1))
    decision = frozen(seen(own), own, LINE, ends)

    assert before is not None
    assert isinstance(before.action, Hold)
    assert decision is not None
    assert decision.action == RollBack(f"not promoted within 1h: {LINE.because}", refuse=False)
    assert decision.change is None


def test_a_canary_without_traffic_waits_for_a_month():
    own = told_once(VERIFIED, STOPPED)

    before = frozen(seen(own), own, STOPPED, NOW + FROZEN_MAX - dt.timedelta(seconds=1))
    decision = frozen(seen(own), own, STOPPED, NOW + FROZEN_MAX)

    assert before is not None
    assert isinstance(before.action, Hold)
    assert decision is not None
    assert decision.action == RollBack(f"not begun within 30d: {STOPPED.because}", refuse=False)


def test_a_long_deadline_does_not_make_the_looks_longer():
    own = replace(SHIFTING, policy=policy(deadline="30d", check_every="9m", window="9m"))

    assert seconds(own, STOPPED, at(minutes=10)) == 540
