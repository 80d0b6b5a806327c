from benchmarks.verdict.fate import Cell
from benchmarks.verdict.robust import robust
from benchmarks.verdict.scenarios import SCENARIOS
from benchmarks.verdict.scores import Results
from benchmarks.verdict.suite import RULES, all_cells, rules_of
from benchmarks.verdict.table import report
from benchmarks.verdict.targets import targets
from benchmarks.verdict.timing import Timing
from benchmarks.verdict.working import Piece, pieces, work

CELLS = [Cell("healthy", 20.0, 0.001), Cell("err-5%", 20.0, 0.001), Cell("hang", 20.0, 0.001)]
RUNS = {True: 2, False: 2}


def played(path):
    results = Results(path, 2)
    for piece in list(pieces(CELLS, RUNS, results, frozenset())):
        done, scored = work(piece)
        results.add(done.cell, done.first, scored)
    return results


def test_every_rule_of_every_scenario_has_a_name_that_finds_it():
    for cell in all_cells(short=False):
        for rule in rules_of(cell):
            assert RULES[rule.name] is rule


def test_the_full_form_has_all_cells_but_those_where_a_ratio_of_nothing_is_nothing():
    full, short = list(all_cells(short=False)), list(all_cells(short=True))

    assert Cell("err-x5", 20.0, 0.0) not in full
    assert Cell("err-5%", 20.0, 0.0) in full
    assert set(short) < set(full)
    assert {one.scenario for one in short} == set(SCENARIOS)


def test_what_is_done_is_not_done_again(tmp_path):
    results = played(tmp_path / "r.jsonl")

    assert not list(pieces(CELLS, RUNS, results, frozenset()))
    more = list(pieces(CELLS, {True: 4, False: 2}, results, frozenset({"Argo"})))
    assert more == [Piece(CELLS[0], 2, 2, ("Argo",))]


def test_the_report_has_every_rule_and_target_that_there_is_something_to_say_of(tmp_path):
    results = played(tmp_path / "r.jsonl")
    checked = targets(results, CELLS, Timing(1.0, 0.1, 2000, 5, 0), robust(), full=False)
    text = report(results, CELLS, checked, RUNS)

    assert {"T1", "T5", "T11", "T11c", "T12", "T13"} <= {one.name for one in checked}
    assert "| healthy | 0.0 / 0.0 |" in text
    assert "| err-5% | Barq | 0.0 |" in text
    assert "| hang | Kayenta |" in text
    assert "seed" in text.lower()


def test_odd_histories_do_no_harm():
    found = robust()

    assert found.cases > 300
    assert not found.problems
