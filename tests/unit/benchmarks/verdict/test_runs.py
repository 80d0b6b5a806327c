import pytest

from benchmarks.verdict.fate import Cell
from benchmarks.verdict.runs import Run
from benchmarks.verdict.scenarios import SCENARIOS

USUAL = (0, 30, 60)


def ticks(scenario, *, rps=20.0, base=0.01, runs=20, path=USUAL, plan=(10, 50, 100), until=90):
    found = []
    for number in range(runs):
        run = Run(Cell(scenario, rps, base), number, plan)
        found += [run.tick(tuple(one for one in path if one <= at), at) for at in range(until)]
    return found


def errors(some, role="canary"):
    requests = sum(getattr(one, role).requests for one in some)
    return sum(getattr(one, role).failed for one in some) / requests


def in_step(some, step):
    return [one for one in some if one.step == step]


def test_the_same_run_is_the_same_whoever_asks_and_in_whatever_order():
    one, other = (Run(Cell("flaky-both", 20.0, 0.001), 3) for _ in range(2))
    forwards = [one.tick((0,), at) for at in range(30)]
    backwards = [other.tick((0,), at) for at in reversed(range(30))]

    assert forwards == backwards[::-1]
    assert one.history() == other.history()


def test_a_rule_that_held_meets_the_same_streams_as_another_that_held_as_long():
    one, other = (Run(Cell("healthy", 20.0, 0.001), 3) for _ in range(2))
    one.tick(USUAL, 70)

    assert one.tick((0, 33), 40) == other.tick((0, 33), 40)
    assert one.tick((0, 33), 40) != one.tick((0, 30), 40)


def test_runs_differ_from_each_other():
    cell = Cell("healthy", 20.0, 0.001)

    assert Run(cell, 1).tick((0,), 0) != Run(cell, 2).tick((0,), 0)


@pytest.mark.parametrize("step", [0, 1, 2])
def test_traffic_is_split_by_the_share_of_the_step(step):
    share = [0.1, 0.5, 1.0][step]
    some = in_step(ticks("healthy"), step)
    canary = sum(one.canary.requests for one in some)
    both = canary + sum(one.stable.requests for one in some)

    assert both / len(some) == pytest.approx(200, rel=0.03)
    assert canary / both == pytest.approx(share, rel=0.03)


@pytest.mark.parametrize(
    ("scenario", "ratio"), [("err-x5", 0.05), ("err-5%", 0.0595), ("err-100%", 1.0)]
)
def test_a_bad_canary_fails_as_often_as_its_scenario_says(scenario, ratio):
    some = in_step(ticks(scenario), 1)

    assert errors(some) == pytest.approx(ratio, rel=0.1)
    assert errors(some, "stable") == pytest.approx(0.01, rel=0.25)


def test_a_leak_begins_after_180_s_and_is_whole_at_480():
    some = ticks("leak", base=0.0)

    assert not any(one.canary.errors for one in some if one.at < 18)
    assert errors([one for one in some if one.at >= 48]) == pytest.approx(0.1, rel=0.1)


def test_true_shares_and_silence():
    wide, none = ticks("share+15%"), ticks("no-canary-traffic")
    canary = sum(one.canary.requests for one in in_step(wide, 0))
    stable = sum(one.stable.requests for one in in_step(wide, 0))

    assert canary / (canary + stable) == pytest.approx(0.115, rel=0.03)
    assert not any(one.canary.requests for one in none)


def test_latency_stands_in_buckets_without_the_failed_requests():
    for one in ticks("err-50%", runs=2):
        assert sum(one.canary.latency) == one.canary.requests - one.canary.failed
        assert len(one.canary.latency) == len(SCENARIOS["err-50%"].latencies.bounds_ms) + 1


def test_about_four_percent_of_stables_requests_are_slow():
    scenario = SCENARIOS["healthy"]
    some = in_step(ticks("healthy", rps=200.0), 0)
    latency = [sum(column) for column in zip(*(one.stable.latency for one in some), strict=True)]

    assert 0.02 < sum(latency[scenario.latencies.slow_from :]) / sum(latency) < 0.05


def test_a_canary_that_never_starts_reaches_no_container():
    for one in ticks("never-starts", runs=1):
        assert one.canary.unreached == one.canary.requests == one.bad
        assert not one.stable.unreached


def test_cold_starts_are_slow_and_few_and_only_at_the_beginning_of_a_step():
    slow = SCENARIOS["cold-start"].latencies.powers.index(22)
    late = [sum(one.canary.latency[slow:]) for one in ticks("cold-start", runs=5, base=0.0)]

    assert late[0] > 0
    assert late[30] > 0
    assert sum(late[3:30]) <= 1


def test_hung_requests_are_open_until_they_time_out_and_are_judged_where_they_began():
    run = Run(Cell("hang", 20.0, 0.0), 1)
    first = [run.tick((0,), at) for at in range(30)]
    later = run.tick((0, 30), 31)

    assert not any(one.canary.requests for one in first)
    assert first[-1].canary.in_flight == sum(one.bad for one in first)
    assert later.canary.errors == 0
    assert later.earlier == (0, 10, first[1].bad, 0)
    assert run.tick((0,), 31).canary.errors == first[1].bad


def test_requests_of_two_minutes_end_under_the_share_that_they_began_under():
    run = Run(Cell("long-requests", 200.0, 0.01), 1)

    assert run.tick((0,), 11).canary.requests == 0
    assert run.tick((0,), 12).canary.requests > 0
    ended = run.tick((0, 30), 35)
    assert ended.earlier is not None
    assert ended.earlier[:2] == (0, 10)
    assert ended.canary.errors == 0
    assert ended.canary.requests < 500


def test_six_hours_of_history_end_with_the_last_thirty_minutes():
    run = Run(Cell("instance-bursts", 20.0, 0.01), 1)

    assert len(run.history(360)) == 360
    assert run.history(360)[-30:] == run.history()
    assert run.history(0) == []


def test_one_instance_fails_ten_to_thirty_at_once():
    seen = [one.stable.errors for one in ticks("instance-bursts", base=0.001, runs=10)]

    assert max(seen) >= 10
    assert not any(0 < one < 10 for one in seen)
    assert sum(seen) > 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_can_be_played_in_every_corner(name):
    for rps, base in ((0.2, 0.01), (2000.0, 0.0)):
        run = Run(Cell(name, rps, base), 0)
        for at in (0, 29, 45):
            assert run.tick((0,), at).canary.requests >= 0
        assert run.tick((0, 45, 99), 150).stable.requests >= 0
