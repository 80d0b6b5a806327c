import math

import numpy as np
import pytest

from benchmarks.verdict.fate import Cell
from benchmarks.verdict.likelihoods import truth_of, which_arm_of
from benchmarks.verdict.oracles import ORACLE, ORACLE_C, Oracle
from benchmarks.verdict.rules import play
from benchmarks.verdict.runs import Run
from tests.unit.benchmarks.verdict.ticking import answers, tick


def test_an_oracle_rolls_back_when_the_truth_is_a_hundred_times_likelier():
    said = answers(Oracle("truth"), [tick(0, truth=4.0), tick(1, truth=0.6), tick(2, truth=0.01)])

    assert said == ["go", "go", "back"]


def test_each_oracle_looks_at_its_own_sum():
    only_truth = [tick(0, truth=9.0)]

    assert answers(Oracle("truth"), only_truth) == ["back"]
    assert answers(Oracle("which_arm"), only_truth) == ["go"]


def test_outcomes_are_weighed_by_their_true_chances():
    found = truth_of(np.array([3]), np.array([7]), np.array([0.5]), np.array([0.1]))

    assert found[0] == pytest.approx(3 * math.log(5) + 7 * math.log(5 / 9))


def test_one_error_settles_it_where_stable_never_fails():
    found = truth_of(np.array([1, 0]), np.array([0, 5]), np.array([1.0, 1.0]), np.array([0.0, 0.0]))

    assert found[0] == math.inf
    assert found[1] == -math.inf


def test_where_stable_never_fails_two_roles_at_ten_percent_settle_it():
    """Each error is worth ln 10: two make a hundred."""
    found = which_arm_of(
        np.array([2]), np.array([0]), np.array([0.1]), np.array([1.0]), np.array([0.0])
    )

    assert found[0] == pytest.approx(math.log(100))


def test_who_failed_says_nothing_when_both_are_alike_or_the_canary_is_alone():
    for share, true in ((0.1, 0.01), (1.0, 0.5)):
        found = which_arm_of(
            np.array([4]), np.array([0]), np.array([share]), np.array([true]), np.array([0.01])
        )
        assert found[0] == pytest.approx(0.0)


def test_an_oracle_never_rolls_a_healthy_canary_back_and_always_a_broken_one():
    healthy = [play(Run(Cell("healthy", 20.0, 0.01), number), ORACLE) for number in range(5)]
    broken = [play(Run(Cell("err-5%", 20.0, 0.001), number), ORACLE_C) for number in range(5)]

    assert not any(one.rolled_back for one in healthy)
    assert all(one.rolled_back for one in broken)
