import pytest

from benchmarks.verdict.checks import Checks
from benchmarks.verdict.fate import Cell
from benchmarks.verdict.rules import Outcome
from benchmarks.verdict.scores import Results, Score

CELLS = [Cell("healthy", rps, 0.001) for rps in (2.0, 20.0)]


def scored(back, runs, *, bad=1):
    rolled = [Outcome(True, 3, bad, 0, "errors")] * back
    return Score.of([*rolled, *[Outcome(False, 90, bad, 2, "")] * (runs - back)])


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "r.jsonl", 10)


def false_rollbacks(results, *, full):
    checks = Checks(results, CELLS, full=full)
    checks.false("T1", "Argo", "false rollbacks", CELLS)
    (one,) = checks.found
    return one


def test_the_full_form_allows_eight_false_rollbacks_in_2000(results):
    results.scores[CELLS[0], "Argo"] = scored(8, 2000)
    results.scores[CELLS[1], "Argo"] = scored(0, 2000)
    assert false_rollbacks(results, full=True).holds

    results.scores[CELLS[1], "Argo"] = scored(9, 2000)
    one = false_rollbacks(results, full=True)
    assert not one.holds
    assert "worst cell 9 of 2000, healthy at 20/s, base 0.10%" in one.value


def test_few_runs_refute_a_rate_only_when_it_is_beyond_chance(results):
    results.scores[CELLS[0], "Argo"] = scored(1, 40)
    assert false_rollbacks(results, full=False).holds

    results.scores[CELLS[0], "Argo"] = scored(4, 40)
    assert not false_rollbacks(results, full=False).holds


def test_what_was_not_played_is_not_checked(results):
    assert not false_rollbacks(results, full=True).known


def test_ratios_are_of_mean_bad_requests_and_name_their_worst_cell(results):
    for cell, ours, theirs in zip(CELLS, (2, 1), (4, 8), strict=True):
        results.scores[cell, "Barq"] = scored(1, 1, bad=ours)
        results.scores[cell, "Argo"] = scored(1, 1, bad=theirs)
    checks = Checks(results, CELLS, full=False)

    ratios = checks.ratios("Argo", "Barq", CELLS)
    checks.mean_ratio("T8", "Argo", ratios, 4.0)
    checks.most_ratio("T9", "Argo", ratios, 7.9)

    assert ratios == [(2.0, CELLS[0]), (8.0, CELLS[1])]
    assert [one.holds for one in checks.found] == [True, False]


def test_one_rollout_that_is_not_found_is_not_100_percent(results):
    results.scores[CELLS[0], "Barq"] = scored(10, 10)
    results.scores[CELLS[1], "Barq"] = scored(9, 10)
    checks = Checks(results, CELLS, full=False)

    checks.all_found("T5", "found", "Barq", CELLS)
    checks.all_found("T5", "found", "Barq", CELLS[:1])

    assert [(one.holds, one.value) for one in checks.found] == [
        (False, "90.0%, healthy at 20/s, base 0.10%"),
        (True, "100.0%"),
    ]
