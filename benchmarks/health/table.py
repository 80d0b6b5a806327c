"""The measured numbers as Markdown."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.health.cases import (
    CEILING,
    FLEET_READS_PER_SECOND,
    FLEET_WRITES_PER_SECOND,
    LIVE,
    LIVE_RATIO,
    READY,
    Case,
    Steady,
)
from benchmarks.health.load import Found
from benchmarks.health.numbers import percentile, ratios, spread
from benchmarks.health.stage import Round

_STEADY_HEAD: Final = """\
| at {rate:g} requests/s | beside it | requests | failed | p50, ms | p95, ms | p99, ms | max, ms \
| asker late, p99, ms | bar: p99 | holds |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|"""
_SATURATED_HEAD: Final = """\
| {what} | requests/s | ours / it, of the same round | µs of the server's processor each |
|---|---:|---:|---:|"""
_MS: Final = 1000.0


@dataclass(frozen=True)
class Measured:
    """One run of the benchmark."""

    steady: Sequence[tuple[Steady, Found]]
    per_second: float
    saturated: Mapping[str, Sequence[Round]]
    """By the case's name."""
    pinned: bool
    load_average: float
    """Of the machine, before anything was started: what else it did."""


def report(measured: Measured, day: dt.date) -> str:
    parts = (
        _how(measured, day),
        steady_table(measured.steady, measured.per_second),
        saturated_table("liveness at saturation", LIVE, measured.saturated),
        saturated_table("readiness with PostgreSQL at saturation", READY, measured.saturated),
        bar(measured.saturated),
    )
    return "\n\n".join(parts)


def _how(measured: Measured, day: dt.date) -> str:
    every = [one for rounds in measured.saturated.values() for one in rounds]
    ceiling = spread([one.per_second for one in measured.saturated[CEILING.name]])
    busiest = max(
        one.asking_ratio
        for name, rounds in measured.saturated.items()
        for one in rounds
        if name != CEILING.name
    )
    cores = "server and load generator on a core each" if measured.pinned else "no core pinned"
    return (
        f"`python -m benchmarks.health`, {day}: {len(every)} turns at saturation, {cores},"
        f" load average {measured.load_average:.1f} before it began."
        f" At {measured.per_second:g} requests/s arrivals are a Poisson process, and latency"
        " counts from when a request was due. Ratios and rates: smallest, **median** and largest"
        f" of the rounds. The load generator used at most {busiest:.0%} of its core;"
        f" of canned bytes it can ask {ceiling.middle:,.0f}/s."
    )


def steady_table(rows: Sequence[tuple[Steady, Found]], per_second: float) -> str:
    lines = [_STEADY_HEAD.format(rate=per_second)]
    fleet = f"{FLEET_READS_PER_SECOND:g} reads/s and {FLEET_WRITES_PER_SECOND:g} writes/s"
    for steady, found in rows:
        at = {q: percentile(found.latencies, q) * _MS for q in (50, 95, 99, 100)}
        holds = at[99] < steady.p99_ms_max and not found.failures
        cells = (
            steady.case.name,
            f"{fleet} of the fleet's routes" if steady.beside_fleet else "nothing",
            f"{len(found.latencies):,}",
            str(found.failures),
            *(f"{value:.2f}" for value in at.values()),
            f"{percentile(found.lateness, 99) * _MS:.2f}",
            f"< {steady.p99_ms_max:g} ms",
            "yes" if holds else "**no**",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def saturated_table(what: str, cases: Sequence[Case], found: Mapping[str, Sequence[Round]]) -> str:
    lines = [_SATURATED_HEAD.format(what=what)]
    ours = [one.per_second for one in found[cases[0].name]]
    for case in cases:
        rates = [one.per_second for one in found[case.name]]
        rate, ratio = spread(rates), ratios(ours, rates)
        processor = spread([one.processor_us for one in found[case.name]]).middle
        cells = (
            case.name,
            f"{rate.low:,.0f} / **{rate.middle:,.0f}** / {rate.high:,.0f}",
            "1"
            if case == cases[0]
            else f"{ratio.low:.2f} / **{ratio.middle:.2f}** / {ratio.high:.2f}",
            f"{processor:.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def bar(found: Mapping[str, Sequence[Round]]) -> str:
    """Say whether liveness is as cheap as it has to be."""
    ours, bare = found[LIVE[0].name], found[LIVE[1].name]
    middle = ratios(*([one.per_second for one in rounds] for rounds in (ours, bare))).middle
    processor = ratios(*([one.processor_us for one in rounds] for rounds in (bare, ours))).middle
    holds = "holds" if middle >= LIVE_RATIO else "**does not hold**"
    return (
        f"Bar: `/health/live` answers at least {LIVE_RATIO} times as much as the bare route:"
        f" {middle:.2f}, {holds}; by processor time {processor:.2f}."
    )
