"""Histories that no service should have: no exception, no NaN, and silence accuses nobody (T11)."""

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.verdict.barq import START, default_policy
from rollouts.intervals import BEFORE, Arm, Histogram, Interval
from rollouts.judging import judge

LENGTH = dt.timedelta(seconds=10)
BOUNDS = (50.0, 100.0, 200.0)
HUGE = 10**7


@dataclass
class Robust:
    cases: int = 0
    problems: list[str] = field(default_factory=list)


def _arm(requests: int | None, errors: int) -> Arm:
    if requests is None:
        return Arm(None, errors)
    fine = max(requests - errors, 0)
    return Arm(requests, errors, Histogram(BOUNDS, (fine // 2, fine - fine // 2, 0, 0)))


def _history(
    canary: tuple[int | None, int],
    stable: tuple[int | None, int],
    *,
    past: tuple[int, int] | None = (600, 0),
    percents: tuple[int, ...] = (10, 50, 100),
) -> list[Interval]:
    built = []
    if past:
        minute = 6 * LENGTH
        built = [
            Interval(START - (back + 1) * minute, START - back * minute, BEFORE, 0,
                     Arm(0, 0), _arm(*past), seen_at=START - back * minute)
            for back in reversed(range(30))
        ]  # fmt: skip
    for index in range(90):
        start = START + index * LENGTH
        step = index // 30
        seen = start + LENGTH if canary[0] is not None and stable[0] is not None else None
        built.append(
            Interval(start, start + LENGTH, step, percents[step], _arm(*canary), _arm(*stable),
                     seen_at=seen)
        )  # fmt: skip
    return built


def _cases() -> Iterator[tuple[str, list[Interval], bool]]:
    """Yield a name, a history, and whether a rollback would be absurd."""
    for told, past in (
        ("no history", None),
        ("an idle history", (0, 0)),
        ("a usual one", (600, 0)),
    ):
        yield f"no traffic, {told}", _history((0, 0), (0, 0), past=past), True
        yield f"no canary traffic, {told}", _history((0, 0), (100, 0), past=past), True
        yield f"only stable, failing, {told}", _history((0, 0), (100, 100), past=past), True
        yield f"no errors at stable, {told}", _history((10, 5), (90, 0), past=past), False
        yield f"no stable, {told}", _history((10, 1), (0, 0), past=past), False
        yield f"everything fails, {told}", _history((10, 10), (90, 90), past=past), False
        yield f"huge counts, {told}", _history((HUGE, HUGE), (HUGE, 0), past=past), False
        yield f"huge and healthy, {told}", _history((HUGE, 0), (HUGE, 0), past=past), True
        yield f"huge, both fail, {told}", _history((HUGE, HUGE), (HUGE, HUGE), past=past), False
        yield f"totals that never come, {told}", _history((None, 0), (None, 0), past=past), True
        yield f"errors without totals, {told}", _history((None, 3), (None, 0), past=past), False
    yield "more errors than requests", _history((1, 50), (9, 0)), False
    yield "share 0", _history((0, 0), (100, 1), percents=(0, 0, 0)), True
    yield "share 100 at once", _history((100, 0), (0, 0), percents=(100, 100, 100)), True
    whole = _history((10, 0), (90, 1))
    yield "gaps", [one for index, one in enumerate(whole) if index % 7], True
    yield "out of order", whole[::-1], True
    yield "twice", [*whole, *whole], True
    yield "nothing", [], True


def robust() -> Robust:
    """Judge each history after every tenth of it."""
    found = Robust()
    policy = default_policy()
    for name, intervals, healthy in _cases():
        for part in range(1, 11):
            found.cases += 1
            some = intervals[: len(intervals) * part // 10]
            now = max((one.end for one in some), default=START)
            try:
                verdict = judge(some, policy, now)
            except Exception as error:  # noqa: BLE001  What is looked for is just this.
                found.problems.append(f"{name}: {type(error).__name__}: {error}")
                break
            shown = verdict.evidence
            values = (shown.errors, shown.latency, shown.full, shown.total, shown.floor)
            if not all(map(math.isfinite, values)):
                found.problems.append(f"{name}: {values}")
                break
            if healthy and verdict.kind == "fail":
                found.problems.append(f"{name}: rolled back: {verdict.because}")
                break
    return found
