"""Barq's own verdict as a rule: the real core, fed as data really come.

Three views: `fresh` (all of an interval at its end), `late-totals` (errors at once, totals as
minutes 120 s late) and `monitoring` (minutes 120 s late, and nothing else).
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from benchmarks.verdict.fate import PLAN
from benchmarks.verdict.rules import Answer, Rule
from benchmarks.verdict.runs import HISTORY_MINUTES, Minute, Run
from benchmarks.verdict.ticks import MINUTE, TICK_SECONDS, Counts, Tick
from rollouts.delivery_file import parse_policy
from rollouts.intervals import BEFORE, Arm, Carried, Histogram, Interval
from rollouts.judging import advance, begin, conclude
from rollouts.policy import Policy
from rollouts.spreading import spread

View = Literal["fresh", "late-totals", "monitoring"]
START: Final = dt.datetime(2024, 6, 7, 12, 0, tzinfo=dt.UTC)
LATE_TICKS: Final = 12
"""A minute's totals are visible so long after its end."""
MINUTE_SPAN: Final = dt.timedelta(minutes=1)
AT: Final = tuple(START + dt.timedelta(seconds=TICK_SECONDS * tick) for tick in range(400))


def default_policy(steps: Sequence[int] = PLAN, **analysis: Any) -> Policy:
    """Return what a target has that sets nothing but its steps and these settings of analysis."""
    ends = list(steps) if steps[-1] == 100 else [*steps, 100]
    return parse_policy({"steps": ends, "analysis": analysis})


@dataclass(frozen=True)
class Setting:
    """How Barq is set up in a column of the table."""

    view: View = "fresh"
    plan: tuple[int, ...] = PLAN
    history_minutes: int = HISTORY_MINUTES
    analysis: tuple[tuple[str, Any], ...] = ()


DEFAULTS: Final = Setting()


class Barq:
    """One rollout's judge. It is told what is new after every tick."""

    def __init__(self, run: Run, setting: Setting, policy: Policy) -> None:
        self.cause = ""
        self._policy = policy
        self._alert = policy.analysis.watch_action == "alert"
        self._eyes = EYES[setting.view](run)
        self._tally = begin(policy)
        advance(self._tally, self._eyes.past(run.history(setting.history_minutes)))

    def look(self, tick: Tick) -> Answer:
        new = self._eyes.see(tick)
        if new:
            advance(self._tally, new)
        verdict = conclude(self._tally)
        if verdict.kind == "fail" and not (self._alert and verdict.cause == "full"):
            self.cause = verdict.cause
            return "back"
        return "go" if verdict.kind == "pass" and verdict.numbers.step == tick.step else "hold"


class Fresh:
    """All of an interval is visible at its end."""

    late = dt.timedelta(0)

    def __init__(self, run: Run) -> None:
        self.bounds = run.bounds_ms
        self.began = START
        self._past: list[Interval] = []

    def past(self, minutes: Sequence[Minute]) -> list[Interval]:
        """Return the minutes before the first shift that are visible at it."""
        first = self.began - len(minutes) * MINUTE_SPAN
        self._past = [
            Interval(
                start := first + index * MINUTE_SPAN,
                start + MINUTE_SPAN,
                BEFORE,
                0,
                Arm(0, 0),
                Arm(requests, errors, Histogram(self.bounds, tuple(latency))),
                seen_at=start + MINUTE_SPAN + self.late,
            )
            for index, (requests, errors, latency) in enumerate(minutes)
        ]
        return self._now_visible(START)

    def _now_visible(self, now: dt.datetime) -> list[Interval]:
        """Return the minutes of the past that have become visible; each once."""
        if not self._past:
            return []
        visible = [one for one in self._past if one.seen_at and one.seen_at <= now]
        self._past = self._past[len(visible) :]
        return visible

    def see(self, tick: Tick) -> list[Interval]:
        """Return what has become known or visible by the end of a tick."""
        end = AT[tick.at + 1]
        arms = self._arm(tick.canary), self._arm(tick.stable)
        return [
            Interval(AT[tick.at], end, tick.step, tick.percent, *arms, _carried(tick), end, end)
        ]

    def _arm(self, one: Counts) -> Arm:
        latency = Histogram(self.bounds, tuple(one.latency))
        return Arm(one.requests, one.errors, latency, one.unreached, one.in_flight)


def _carried(tick: Tick) -> tuple[Carried, ...]:
    return (Carried(*tick.earlier),) if tick.earlier else ()


