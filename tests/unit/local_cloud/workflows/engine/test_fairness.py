"""One execution that works on much leaves others their turn, at the same places each time."""

import json

import pytest

from local_cloud.workflows.engine.effects import Breathe
from tests.unit.local_cloud.workflows.engine.test_long import begun, grow


def pauses(source):
    execution, effects = begun(source)
    found = []
    while execution.state == "active":
        assert Breathe() in effects
        found.append(execution.steps_left)
        effects = execution.resume(Breathe().id, None)
    return found


LIST = grow([{"a": {"assign": [{"l": "${list.concat(l, i)}"}]}}], 6_000, "${len(l)}")
MAP = grow([{"a": {"assign": [{"m[string(i)]": "${i}"}]}}], 6_000, "${len(m)}")
TEXT = [
    {"init": {"assign": [{"s": "x" * 100_000}]}},
    {
        "l": {
            "for": {
                "value": "i",
                "range": [1, 1000],
                "steps": [{"a": {"assign": [{"n": '${text.match_regex(s, "y")}'}]}}],
            }
        }
    },
]
LOGS = [
    {
        "l": {
            "for": {
                "value": "i",
                "range": [1, 1000],
                "steps": [{"a": {"call": "sys.log", "args": {"data": 1}}}],
            }
        }
    }
]


@pytest.mark.parametrize("source", [LIST, MAP, TEXT, LOGS], ids=["list", "map", "text", "logs"])
def test_work_on_large_values_counts_as_many_operations(source):
    """Each of these has fewer operations than one turn."""
    assert len(pauses(source)) >= 3


@pytest.mark.parametrize("source", [LIST, MAP, TEXT, LOGS], ids=["list", "map", "text", "logs"])
def test_the_pauses_are_at_the_same_places_each_time(source):
    assert pauses(source) == pauses(source)


def looking(condition):
    """A few looks at two lists of mixed elements that are alike: fewer operations than one turn."""
    look = {"switch": [{"condition": "${" + condition + "}", "next": "end"}]}
    return {
        "main": {
            "params": ["a"],
            "steps": [
                {"init": {"assign": [{"l": "${json.decode(a)}"}, {"m": "${json.decode(a)}"}]}},
                {"g": {"for": {"value": "i", "range": [1, 400], "steps": [{"s": look}]}}},
            ],
        }
    }


@pytest.mark.parametrize(
    "condition", ["l != m", "-1 in l", 'json.encode_to_string(l) == ""'], ids=["==", "in", "json"]
)
def test_a_look_at_much_is_worth_many_operations_though_nothing_is_kept(condition):
    execution, effects = begun(looking(condition), json.dumps([1, "a", None, True] * 3000))

    assert effects == [Breathe()]
    assert execution.steps_left > 99_900
