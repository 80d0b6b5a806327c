"""The measured numbers as Markdown."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from benchmarks.health.numbers import Spread, percentile
from benchmarks.workflows import crowd, speed
from benchmarks.workflows.crowd import Crowd
from benchmarks.workflows.speed import Row

BYTES_EACH_MAX: Final = 20 * 1024
"""What the emulator in Go takes for an execution that waits."""
KEPT_SECONDS_MAX: Final = 0.040
"""Without TCP_NODELAY an answer waits that long for an acknowledgement."""
_MS: Final = 1000.0


def report(rows: Sequence[Row], found: Crowd, day: dt.date, rounds: int) -> str:
    return "\n\n".join((_how(day, rounds), speeds(rows), bars(rows), crowds(found)))


def _how(day: dt.date, rounds: int) -> str:
    return (
        f"`python -m benchmarks.workflows`, {day}: {rounds} rounds in which each takes its turn."
        " Rates and ratios: smallest, **median** and largest of the rounds. As served: with a BASIC"
        " history of each step."
    )


def speeds(rows: Sequence[Row]) -> str:
    lines = [
        "| a second | ours, bare | ours, as served | `workflows-emulator` 1.10.0 | served / it |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.program.name}"
        f" | {_rates(row.ours)} | {_rates(row.watched)} | {_rates(row.theirs)}"
        f" | {row.ratio.low:,.0f} / **{row.ratio.middle:,.0f}** / {row.ratio.high:,.0f} |"
        for row in rows
    ]
    return "\n".join(lines)


def _rates(one: Spread) -> str:
    return f"{one.low:,.0f} / **{one.middle:,.0f}** / {one.high:,.0f}"


def bars(rows: Sequence[Row]) -> str:
    steps = rows[0]
    ratio, rate = steps.ratio.middle, steps.watched.middle
    half = speed.GO_STEPS_PER_SECOND / 2
    return (
        f"Bars: at least {speed.RATIO_MIN} times the rival's steps: {ratio:,.0f},"
        f" {_holds(ratio >= speed.RATIO_MIN)}. Half of the emulator in Go"
        f" ({speed.GO_STEPS_PER_SECOND:,} steps/s, a bar that was given): {rate / half:.1f} times"
        f" that, {_holds(rate >= half)}."
    )


def crowds(found: Crowd) -> str:
    kept = max(found.kept)
    rows = (
        (
            f"{crowd.TINY_COUNT} tiny executions, {crowd.CLIENTS} clients, to the last result",
            f"{found.tiny:.2f} s, `workflows-emulator` {found.tiny_theirs:.2f} s",
            "",
        ),
        (
            f"{crowd.WAITING_COUNT:,} created that wait, {crowd.CLIENTS} clients",
            f"{found.created:.1f} s, {crowd.WAITING_COUNT / found.created:,.0f}/s",
            "",
        ),
        (
            "memory of each while it waits (RSS)",
            f"{found.bytes_each / 1024:.1f} KiB",
            f"< {BYTES_EACH_MAX // 1024} KiB: {_holds(found.bytes_each < BYTES_EACH_MAX)}",
        ),
        ("kept of each after it was cancelled", f"{found.bytes_after / 1024:.1f} KiB", ""),
        ("a fresh execution, request to result, alone", _latency(found.fresh_alone), ""),
        (f"a fresh execution among {crowd.WAITING_COUNT:,}", _latency(found.fresh), ""),
        (
            f"all {crowd.WAITING_COUNT:,} cancelled, {crowd.CLIENTS} clients",
            f"{found.cancelled:.1f} s, {crowd.WAITING_COUNT / found.cancelled:,.0f}/s",
            "",
        ),
        (
            f"{crowd.KEPT_COUNT} answers on a kept connection",
            _latency(found.kept),
            f"no 40 ms: {_holds(kept < KEPT_SECONDS_MAX)}",
        ),
    )
    lines = ["| `serve`, over HTTP | measured | bar |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _latency(seconds: Sequence[float]) -> str:
    at = {q: percentile(seconds, q) * _MS for q in (50, 99, 100)}
    return f"p50 {at[50]:.1f} ms, p99 {at[99]:.1f} ms, max {at[100]:.1f} ms"


def _holds(whether: object) -> str:
    return "holds" if whether else "**does not hold**"
