"""The tables of docs/concepts/verdict.md: the real judge on made-up rollouts, and one formula."""

import datetime as dt
import math
from collections.abc import Sequence
from typing import Final

from docs.concepts.made_rollouts import BASE, BEGAN, always, median_of, outage, roll_out
from rollouts.delivery_file import parse_policy
from rollouts.intervals import BEFORE, Arm, Interval
from rollouts.judging import advance, begin, conclude
from rollouts.policy import ALPHA

RUNS: Final = 20
REQUESTS_AN_INTERVAL: Final = 200
NEEDED_MAX: Final = 400
ALLOWED: Final = 5
"""`max_errors` of the table."""
SHARE: Final = 0.10
WINDOW_SECONDS: Final = 300
RATES: Final = (2, 20, 200, 2000)
RATIOS: Final = (0.0001, 0.001, 0.01)
EXPECTED: Final = (1.0, 2.0, 3.0, 4.0, 6.0, 10.0)
OUTAGES: Final = (
    ("1 minute at 50 %", (360, 60), [10, 50, 100]),
    ("4 minutes at 50 %", (360, 240), [10, 50, 100]),
    ("6 minutes at 50 %", (360, 360), [10, 50, 100]),
    ("1 minute at 100 %", (720, 60), [10, 50, 100]),
    ("1 minute at 90 %", (720, 60), [10, 50, 90, 100]),
)
OUTAGE_RATIO: Final = 0.10
SHORT_FIRST: Final = {"steps": [1, 10, 50, 100], "window": ["45s", "5m"]}


def alone() -> str:
    """Return how many failures of the canary alone take it back, by its share."""
    rows = [
        [f"{percent} %", *[str(needed(percent, one)) for one in ALPHA]]
        for percent in (1, 5, 10, 25, 50, 75, 90)
    ]
    return table(["the canary's share", *[f"`sensitivity: {one}`" for one in ALPHA]], rows)


def needed(percent: int, sensitivity: str) -> int:
    """Return after how many failures, one in each interval of 10 s, a canary is taken back.

    Stable never failed. Twenty requests a second.
    """
    policy = parse_policy({"steps": [percent, 100], "analysis": {"sensitivity": sensitivity}})
    tally = begin(policy)
    quiet = Arm(REQUESTS_AN_INTERVAL, 0)
    advance(tally, [_interval(number, BEFORE, 0, Arm(0, 0), quiet) for number in range(-180, 0)])
    requests = REQUESTS_AN_INTERVAL * percent // 100
    stable = Arm(REQUESTS_AN_INTERVAL - requests, 0)
    for failures in range(1, NEEDED_MAX):
        one = _interval(failures - 1, 0, percent, Arm(requests, 1), stable)
        if conclude(advance(tally, [one])).kind == "fail":
            return failures
    raise AssertionError(percent)


def _interval(number: int, step: int, percent: int, canary: Arm, stable: Arm) -> Interval:
    start = BEGAN + dt.timedelta(seconds=10 * number)
    end = start + dt.timedelta(seconds=10)
    return Interval(start, end, step, percent, canary, stable, seen_at=end)


def outages() -> str:
    """Return what becomes of good canaries when both roles fail for a while."""
    rows = []
    for words, (start, seconds), steps in OUTAGES:
        ratio = outage(start, seconds, OUTAGE_RATIO)
        runs = [roll_out(f"{words} {run}", ratio, ratio, steps=steps) for run in range(RUNS)]
        back = [run for run in runs if run.outcome == "rolled back"]
        why = {"shared": ", as a precaution", "full": ", as bad"}
        causes = "".join(sorted({why[run.cause] for run in back}))
        rows.append([words, f"`{steps}`", f"{len(back)} of {RUNS}{causes}"])
    return table(["both fail for", "`steps`", "good canaries taken back"], rows)


def first_step() -> str:
    """Return what a short first step of 1 % saves, and what it costs."""
    rows = []
    for ratio in (1.0, 0.1, 0.03, 0.01):
        cells = [f"{100 * ratio:g} %"]
        for settings in ({}, SHORT_FIRST):
            runs = [
                roll_out(f"first {ratio} {run}", always(ratio), always(BASE), **settings)
                for run in range(RUNS + 1)
            ]
            assert all(run.outcome == "rolled back" for run in runs)
            mean = sum(run.failed for run in runs) / len(runs)
            cells.append(f"{mean:.0f}, after {median_of(runs).seconds} s")
        rows.append(cells)
    return table(["canary fails", "from 10 % on", "from 1 % on"], rows)


def counts() -> str:
    """Return the chance that a good canary breaks a count, and that it is taken back for it."""
    head = ["requests a second", *[f"{100 * ratio:g} % of them fail" for ratio in RATIOS]]
    rows = [
        [f"{rate:,}", *[_chances(rate * SHARE * WINDOW_SECONDS * ratio) for ratio in RATIOS]]
        for rate in RATES
    ]
    by_expected = [
        ["taken back", *[_percent(taken_back(expected)) for expected in EXPECTED]],
    ]
    own = table(["failures expected", *[f"{expected:g}" for expected in EXPECTED]], by_expected)
    return f"{table(head, rows)}\n{own}"


def _chances(expected: float) -> str:
    return f"{_percent(taken_back(expected))} ({_percent(at_least(ALLOWED + 1, expected))})"


def _percent(chance: float) -> str:
    return f"{100 * chance:.0f} %" if chance >= 0.005 else "under 0.5 %"  # noqa: PLR2004


def taken_back(expected: float) -> float:
    """Return the chance that a good canary is the first to break `max_errors: 5` at 10 %.

    `expected` are its failures in the step. Of all failures each is the canary's with the chance
    of its share. Once stable has broken the limit as well, by its share, it is no fault.
    """
    allowed_stable = math.floor(ALLOWED * (1.0 - SHARE) / SHARE)
    return sum(
        math.comb(number - 1, ALLOWED)
        * SHARE ** (ALLOWED + 1)
        * (1.0 - SHARE) ** (number - 1 - ALLOWED)
        * at_least(number, expected / SHARE)
        for number in range(ALLOWED + 1, ALLOWED + allowed_stable + 2)
    )


def at_least(count: int, expected: float) -> float:
    """Return the chance of so many events or more, where so many are expected (Poisson)."""
    fewer = sum(
        math.exp(number * math.log(expected) - expected - math.lgamma(number + 1))
        for number in range(count)
    )
    return max(0.0, 1.0 - fewer)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top, *below = (f"| {' | '.join(line)} |\n" for line in (head, *rows))
    return "".join([top, f"|{'---|' * len(head)}\n", *below])
