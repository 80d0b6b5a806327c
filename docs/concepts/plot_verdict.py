"""Draws the two pictures of docs/concepts/verdict.md from made-up rollouts. The seeds are fixed.

python -m docs.concepts.plot_verdict    writes both anew
"""

import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from docs.concepts.made_rollouts import BASE, MINUTE, Made, always, median_of, outage, roll_out
from docs.concepts.svg_chart import Chart

HERE: Final = Path(__file__).parent
GOOD_RUNS: Final = 20
OUTAGE: Final = (420, 60, 0.10)
"""Seconds since the first shift, how many, and the share of all requests that fail then."""
RATIOS: Final = (0.10, 0.03, 0.01, 0.005, 0.003, 0.002)
RUNS: Final = 21
"""Of each ratio; the picture shows the one with the median time."""
LINES: Final = tuple(zip("abcdef", ("", "9 3", "", "2 3", "9 3 2 3", "5 3"), strict=True))
THRESHOLD: Final = 100
FIRST_SECOND: Final = 5
LAST_SECOND: Final = 1800


def good() -> str:
    """Return the picture of canaries that are no worse, and of an outage of both roles."""
    runs = [roll_out(f"good {run}", always(BASE), always(BASE)) for run in range(GOOD_RUNS)]
    common = roll_out("outage", outage(*OUTAGE), outage(*OUTAGE))
    highest = max(value for run in runs for _, value in run.evidence)
    outcomes = {run.outcome for run in (*runs, common)}
    assert outcomes == {"promoted"}
    assert len({tuple(run.shifts) for run in (*runs, common)}) == 1
    minutes = common.seconds / MINUTE
    chart = Chart(
        "Good canaries: the evidence stays low",
        f"Evidence over {minutes:.0f} minutes for {GOOD_RUNS} canaries that fail as often as"
        f" stable, one request in {1 / BASE:,.0f}. It falls below 1 or stays near it, and"
        f" {highest:.1f} is the most that any of them reaches; 100 would take it back. One more"
        f" canary goes through a minute in which {_percent(OUTAGE[2])} of the requests to both"
        " roles fail, and its evidence does not rise. All of them are promoted.",
        lambda seconds: seconds / common.seconds,
        0.1,
        1000,
    )
    chart.band(OUTAGE[0], OUTAGE[0] + OUTAGE[1], "both fail")
    chart.axes(
        (0.1, 1, 10, 100, 1000),
        [(60.0 * at, f"{at}") for at in range(0, common.seconds // 60 + 1, 5)],
        "minutes since the first shift",
    )
    _shifts(chart, common)
    chart.limit(THRESHOLD, "100: taken back")
    for run in runs:
        chart.line(run.evidence, "many")
    chart.line(common.evidence, "a bold")
    alike = f"{GOOD_RUNS} canaries that fail as often as stable: {_percent(BASE)}"
    one_more = (
        f"one more, and {_percent(OUTAGE[2])} of the requests to both roles fail for a minute"
    )
    chart.entry([(46, alike)], "many")
    chart.entry([(46, one_more)], "a bold")
    return chart.svg()


def bad() -> str:
    """Return the picture of canaries that fail more often than stable."""
    runs = {ratio: _median_of(ratio) for ratio in RATIOS}
    words = [_words(ratio, *run) for ratio, run in runs.items()]
    chart = Chart(
        "Bad canaries: the evidence rises to 100",
        f"Evidence over time for canaries beside a stable that fails {_percent(BASE)}, {RUNS} runs"
        " each; a line is the run with the median time. " + " ".join(map(_sentence, words)),
        lambda seconds: (
            math.log(max(seconds, FIRST_SECOND) / FIRST_SECOND)
            / math.log(LAST_SECOND / FIRST_SECOND)
        ),
        0.1,
        10_000,
    )
    ticks = (
        (5, "5 s"),
        (10, "10 s"),
        (30, "30 s"),
        (60, "1 min"),
        (120, "2"),
        (300, "5"),
    )
    chart.axes(
        (0.1, 1, 10, 100, 1000, 10_000),
        [*ticks, (600, "10"), (1800, "30 min")],
        "time since the first shift (logarithmic)",
    )
    _shifts(chart, runs[RATIOS[-1]][0])
    chart.limit(THRESHOLD, "100: taken back")
    columns = (46, 190, 360, 500)
    heads = ("canary fails", "taken back, of runs", "after (median)", "of its requests failed")
    chart.entry(list(zip(columns, heads, strict=True)), "")
    for (kind, dash), (run, _), line in zip(LINES, runs.values(), words, strict=True):
        chart.line(run.evidence, f"{kind} bold", dash)
        if run.outcome == "rolled back":
            chart.dot(run.evidence[-1], kind)
        chart.entry(list(zip(columns, line, strict=True)), f"{kind} bold", dash)
    return chart.svg()


def _median_of(ratio: float) -> tuple[Made, int]:
    """Return the run with the median time to its rollback, and how many were taken back."""
    runs = [roll_out(f"{ratio} {run}", always(ratio), always(BASE)) for run in range(RUNS)]
    return median_of(runs), sum(run.outcome == "rolled back" for run in runs)


def _words(ratio: float, run: Made, found: int) -> tuple[str, str, str, str]:
    after = "promoted" if run.outcome == "promoted" else _duration(run.seconds)
    return _percent(ratio), f"{found} of {RUNS}", after, f"{run.failed}"


def _sentence(words: tuple[str, str, str, str]) -> str:
    ratio, found, after, failed = words
    return f"Of canaries that fail {ratio}, {found} are taken back ({after}, {failed} failed)."


def _percent(ratio: float) -> str:
    return f"{100 * ratio:g} %"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, MINUTE)
    return " ".join(filter(None, (f"{minutes} min" * bool(minutes), f"{rest} s" * bool(rest))))


def _shifts(chart: Chart, run: Made) -> None:
    for at, percent in run.shifts:
        chart.mark(at, f"{percent} %")


PICTURES: Final[Mapping[str, Callable[[], str]]] = {
    "evidence_good.svg": good,
    "evidence_bad.svg": bad,
}


if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (HERE / name).write_text(draw(), "utf-8")
        sys.stdout.write(f"wrote {name}\n")
