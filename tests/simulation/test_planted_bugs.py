"""What the simulation is worth: mistakes that somebody could make, and each is caught."""

import pytest

from tests.simulation.drawing import draw
from tests.simulation.planted import BUGS, catch, planted
from tests.simulation.run import run


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught_and_without_it_the_same_scenario_holds_every_rule(bug):
    """Else what was caught might be the scenario's own."""
    caught = catch(bug)

    assert caught is not None, f"{bug.name} was not caught in {bug.seeds} seeds"
    assert run(bug.bias(draw(caught.seed))).failure is None


def test_what_was_planted_is_gone_afterwards():
    owner, name, _ = BUGS[0].plants[0]
    right = getattr(owner, name)

    with planted(BUGS[0]):
        assert getattr(owner, name) is not right

    assert getattr(owner, name) is right


def test_there_are_enough_of_them_with_names_of_their_own():
    names = [bug.name for bug in BUGS]

    assert len(names) >= 15
    assert len(set(names)) == len(names)
