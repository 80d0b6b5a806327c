"""Rollouts of made-up requests through the real judge, for the pictures. Not: a measurement.

Totals are visible two minutes after their minute, as in life; how much that costs is measured in
benchmarks/verdict.
"""

import datetime as dt
import math
import random
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "functions"))

from rollouts.delivery_file import parse_policy
from rollouts.intervals import BEFORE, Arm, Interval
from rollouts.judging import advance, begin, conclude
from rollouts.verdict import Verdict

BASE: Final = 0.001
"""Stable's error ratio."""
REQUESTS: Final = 100
"""A second, of the whole service."""
LOOK: Final = 10
"""Seconds between two looks, and the length of an interval."""
MINUTE: Final = 60
LATE: Final = 120
"""Seconds from the end of a minute until its totals are visible."""
SECONDS_MAX: Final = 3600
BEGAN: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
Ratio = Callable[[int], float]
"""The error ratio of a role at so many seconds after the first shift."""


@dataclass(slots=True)
class Made:
    """One rollout, from its first shift to its end."""

    evidence: list[tuple[int, float]] = field(default_factory=lambda: [(0, 1.0)])
    """Seconds since the first shift, and the evidence against the canary at that look."""
    shifts: list[tuple[int, int]] = field(default_factory=list)
    """Seconds since the first shift, and the canary's share from then on in percent."""
    failed: int = 0
    """Requests of the canary that failed."""
    outcome: str = "unfinished"
    cause: str = ""
    """What a rollback stands on, as the verdict says it."""

    @property
    def seconds(self) -> int:
        return self.evidence[-1][0]


def roll_out(seed: str, canary: Ratio, stable: Ratio, **settings: Any) -> Made:
    """Walk a canary through a policy's steps, looked at every 10 s; defaults for the rest."""
    rng = random.Random(seed)
    policy = parse_policy(settings)
    tally = begin(policy)
    told = past(rng, stable)
    made, step, now = Made(shifts=[(0, policy.steps[0])]), 0, 0
    advance(tally, [one for one in told if one.seen_at and one.seen_at <= BEGAN])
    while made.outcome == "unfinished" and now < SECONDS_MAX:
        one = _interval(rng, (step, policy.steps[step]), now, (canary(now), stable(now)))
        told.append(one)
        made.failed += one.canary.errors
        before, now = _at(now), now + LOOK
        seen = [one for one in told if one.seen_at and before < one.seen_at <= _at(now)]
        advance(tally, [_unseen(one), *seen])
        verdict = conclude(tally)
        made.evidence.append((now, verdict.evidence.total))
        step = _go_on(made, verdict, step, policy.steps)
    return made


def _go_on(made: Made, verdict: Verdict, step: int, steps: tuple[int, ...]) -> int:
    if verdict.kind == "fail":
        made.outcome, made.cause = "rolled back", verdict.cause
    elif verdict.kind == "pass":
        step += 1
        if step == len(steps):
            made.outcome = "promoted"
        else:
            made.shifts.append((made.seconds, steps[step]))
    return step


def always(ratio: float) -> Ratio:
    return lambda _: ratio


def outage(start: int, seconds: int, ratio: float) -> Ratio:
    """Return a role that fails as stable does, and for so long more often."""
    return lambda now: ratio if start <= now < start + seconds else BASE


def median_of(runs: Iterable[Made]) -> Made:
    """Return the run with the median time to its rollback."""
    ranked = sorted(runs, key=lambda run: (run.outcome != "rolled back", run.seconds, run.failed))
    return ranked[len(ranked) // 2]


def past(rng: random.Random, stable: Ratio) -> list[Interval]:
    """Return half an hour of stable before the first shift, in minutes."""
    requests = REQUESTS * MINUTE
    return [
        Interval(
            _at(start),
            _at(start + MINUTE),
            BEFORE,
            0,
            Arm(0, 0),
            Arm(requests, _failed(rng, requests, stable(start))),
            seen_at=_at(start + MINUTE + LATE),
        )
        for start in range(-30 * MINUTE, 0, MINUTE)
    ]


def _interval(
    rng: random.Random, step: tuple[int, int], start: int, ratios: tuple[float, float]
) -> Interval:
    """Return ten seconds; their totals are visible with those of their minute."""
    end, (number, percent) = start + LOOK, step
    canary = REQUESTS * LOOK * percent // 100
    arms = [
        Arm(requests, _failed(rng, requests, ratio))
        for requests, ratio in zip((canary, REQUESTS * LOOK - canary), ratios, strict=True)
    ]
    seen_at = _at(math.ceil(end / MINUTE) * MINUTE + LATE)
    return Interval(_at(start), _at(end), number, percent, arms[0], arms[1], seen_at=seen_at)


def _unseen(one: Interval) -> Interval:
    """Return what is known of an interval when it has just ended: its errors."""
    canary, stable = (replace(arm, requests=None) for arm in (one.canary, one.stable))
    return replace(one, canary=canary, stable=stable, seen_at=None)


def _failed(rng: random.Random, requests: int, ratio: float) -> int:
    """Return how many of so many requests fail, by chance (Poisson)."""
    if ratio >= 1.0:
        return requests
    failed, left = 0, rng.random()
    while failed < requests and left > math.exp(-requests * ratio):
        failed += 1
        left *= rng.random()
    return failed


def _at(seconds: int) -> dt.datetime:
    return BEGAN + dt.timedelta(seconds=seconds)
