"""Histories of a rollout, interval by interval, and looks at them that see the totals late.

Every interval is given as it is once everything is visible; `told` says what a look sees of it.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from rollouts.intervals import BEFORE, PROBED, Arm, Carried, Histogram, Interval
from rollouts.judging import advance, begin, conclude, judge
from rollouts.policy import Policy
from rollouts.tally import Tally
from rollouts.verdict import Verdict
from tests.unit.functions.rollouts.builders import at, policy

PERCENTS = {PROBED: 50, BEFORE: 0, 0: 10, 1: 50, 2: 100}
COMPARED = policy()
BOUNDS = tuple(round(1.4**index, 6) for index in range(65))
"""Cloud Run's own layout: 66 buckets that grow by 1.4."""


def interval(
    start: float,
    canary: tuple[int | None, int] = (20, 0),
    stable: tuple[int | None, int] = (180, 0),
    *,
    step: int = 0,
    percent: int | None = None,
    seconds: float = 10,
    settle: float = 0,
    lag: float | None = 0,
    latency: tuple[Histogram | None, Histogram | None] = (None, None),
    unreached: tuple[int, int] = (0, 0),
    in_flight: tuple[float | None, float | None] = (None, None),
    carried: tuple[Carried, ...] = (),
    latency_since: dt.datetime | None = None,
) -> Interval:
    """Return an interval whose errors are known `settle` seconds after its end.

    Its totals become visible `lag` seconds later; None: nobody knows when.
    """
    known = at(start + seconds + settle)
    arms = [
        Arm(*counts, latency[role], unreached[role], in_flight[role])
        for role, counts in enumerate((canary, stable))
    ]
    return Interval(
        at(start),
        at(start + seconds),
        step,
        PERCENTS[step] if percent is None else percent,
        arms[0],
        arms[1],
        carried,
        known,
        None if lag is None else known + dt.timedelta(seconds=lag),
        latency_since,
    )


def unseen(start: float, canary: int = 0, stable: int = 0, **fields: Any) -> Interval:
    """Return an interval of which the errors alone are known."""
    return interval(start, (None, canary), (None, stable), lag=None, **fields)


def past(
    rps: float = 20,
    *,
    minutes: int = 30,
    errors: int = 0,
    latency: Histogram | None = None,
    lag: float = 0,
) -> list[Interval]:
    """Return stable before the rollout: so many errors in each minute."""
    counts = (round(rps * 60), errors)
    return [
        interval(
            60.0 * (minute - minutes), (0, 0), counts, step=BEFORE, seconds=60,
            latency=(None, latency),
            lag=lag,
        )
        for minute in range(minutes)
    ]  # fmt: skip


def rollout(
    *errors: tuple[int, int], step: int = 0, percent: int | None = None, rps: float = 20,
    since: float = 0, **fields: Any,
) -> list[Interval]:  # fmt: skip
    """Return intervals of 10 s, one for each pair of errors of canary and stable."""
    share = (PERCENTS[step] if percent is None else percent) / 100
    canary, stable = round(rps * 10 * share), round(rps * 10 * (1 - share))
    return [
        interval(
            since + 10 * index, (max(canary, bad), bad), (max(stable, other), other),
            step=step, percent=percent, **fields,
        )
        for index, (bad, other) in enumerate(errors)
    ]  # fmt: skip


def clean(intervals: int, **fields: Any) -> list[Interval]:
    return rollout(*[(0, 0)] * intervals, **fields)


