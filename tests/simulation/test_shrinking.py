"""A failure is told by the shortest trace that still fails, and the command that replays it."""

import pickle

from tests.simulation.drawing import draw
from tests.simulation.planted import BUGS, planted
from tests.simulation.run import Outcome, run
from tests.simulation.scenario import Scenario
from tests.simulation.shrink import Shrinker, told
from tests.simulation.writes import Broken

BUG = next(bug for bug in BUGS if bug.name == "refused_digest_accepted")


def test_a_planted_bug_shrinks_to_what_it_needs():
    scenario = BUG.bias(draw(0))
    with planted(BUG):
        failure = run(scenario).failure
        assert failure is not None
        shortest = Shrinker(scenario, failure.rule).shrink()
        again = run(shortest)

    assert again.failure is not None
    assert again.failure.rule == failure.rule
    kinds = [one.kind for one in shortest.happenings]
    assert sorted(kinds) == ["push", "rolls_out"], "a bad image, and a person who delivers it again"


def test_a_happening_alone_is_what_it_was_among_the_others():
    """Its number and its chance stay its own: what is left out changes no other."""
    scenario = draw(3)
    fifth = scenario.happenings[5]

    alone = scenario.only({5})

    assert alone.happenings == (fifth,)
    assert alone.rng_of(alone.happenings[0]).random() == scenario.rng_of(fifth).random()
    assert str(fifth) in run(alone).trace[0]


def fails_with(*needed: int):
    """Return a play that fails as long as all of these happenings are there."""

    def play(scenario: Scenario) -> Outcome:
        there = {one.number for one in scenario.happenings}
        failure = Broken("7", "planted") if there.issuperset(needed) else None
        return Outcome(scenario.seed, failure, [], seconds=scenario.seconds)

    return play


def test_only_what_a_failure_needs_is_left():
    scenario = draw(7)
    assert len(scenario.happenings) > 12

    shortest = Shrinker(scenario, "7", fails_with(2, 5, 11)).shrink()

    assert [one.number for one in shortest.happenings] == [2, 5, 11]


def test_a_failure_of_another_rule_is_not_the_one_that_is_looked_for():
    scenario = draw(7)

    assert Shrinker(scenario, "3", fails_with(2)).shrink() == scenario


def test_what_is_told_has_the_rule_the_seed_and_the_command():
    scenario = draw(7).only({2, 5})

    words = told(scenario, fails_with(2)(scenario))

    assert words.startswith("error: rule 7: planted\n seed 7, 2 happenings are left:")
    assert words.endswith(" hint: make simulate SEED=7 ONLY=2,5")


def test_what_broke_comes_back_whole_from_another_process():
    broken = pickle.loads(pickle.dumps(Broken("7", "planted")))

    assert (broken.rule, str(broken)) == ("7", "rule 7: planted")