class ByMinutes(Fresh):
    """What the views have in common that see totals by the minute, late.

    The first shift is somewhere in a minute; what that minute's totals have of the canary may
    be smoke tests, so they are never used.
    """

    late = LATE_TICKS * dt.timedelta(seconds=TICK_SECONDS)

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.phase = run.phase
        self.began = START - dt.timedelta(seconds=TICK_SECONDS * self.phase)
        self._waiting: list[Tick] = []

    def _minute(self, tick: Tick) -> list[Tick]:
        """Return the ticks of the minute that has just become visible; empty if none has."""
        self._waiting.append(tick)
        end = tick.at + 1 - LATE_TICKS
        if end <= 0 or (end + self.phase) % MINUTE:
            return []
        ready = [one for one in self._waiting if one.at < end]
        del self._waiting[: len(ready)]
        return ready

    def _whole(self, ready: Sequence[Tick]) -> bool:
        return len(ready) == MINUTE

    def _latencies(self, ready: Sequence[Tick]) -> tuple[Histogram | None, Histogram | None]:
        if ready[0].step != ready[-1].step:
            return None, None
        return (
            self._added([one.canary.latency for one in ready]),
            self._added([one.stable.latency for one in ready]),
        )

    def _added(self, latencies: Sequence[Sequence[int]]) -> Histogram:
        return Histogram(self.bounds, tuple(map(sum, zip(*latencies, strict=True))))


class LateTotals(ByMinutes):
    """Errors at once, from the request log; totals by the minute, late."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._given: dict[int, Interval] = {}

    def see(self, tick: Tick) -> list[Interval]:
        end = AT[tick.at + 1]
        ready = self._minute(tick)
        first = Interval(
            AT[tick.at],
            end,
            tick.step,
            tick.percent,
            Arm(None, tick.canary.errors, None, tick.canary.unreached),
            Arm(None, tick.stable.errors, None, tick.stable.unreached),
            _carried(tick),
            end,
        )
        self._given[tick.at] = first
        seen = [self._given.pop(one.at) for one in ready]
        if self._whole(ready):
            seen = self._with_totals(seen, ready)
        return [*self._now_visible(end), *(replace(one, seen_at=end) for one in seen), first]

    def _with_totals(self, seen: list[Interval], ready: Sequence[Tick]) -> list[Interval]:
        """Spread the minute's totals by share and time, nowhere below the bad requests."""
        canaries = [one.canary for one in ready]
        stables = [one.stable for one in ready]
        shares = [one.percent for one in ready]
        parts = zip(
            seen,
            _spread(canaries, shares),
            _spread(stables, [100 - share for share in shares]),
            strict=True,
        )
        told = [
            replace(
                one, canary=replace(one.canary, requests=n), stable=replace(one.stable, requests=m)
            )
            for one, n, m in parts
        ]
        canary_latency, stable_latency = self._latencies(ready)
        last = told[-1]
        told[-1] = replace(
            last,
            canary=replace(last.canary, latency=canary_latency, in_flight=_most_open(canaries)),
            stable=replace(last.stable, latency=stable_latency, in_flight=_most_open(stables)),
            latency_since=seen[0].start,
        )
        return told


def _spread(ticks: Sequence[Counts], weights: Sequence[int]) -> list[int]:
    return spread(sum(one.requests for one in ticks), weights, [one.failed for one in ticks])


def _most_open(ticks: Sequence[Counts]) -> float:
    return max(one.in_flight for one in ticks)


class Monitoring(ByMinutes):
    """Minutes, late, and no log. One that straddles a shift belongs to the higher share."""

    def see(self, tick: Tick) -> list[Interval]:
        seen = AT[tick.at + 1]
        past, ready = self._now_visible(seen), self._minute(tick)
        if not self._whole(ready):
            return past
        highest = max(ready, key=lambda one: (one.percent, one.step))
        late = [one.earlier for one in ready if one.earlier]
        latencies = self._latencies(ready)
        canary = _sum([one.canary for one in ready], sum(one.canary for one in late), latencies[0])
        stable = _sum([one.stable for one in ready], sum(one.stable for one in late), latencies[1])
        start, end = AT[ready[0].at], AT[ready[-1].at + 1]
        step, percent = highest.step, highest.percent
        return [*past, Interval(start, end, step, percent, canary, stable, (), seen, seen)]


def _sum(ticks: Sequence[Counts], late: int, latency: Histogram | None) -> Arm:
    """Add ticks up. Monitoring does not tell under which share its errors began."""
    return Arm(
        sum(one.requests for one in ticks),
        sum(one.errors for one in ticks) + late,
        latency,
        sum(one.unreached for one in ticks),
        max(one.in_flight for one in ticks),
    )


EYES: Final[dict[View, Callable[[Run], Fresh]]] = {
    "fresh": Fresh,
    "late-totals": LateTotals,
    "monitoring": Monitoring,
}


def barq(name: str, setting: Setting = DEFAULTS) -> Rule:
    """Return a column of the table."""
    policy = default_policy(setting.plan, **dict(setting.analysis))
    return Rule(name, lambda run: Barq(run, setting, policy), setting.plan, paces=True)
