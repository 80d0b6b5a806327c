"""explain: what it is asked, and which records it explains."""

import pytest

import explain
from rollouts.errors import BadInput, Missing
from tests.docs.scenarios import records, rollout_of, shifted


@pytest.fixture
def world():
    """A world whose log has the look that found a bad canary."""
    found = shifted(4, errors=31)
    found.logged += records(found)
    return found


def asked(world, **more):
    return explain.handle(explain.parse({"rollout": rollout_of(world).id} | more), world)


def test_the_newest_decision_is_explained(world):
    answer = asked(world, service="api", target="production")

    assert answer["decision"] == world.logged[-1]["id"]
    assert answer["decided_at"] == world.logged[-1]["at"]
    assert answer["text"].endswith("recomputed: the same verdict\n")


def test_an_earlier_decision_can_be_asked_for(world):
    assert asked(world, decision=world.logged[0]["id"])["decision"] == world.logged[0]["id"]
    with pytest.raises(Missing, match="the decision record feed is missing"):
        asked(world, decision="feed")


@pytest.mark.parametrize("other", [{"service": "web"}, {"target": "staging"}, {"rollout": "feed"}])
def test_a_rollout_that_the_log_does_not_have_is_missing(world, other):
    with pytest.raises(Missing, match="the log has no decision of rollout") as raised:
        asked(world, **other)
    assert "status tells" in raised.value.hint


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (None, ["explain is None", "rollout is missing"]),
        ({}, ["rollout is missing: must be a rollout's id, as status tells it, such as eb06d8ea."]),
        ({"rollout": 'x" OR "'}, ["rollout is"]),
        ({"rollout": "eb06", "decision": "?", "service": "API"}, ["decision is", "service is"]),
    ],
)
def test_a_wrong_request_is_refused_with_every_problem(document, said):
    """An id stands in a filter's text, so nothing but an id gets there."""
    with pytest.raises(BadInput) as raised:
        explain.parse(document)

    assert len(raised.value.problems) == len(said)
    for problem, words in zip(raised.value.problems, said, strict=True):
        assert words in problem
