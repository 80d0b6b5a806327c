"""Intervals in a decision record: short, and read back as they were.

An arm is [requests, errors, unreached, latency, in flight], cut after the last that says anything.
A latency is [layout, first bucket, counts...]: buckets of no request at both ends are left out,
and `layout` counts into the record's `latency_bounds_ms`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rollouts.instants import parse_instant, show_instant
from rollouts.intervals import Arm, Carried, Histogram, Interval


class Layouts:
    """The bucket layouts of the histograms in one record; mostly there is one."""

    def __init__(self, told: Sequence[Sequence[float]] = ()) -> None:
        self.bounds = [tuple(one) for one in told]

    def number(self, bounds: tuple[float, ...]) -> int:
        if bounds not in self.bounds:
            self.bounds.append(bounds)
        return self.bounds.index(bounds)

    def write(self, latency: Histogram) -> list[int]:
        filled = [index for index, count in enumerate(latency.counts) if count]
        if not filled:
            return [self.number(latency.bounds_ms), 0]
        first, last = filled[0], filled[-1]
        return [self.number(latency.bounds_ms), first, *latency.counts[first : last + 1]]

    def read(self, told: Sequence[int]) -> Histogram:
        bounds = self.bounds[told[0]]
        after = len(bounds) + 1 - told[1] - len(told[2:])
        return Histogram(bounds, (0,) * told[1] + tuple(told[2:]) + (0,) * after)


def write(interval: Interval, layouts: Layouts) -> dict[str, Any]:
    """Return an interval as JSON; what says nothing is left out."""
    told: dict[str, Any] = {
        "start": show_instant(interval.start),
        "end": show_instant(interval.end),
        "step": interval.step,
        "percent": interval.percent,
        "canary": _arm(interval.canary, layouts),
        "stable": _arm(interval.stable, layouts),
    }
    if interval.carried:
        told["carried"] = [
            [late.step, late.percent, late.canary, late.stable] for late in interval.carried
        ]
    if interval.known_at:
        told["known_at"] = show_instant(interval.known_at)
    if interval.seen_at:
        told["seen_at"] = show_instant(interval.seen_at)
    if interval.latency_since:
        told["latency_since"] = show_instant(interval.latency_since)
    return told


def read(told: Mapping[str, Any], layouts: Layouts) -> Interval:
    """Return the interval of `write`. Raises ValueError, KeyError or IndexError for another."""
    known, seen, since = (
        parse_instant(told[name]) if name in told else None
        for name in ("known_at", "seen_at", "latency_since")
    )
    return Interval(
        parse_instant(told["start"]),
        parse_instant(told["end"]),
        told["step"],
        told["percent"],
        _read_arm(told["canary"], layouts),
        _read_arm(told["stable"], layouts),
        tuple(Carried(*late) for late in told.get("carried", ())),
        known,
        seen,
        since,
    )


def _arm(arm: Arm, layouts: Layouts) -> list[Any]:
    if not (arm.unreached or arm.latency) and arm.in_flight is None:
        return [arm.requests, arm.errors]
    latency = layouts.write(arm.latency) if arm.latency else None
    told: list[Any] = [arm.requests, arm.errors, arm.unreached or None, latency, arm.in_flight]
    while told[-1] is None:
        told.pop()
    return told


def _read_arm(told: Sequence[Any], layouts: Layouts) -> Arm:
    requests, errors, unreached, latency, in_flight = [*told, None, None, None][:5]
    read_latency = layouts.read(latency) if latency else None
    return Arm(requests, errors, read_latency, unreached or 0, in_flight)
