"""What the evidence says. `judge` is pure: the same history always gives the same verdict.

Not: what speaks against a canary (`failing`) or is missing (`holding`), nor what is done then
(`deciding`). The method, its promise about false rollbacks and what lies outside of it:
docs/concepts/verdict.md.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from rollouts.comparison import alone
from rollouts.failing import failed
from rollouts.finding import Finding, finding_of
from rollouts.holding import held
from rollouts.intervals import BEFORE, Interval
from rollouts.policy import Policy
from rollouts.showing import show
from rollouts.tally import Tally, as_of
from rollouts.verdict import Numbers, Verdict


def judge(
    intervals: Sequence[Interval], policy: Policy, now: dt.datetime, *, affinity: bool = False
) -> Verdict:
    """Judge a rollout's whole history up to `now`, in any order.

    What became known later is left out, and totals that became visible later are not visible.
    A fail needs no whole window; a pass needs one, with `min_requests` in visible data.
    `affinity`: clients stick to a revision, so nothing is compared and only limits act.
    """
    tally = Tally(policy, affinity=affinity)
    tally.take(as_of(intervals, now))
    return conclude(tally)


def begin(policy: Policy, *, affinity: bool = False) -> Tally:
    """Return the state of a judge that has seen nothing."""
    return Tally(policy, affinity=affinity)


def advance(tally: Tally, intervals: Iterable[Interval]) -> Tally:
    """Take new intervals, and those whose totals have become visible since. Changes `tally`."""
    tally.take(intervals)
    return tally


def conclude(tally: Tally) -> Verdict:
    """Say what the history taken so far comes to. Leaves `tally` as it is."""
    counts = tally.counts
    if counts is None:
        window = tally.policy.window_of(0).total_seconds()
        nothing = Numbers(BEFORE, 0, 0, 0, 0, 0, None, 0.0, window)
        return Verdict("no_data", "nothing is known yet", nothing, settled=False)
    found = finding_of(tally, counts)
    return failed(found) or held(found) or _passed(found)


def _passed(found: Finding) -> Verdict:
    return found.says("pass", show(found.numbers) + _nothing_compared(found))


def _nothing_compared(found: Finding) -> str:
    """Say why a step that had someone to compare with was passed without; empty if it was not."""
    numbers = found.numbers
    if found.tally.affinity:
        return "; clients stick to a revision, so nothing was compared"
    of_stable = numbers.stable_requests or numbers.stable_errors
    if alone(numbers.percent) or not numbers.canary_requests or of_stable:
        return ""
    return "; stable had no request, so nothing was compared"
