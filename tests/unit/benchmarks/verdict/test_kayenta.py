import math
from random import Random

import pytest

from benchmarks.verdict.fate import Cell
from benchmarks.verdict.kayenta import Kayenta, classify, score
from benchmarks.verdict.runs import Run
from tests.unit.benchmarks.verdict.ticking import answers, counts, minutes

LOW = [0.001, 0.0012, 0.0009, 0.0011, 0.0008]
HIGH = [0.05, 0.052, 0.049, 0.051, 0.048]


def classed(canary, stable):
    return classify(canary, stable, Random(1))


def test_five_minutes_that_all_lie_higher_are_high():
    assert classed(HIGH, LOW) == "high"
    assert classed(LOW, HIGH) == "pass"


def test_one_minute_among_stables_is_enough_for_a_pass():
    assert classed([*HIGH[:4], 0.001], LOW) == "pass"


def test_identical_data_and_a_single_value_pass():
    assert classed(LOW, LOW[::-1]) == "pass"
    assert classed([0.0] * 5, [0.0] * 4) == "pass"


def test_nan_are_removed_and_nothing_left_is_no_data():
    assert classed([math.nan] * 5, LOW) == "nodata"
    assert classed([*HIGH, math.nan], LOW) == "high"


def test_a_mean_of_zero_makes_no_effect_size_and_the_check_is_ignored():
    assert classed([1.0] * 5, [0.0] * 5) == "high"


def test_metrics_that_do_not_pass_pull_the_score_down():
    assert score(["pass", "pass"]) == 100
    assert score(["pass", "high"]) == 50


def test_half_without_data_is_a_score_of_zero():
    assert score(["nodata", "pass"]) == 0
    assert score(["nodata", "nodata"]) == 0


@pytest.fixture
def kayenta():
    return Kayenta(Run(Cell("healthy", 20.0, 0.001), 0))


def test_the_judge_speaks_after_five_minutes_whatever_the_traffic(kayenta):
    failing = [counts(10_000, 9_000 + one) for one in range(6)]

    said = answers(kayenta, minutes(*failing))

    assert said.index("back") == 5 * 6 - 1


def test_a_new_step_begins_with_no_minutes(kayenta):
    failing = [counts(100, 50 + one) for one in range(4)]

    said = answers(kayenta, [*minutes(*failing), *minutes(*failing, step=1, percent=50)])

    assert "back" not in said


def test_a_canary_without_requests_has_no_data_and_fails(kayenta):
    assert answers(kayenta, minutes(*[counts(0)] * 5))[-1] == "back"


def test_nothing_is_judged_at_100_percent(kayenta):
    failing = [counts(100, 50 + one) for one in range(9)]

    assert "back" not in answers(kayenta, minutes(*failing, step=2, percent=100))
