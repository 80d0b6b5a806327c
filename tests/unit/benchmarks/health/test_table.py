"""What the tables say, and what they do not hide."""

import datetime as dt

import pytest

from benchmarks.health.cases import CEILING, LIVE, READY, STEADY
from benchmarks.health.load import Found
from benchmarks.health.stage import Round
from benchmarks.health.table import Measured, bar, report, saturated_table, steady_table


def found(latencies, failures=0):
    return Found(len(latencies), failures, 0, 1.0, 0.1, latencies, [0.0002] * len(latencies))


def rounds(*per_second):
    return [Round(one, 1e6 / one, 0.25) for one in per_second]


def test_latencies_stand_in_milliseconds_beside_their_bar():
    told = steady_table([(STEADY[0], found([0.001] * 95 + [0.002] * 4 + [0.3]))], 200.0)

    assert told.splitlines()[2] == (
        "| `/health/live` | nothing | 100 | 0 | 1.00 | 1.00 | 2.00 | 300.00 | 0.20 | < 50 ms | yes |"
    )


@pytest.mark.parametrize(("live_seconds", "holds"), [(0.0499, "yes"), (0.05, "**no**")])
def test_a_99th_percentile_at_its_bar_does_not_hold(live_seconds, holds):
    told = steady_table([(STEADY[0], found([live_seconds] * 100))], 200.0)

    assert told.splitlines()[2].endswith(f"| {holds} |")


def test_fast_answers_of_which_one_was_wrong_do_not_hold():
    told = steady_table([(STEADY[0], found([0.001] * 100, failures=1))], 200.0)

    assert told.splitlines()[2].endswith("| **no** |")


def test_a_rival_stands_with_its_rate_and_ours_in_relation_to_it():
    by_name = {case.name: rounds(100.0, 200.0, 300.0) for case in LIVE}
    by_name[LIVE[1].name] = rounds(200.0, 200.0, 200.0)

    ours, bare = saturated_table("liveness", LIVE[:2], by_name).splitlines()[2:]

    assert ours == "| `/health/live` | 100 / **200** / 300 | 1 | 5000 |"
    assert bare == "| bare Starlette route | 200 / **200** / 200 | 0.50 / **1.00** / 1.50 | 5000 |"


@pytest.mark.parametrize(("ours", "holds"), [(900.0, True), (899.0, False)])
def test_the_bar_is_nine_tenths_of_the_bare_route(ours, holds):
    told = bar({LIVE[0].name: rounds(ours), LIVE[1].name: rounds(1000.0)})

    assert ("does not hold" in told) is not holds


def test_the_report_says_how_busy_the_load_generator_was():
    saturated = {case.name: rounds(1000.0) for case in (*LIVE, *READY)}
    saturated[CEILING.name] = [Round(240_000.0, 4.0, 0.99)]
    steady = [(one, found([0.001] * 10)) for one in STEADY]

    told = report(
        Measured(steady, 200.0, saturated, pinned=True, load_average=0.25), dt.date(2026, 1, 2)
    )

    assert "2026-01-02" in told
    assert "at most 25% of its core" in told
    assert "240,000/s" in told
    assert "load average 0.2 " in told
    assert "**no**" not in told
