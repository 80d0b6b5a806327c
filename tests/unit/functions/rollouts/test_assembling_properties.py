"""Whatever the world tells and whenever it is looked at, nothing is lost, doubled or invented."""

import itertools
import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from rollouts.grid import Grid
from rollouts.intervals import BEFORE
from rollouts.record import ShiftDone
from tests.unit.functions.rollouts.builders import at
from tests.unit.functions.rollouts.signalled import (
    MINUTE,
    Happened,
    Rollout,
    World,
    bad,
    errors,
    errors_of,
    run,
)

LAST = 1200.0
"""Bad requests end before 780: all of it is visible, and what hid them is over."""
SHIFTS = st.lists(
    st.integers(0, 6000).map(lambda tenths: tenths / 10), min_size=1, max_size=3, unique=True
).map(
    lambda seconds: tuple(
        ShiftDone(at(second), step, (10, 50, 100)[step])
        for step, second in enumerate(sorted(seconds))
    )
)
LOOKS = st.lists(st.floats(0, LAST), max_size=60).map(lambda times: [*sorted(times), LAST])
OUTAGES = st.lists(st.tuples(st.floats(-10, LAST), st.floats(0, 500)), max_size=3)
"""When the log cannot be read: from when on, for how many seconds."""
EVERY = st.tuples(st.integers(0, 9), st.integers(4, 30)).map(
    lambda one: [*[float(second) for second in range(one[0], int(LAST), one[1])], LAST]
)


def happened(told_late):
    """Up to 40 bad requests, each told so many seconds after its end."""
    one = st.builds(
        lambda ended, role, took, late, reached: Happened(
            bad(ended, role, took=took, reached=reached, name=""),
            None if late is None else at(ended + late),
        ),
        st.integers(0, 7800).map(lambda tenths: tenths / 10),
        st.sampled_from(["canary", "stable"]),
        st.floats(0.001, 55.0),
        told_late,
        st.sampled_from([True, True, True, False]),
    )
    return st.lists(one, max_size=40).map(
        lambda found: [
            replace(each, bad=replace(each.bad, id=str(number)))
            for number, each in enumerate(found)
        ]
    )


PROMPT = happened(st.floats(0, 4.9))
LATE = happened(st.floats(0, 300) | st.floats(0, 20))
HIDDEN = happened(st.floats(0, 60) | st.none())


def without_log(looks, outages):
    return {now for now in looks for since, lasts in outages if since <= now < since + lasts}


def since_first(shifts, world):
    """Return the bad requests that reached a container after the first shift."""
    return [one for one in world.happened if one.bad.reached and one.bad.ended >= shifts[0].at]


@given(SHIFTS, PROMPT, LOOKS)
def test_however_a_history_is_cut_into_looks_it_comes_to_the_same(shifts, told, looks):
    world = World(told)
    looks = [one for one in looks if at(one) >= shifts[0].at]

    several, once = run(world, shifts, looks), run(world, shifts, [LAST])

    assert several.intervals == once.intervals
    assert several.kept
    assert once.kept
    assert several.kept.told == once.kept.told
    assert several.kept.debt == once.kept.debt


@given(SHIFTS, PROMPT, LOOKS)
def test_a_log_that_is_prompt_is_told_bad_request_by_bad_request(shifts, told, looks):
    world = World(told)

    found = run(world, shifts, looks)

    for role in ("canary", "stable"):
        own = [one.bad for one in told if one.bad.role == role and one.bad.began >= shifts[0].at]
        assert errors(found.intervals, role) == sum(one.reached for one in own)
        unreached = sum(getattr(one, role).unreached for one in found.intervals)
        assert unreached == sum(not one.reached for one in own)


@given(SHIFTS, LATE | HIDDEN, LOOKS | EVERY, OUTAGES)
@settings(max_examples=300)
def test_no_bad_request_is_lost_or_counted_twice_whatever_comes_late(shifts, told, looks, outages):
    """Log late, log filtered, log not readable: the totals know them all, but for one minute.

    Of the first shift's own minute there are no totals. In the interval before it is over, log
    and totals may differ by as many as that interval has.
    """
    world = World(told)
    silent = without_log(looks[:-1], outages)

    found = run(world, shifts, looks, silent)

    grid = Grid(MINUTE, shifts)
    masked = grid.whole_since - grid.length
    for role in ("canary", "stable"):
        every = [one.bad for one in since_first(shifts, world) if one.bad.role == role]
        sure = sum(one.ended >= grid.whole_since for one in every)
        hidden = sum(masked <= one.ended < grid.whole_since for one in every)
        before = sum(one.began < shifts[0].at for one in every)
        assert errors(found.intervals, role) <= len(every)
        assert errors(found.intervals, role) >= sure - hidden - before


@given(SHIFTS, LATE | HIDDEN, LOOKS | EVERY, OUTAGES)
def test_requests_add_up_to_the_totals_and_are_never_invented(shifts, told, looks, outages):
    world = World(told)
    silent = without_log(looks, outages)

    found = run(world, shifts, looks, silent)

    whole_since = Grid(MINUTE, shifts).whole_since
    during = [one for one in found.intervals if one.step > BEFORE]
    for minute, inside in itertools.groupby(during, key=lambda one: (one.start - at(0)) // MINUTE):
        start, several = at(minutes=minute), list(inside)
        seen = [one for one in several if one.seen_at]
        assert seen in ([], several)
        visible = start + MINUTE + world.delay <= at(LAST)
        for role in ("canary", "stable"):
            counts = [getattr(one, role).requests for one in several]
            if not seen or start < whole_since:
                assert counts == [None] * len(counts)
                continue
            assert visible
            assert all(getattr(one, role).requests >= getattr(one, role).errors for one in several)
            (told_totals,) = (
                one for one in world.points(start, start + MINUTE) if one.role == role
            )
            assert sum(counts) == told_totals.requests


@given(SHIFTS, LATE, LOOKS, st.randoms(use_true_random=False))
def test_the_order_of_points_and_entries_does_not_matter(shifts, told, looks, dice: random.Random):
    world = World(told)
    ordered, shuffled = Rollout(shifts), Rollout(shifts)

    for now in looks:
        read = world.read(ordered, at(now))
        points, entries = list(read.points), [*read.bad, *read.bad]
        dice.shuffle(points)
        dice.shuffle(entries)
        one = ordered.look(read, now)
        other = shuffled.look(replace(read, points=tuple(points), bad=tuple(entries)), now)
        assert one == other


def found_before(found):
    return [one for one in found if one.step == BEFORE]


def found_during(found):
    return [one for one in found if one.step > BEFORE]


@given(SHIFTS, LATE | HIDDEN, LOOKS | EVERY, OUTAGES)
def test_intervals_never_overlap_and_never_change_what_they_told(shifts, told, looks, outages):
    """`Rollout.look` compares every corrected interval with what was given before.

    What is known sooner than an earlier interval would have the judge leave the earlier one out.
    """
    world = World(told)
    silent = without_log(looks, outages)

    found = run(world, shifts, looks, silent).intervals

    assert all(one.start < one.end for one in found)
    assert all(one.end <= two.start for one, two in itertools.pairwise(found))
    assert all(one.known_at and one.known_at <= at(LAST) for one in found)
    for part in (found_before(found), found_during(found)):
        known = [one.known_at for one in part]
        seen = [one.seen_at for one in part if one.seen_at]
        assert (known, seen) == (sorted(known), sorted(seen))
    assert len({errors_of(one)[0] for one in found}) == len(found)