def of_minutes(
    *errors: tuple[int, int], rps: float = 20.0, lag: float = 120, **fields: Any
) -> list[Interval]:
    """Return a history as it comes: errors 5 s after each interval, totals a minute at a time."""
    history = rollout(*errors, rps=rps, settle=5, **fields)
    ends = [at(60 * (index // 6 + 1) + lag) for index in range(len(history))]
    return [
        replace(one, seen_at=max(end, one.known_at or one.end))
        for one, end in zip(history, ends, strict=True)
    ]


def both_bad(
    intervals: int, since: float = 0.0, canary: int = 5, stable: int = 45
) -> list[Interval]:
    """Return intervals in which both roles fail, by default alike."""
    return rollout(*[(canary, stable)] * intervals, since=since)


def hanging(intervals: int, completed: int = 0, **fields: Any) -> list[Interval]:
    """Return intervals in which the canary completes so many requests and holds 40 open."""
    return [
        interval(10 * index, (completed, 0), (180, 0), in_flight=(40.0, 5.0), **fields)
        for index in range(intervals)
    ]


def told(one: Interval, now: dt.datetime) -> Interval:
    """Return what a look at `now` knows of an interval whose errors are known."""
    if one.seen_at and one.seen_at <= now:
        return one
    arms = [
        replace(arm, requests=None, latency=None, in_flight=None)
        for arm in (one.canary, one.stable)
    ]
    return replace(one, canary=arms[0], stable=arms[1], seen_at=None)


def new_at(history: Iterable[Interval], before: dt.datetime, now: dt.datetime) -> list[Interval]:
    """Return what a look at `now` sees that the look at `before` did not."""
    found = []
    for one in history:
        assert one.known_at
        fresh = before < one.known_at <= now
        corrected = one.seen_at and before < max(one.known_at, one.seen_at) <= now
        if fresh or corrected:
            found.append(told(one, now))
    return found


def looks(
    history: Sequence[Interval], instants: Iterable[dt.datetime], by: Policy = COMPARED
) -> Iterator[tuple[dt.datetime, Tally, Verdict]]:
    """Look at a history at rising instants, each time taking only what is new."""
    tally, before = begin(by), dt.datetime.min.replace(tzinfo=dt.UTC)
    for now in instants:
        advance(tally, new_at(history, before, now))
        yield now, tally, conclude(tally)
        before = now


def last_known(history: Iterable[Interval]) -> dt.datetime:
    return max(max(one.known_at or one.end, one.seen_at or one.end) for one in history)


def judged(
    history: Sequence[Interval], by: Policy = COMPARED, *, affinity: bool = False
) -> Verdict:
    """Judge a history once all of it is known."""
    return judge(history, by, last_known(history), affinity=affinity)


def latencies(
    median: int, slow: int, *, total: int = 1000, bounds: tuple[float, ...] = BOUNDS
) -> Histogram:
    """Return `total` requests in the bucket `median`, of which `slow` are in the one 8 further."""
    counts = [0] * (len(bounds) + 1)
    counts[median], counts[median + 8] = total - slow, slow
    return Histogram(bounds, tuple(counts))


USED = past(latency=latencies(12, 20))
"""The past of a service with 20 requests a second."""
BAD = st.integers(0, 6)


@st.composite
def small_histories(
    draw: st.DrawFn, *, lags: Sequence[float] = (0, 60, 170), latency: bool = False
) -> list[Interval]:
    """A past and up to 12 intervals of rising steps, with all that a comparison looks at."""
    built = past(
        draw(st.sampled_from([0, 0.2, 20])), minutes=draw(st.integers(0, 4)), errors=draw(BAD),
        latency=draw(HISTOGRAMS) if latency else None,
    )  # fmt: skip
    start, lag = 0.0, draw(st.sampled_from(lags))
    for step in sorted(draw(st.lists(st.integers(0, 2), min_size=1, max_size=12))):
        canary, stable = draw(BAD), draw(BAD)
        seconds = draw(st.sampled_from([5, 10, 20]))
        earlier = [one for one in range(step + 1) if draw(st.integers(0, 9)) == 0]
        built.append(
            interval(
                start,
                (canary + draw(st.integers(0, 60)), canary),
                (stable + draw(st.integers(0, 300)), stable),
                step=step,
                seconds=seconds,
                settle=5,
                lag=lag,
                carried=tuple(Carried(one, PERCENTS[one], draw(BAD), draw(BAD)) for one in earlier),
                latency=(draw(HISTOGRAMS), draw(HISTOGRAMS)) if latency else (None, None),
            )
        )
        start += seconds
    return built


HISTOGRAMS = st.builds(
    latencies, st.integers(10, 14), st.integers(0, 40), total=st.sampled_from([100, 400])
)


@st.composite
def odd_histories(draw: st.DrawFn) -> list[Interval]:
    """Whatever may happen to intervals: gaps, refusals, hangs, totals that come late or never."""
    built = draw(small_histories(latency=True)) if draw(st.booleans()) else past(2, minutes=3)
    start = (built[-1].end - at(0)).total_seconds() if built and built[-1].step >= 0 else 0.0
    step = built[-1].step if start else 0
    for _ in range(draw(st.integers(0, 30))):
        start += draw(st.sampled_from([0, 0, 0, 0, 40]))
        step = min(2, step + (draw(st.integers(0, 14)) == 0))
        lag = draw(st.sampled_from([0.0, 120.0, 120.0, 200.0, None]))
        canary, stable = draw(st.integers(0, 40)), draw(st.integers(0, 200))
        one = interval(
            start,
            (canary if lag is not None else None, draw(BAD)),
            (stable if lag is not None else None, draw(BAD)),
            step=step,
            settle=5,
            lag=lag,
            unreached=(draw(ODDLY_MANY), draw(ODDLY_MANY)),
            in_flight=(draw(OPEN), draw(OPEN)),
            latency=(draw(HISTOGRAMS), draw(HISTOGRAMS)) if draw(st.booleans()) else (None, None),
        )
        never = lag == 200 and draw(st.booleans())
        built.append(never_told(one) if never else one)
        start += 10
    return built


ODDLY_MANY = st.sampled_from([0, 0, 0, 1, 30])
OPEN = st.sampled_from([None, 0.0, 3.0, 80.0])


def never_told(one: Interval) -> Interval:
    """Return an interval of which it becomes clear that its totals will never come."""
    arms = [
        replace(arm, requests=None, latency=None, in_flight=None)
        for arm in (one.canary, one.stable)
    ]
    return replace(one, canary=arms[0], stable=arms[1])
