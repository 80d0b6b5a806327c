from benchmarks.verdict.barq import AT, START, Fresh, LateTotals, Monitoring, Setting, barq
from benchmarks.verdict.fate import Cell
from benchmarks.verdict.rules import play
from benchmarks.verdict.runs import Run

CELL = Cell("err-5%", 200.0, 0.001)


def run_of_phase(phase):
    return Run(CELL, phase)


def seen(eyes, run, until, path=(0, 30, 60)):
    told = []
    for at in range(until):
        begun = tuple(one for one in path if one <= at)
        told.append(eyes.see(run.tick(begun, at)))
    return told


def test_fresh_data_are_whole_at_the_end_of_their_interval():
    run = run_of_phase(0)
    (one,) = Fresh(run).see(run.tick((0,), 4))

    assert (one.start, one.end, one.known_at, one.seen_at) == (AT[4], AT[5], AT[5], AT[5])
    assert one.canary.requests == run.tick((0,), 4).canary.requests


def test_late_totals_tell_errors_at_once_and_requests_two_minutes_after_their_minute():
    run = run_of_phase(0)
    told = seen(LateTotals(run), run, 18)

    assert [len(one) for one in told] == [1] * 17 + [7]
    assert all(one[-1].canary.requests is None for one in told)
    assert sum(one[-1].canary.errors for one in told) > 0
    minute = told[-1][:6]
    assert sum(one.canary.requests for one in minute) == sum(
        run.tick((0,), at).canary.requests for at in range(6)
    )
    assert {one.seen_at for one in minute} == {AT[18]}
    assert [one.start for one in minute] == list(AT[:6])


def test_a_minutes_latencies_stand_on_the_interval_that_ends_it():
    run = run_of_phase(0)
    *before, last = seen(LateTotals(run), run, 18)[-1][:6]

    assert all(one.canary.latency is None for one in before)
    assert last.latency_since == START
    assert last.stable.latency.total == sum(
        sum(run.tick((0,), at).stable.latency) for at in range(6)
    )


def test_totals_of_the_minute_that_the_first_shift_cuts_never_come():
    run = run_of_phase(2)
    told = seen(LateTotals(run), run, 16)

    assert [len(one) for one in told] == [1] * 15 + [5]
    assert all(one.canary.requests is None and one.seen_at == AT[16] for one in told[-1][:4])


def test_a_minute_across_a_shift_is_spread_by_share_and_has_no_latency():
    run = run_of_phase(0)
    told = seen(LateTotals(run), run, 51, path=(0, 33, 63))[47]
    minute = told[:6]

    assert [one.percent for one in minute] == [10, 10, 10, 50, 50, 50]
    assert minute[0].canary.requests * 4 < minute[5].canary.requests
    assert minute[-1].canary.latency is None


def test_monitoring_alone_tells_whole_minutes_and_gives_a_cut_one_to_the_higher_share():
    run = run_of_phase(0)
    told = seen(Monitoring(run), run, 51, path=(0, 33, 63))

    assert [len(one) for one in told[:18]] == [0] * 17 + [1]
    (cut,) = told[47]
    assert (cut.start, cut.end, cut.percent) == (AT[30], AT[36], 50)
    assert cut.known_at == cut.seen_at == AT[48]


def test_history_is_as_late_as_the_view():
    run = run_of_phase(1)
    fresh = Fresh(run).past(run.history())
    late = LateTotals(run).past(run.history())

    assert fresh[-1].end == fresh[-1].seen_at == START
    assert late[-1].end < START
    assert late[-1].seen_at == late[-1].end + LateTotals.late


def test_barq_rolls_a_bad_canary_back_and_leaves_a_good_one_alone():
    bad = play(run_of_phase(0), barq("any"))
    good = play(Run(Cell("healthy", 20.0, 0.001), 0), barq("any"))

    assert (bad.rolled_back, bad.cause) == (True, "errors")
    assert (good.rolled_back, good.ticks) == (False, 90)


def test_an_alert_at_100_percent_is_no_rollback():
    cell = Cell("at-100%", 200.0, 0.001)
    alert = barq("alert", Setting(analysis=(("watch_action", "alert"),)))

    assert play(Run(cell, 0), barq("any")).rolled_back
    assert not play(Run(cell, 0), alert).rolled_back
