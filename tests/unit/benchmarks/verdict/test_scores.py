import math

import pytest

from benchmarks.verdict.fate import Cell
from benchmarks.verdict.rules import Outcome
from benchmarks.verdict.scores import Results, Score, bounds

CELL = Cell("healthy", 20.0, 0.001)
OUTCOMES = [
    Outcome(True, 3, 5, 0, "errors"),
    Outcome(True, 40, 7, 1, "latency"),
    Outcome(False, 90, 0, 2, ""),
    Outcome(False, 92, 4, 2, ""),
]


def test_a_score_adds_runs_up():
    score = Score.of(OUTCOMES)

    assert (score.runs, score.rolled_back, score.found) == (4, 2, 0.5)
    assert score.mean_bad == 4
    assert score.mean_seconds == 215
    assert score.mean_length_seconds == 910
    assert score.causes == {"errors": 1, "latency": 1}


def test_seconds_at_a_quantile_are_of_all_runs():
    score = Score.of(OUTCOMES)

    assert score.seconds_at(0.25) == 30
    assert score.seconds_at(0.5) == 400
    assert score.seconds_at(0.75) == math.inf


def test_adding_scores_is_scoring_all():
    halves = Score.of(OUTCOMES[:2])
    halves.add(Score.of(OUTCOMES[2:]))

    assert halves == Score.of(OUTCOMES)
    assert Score.from_json(halves.as_json()) == halves


@pytest.mark.parametrize(
    ("successes", "runs", "lower", "upper"),
    [
        (0, 10, 0.0, 0.3085),
        (10, 10, 0.6915, 1.0),
        (5, 10, 0.1871, 0.8129),
        (1, 100, 0.00025, 0.0545),
    ],
)
def test_bounds_are_cloppers_and_pearsons(successes, runs, lower, upper):
    assert bounds(successes, runs) == pytest.approx((lower, upper), abs=1e-4)


def test_results_are_found_again_piece_by_piece(tmp_path):
    results = Results(tmp_path / "r.jsonl", 4)
    results.add(CELL, 0, {"Argo": Score.of(OUTCOMES)})
    results.add(CELL, 4, {"Argo": Score.of(OUTCOMES)})

    again = Results(tmp_path / "r.jsonl", 4)

    assert again.has(CELL, "Argo", 4)
    assert not again.has(CELL, "Argo", 8)
    assert again.scores[CELL, "Argo"].runs == 8


def test_pieces_of_another_size_or_of_other_code_are_passed_over(tmp_path):
    path = tmp_path / "r.jsonl"
    Results(path, 4).add(CELL, 0, {"Argo": Score.of(OUTCOMES)})
    line = path.read_text()

    assert not Results(path, 2).scores
    path.write_text(line.replace('"code":"', '"code":"other'))
    assert not Results(path, 4).scores


def test_a_piece_counts_once(tmp_path):
    path = tmp_path / "r.jsonl"
    Results(path, 4).add(CELL, 0, {"Argo": Score.of(OUTCOMES)})
    path.write_text(2 * path.read_text())

    assert Results(path, 4).scores[CELL, "Argo"].runs == 4
