"""What settings of one target ask of each other. Not: what each asks by itself (`settings`).

Not asked of a policy in a record: a rollout keeps what it began with.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from rollouts.durations import show_duration
from rollouts.policy import GLANCE, Policy

LATENESS: Final = dt.timedelta(minutes=4)
"""How long after a step's window its last minute is surely visible. Source: docs/traps.md."""
LOOKS_MAX: Final = 5000
"""An execution has 100,000 steps, and a look takes some 15 of them. Source: docs/traps.md."""


def disagreements(policy: Policy, where: str) -> list[str]:
    """Return a line for each rule that is broken. `where` names the target."""
    return [
        f"{where}.{problem}"
        for rule in (_lists, _deadline, _looks, _warm_up)
        for problem in rule(policy)
    ]


def _lists(policy: Policy) -> Iterator[str]:
    """Refuse a list with more entries than there are steps: one of the two is a slip."""
    steps = len(policy.steps)
    lists = {
        "window": policy.window,
        "analysis.min_requests": policy.analysis.min_requests,
        "analysis.max_errors": policy.analysis.max_errors or (),
    }
    for name, given in lists.items():
        if len(given) > steps:
            yield (
                f"{name} has {len(given)} entries: must be at most one for each of the"
                f" {steps} steps, such as a list of {steps}."
            )


def _deadline(policy: Policy) -> Iterator[str]:
    least = sum((window + LATENESS for window in _windows(policy)), start=dt.timedelta(0))
    if policy.deadline < least:
        yield (
            f"deadline is {show_duration(policy.deadline)}: must be at least"
            f" {show_duration(least)}, a window and {show_duration(LATENESS)} for each step because"
            f" totals are minutes late, such as {show_duration(least)}."
        )


def _looks(policy: Policy) -> Iterator[str]:
    """Refuse looks that an execution has no steps for, or that come when a window is over."""
    every, shortest = policy.check_every, min(_windows(policy))
    longest = policy.deadline
    if policy.no_data == "extend":
        longest += policy.extend_max
    seldom = dt.timedelta(seconds=-(-longest.total_seconds() // LOOKS_MAX))
    if every < seldom:
        yield (
            f"check_every is {show_duration(every)}: must leave at most {LOOKS_MAX} looks within"
            f" the deadline, {show_duration(longest)}, such as {show_duration(seldom)}."
        )
    if every > shortest:
        yield (
            f"check_every is {show_duration(every)}: must be at most the shortest window, or a bad"
            f" canary is looked at when its step is over, such as {show_duration(shortest)}."
        )


def _warm_up(policy: Policy) -> Iterator[str]:
    """Refuse a step that is over before its latency may be judged: nobody would notice.

    At 100 % none is compared. A short first step may do without it, if others compare.
    """
    compared = [
        window
        for window, percent in zip(_windows(policy), policy.steps, strict=True)
        if percent < 100  # noqa: PLR2004
    ]
    if len(compared) > 1 and compared[0] <= GLANCE:
        del compared[0]
    analysis = policy.analysis
    judged = analysis.slowdown_tolerated is not None or analysis.max_latency_p95 is not None
    if not judged or not compared:
        return
    warm_up, shortest = analysis.warm_up, min(compared)
    if warm_up >= shortest:
        yield (
            f"analysis.warm_up is {show_duration(warm_up)}: must be shorter than each window below"
            f" 100 %, here {show_duration(shortest)}, unless no latency is judged, because"
            f" that of this time is not, such as {show_duration(shortest / 3)}."
        )


def _windows(policy: Policy) -> list[dt.timedelta]:
    return [policy.window_of(step) for step in range(len(policy.steps))]
