"""Actions on the wire: what the workflow switches on."""

import pytest

from rollouts.actions import Hold, Promote, RollBack, Shift, Stop
from tests.unit.functions.rollouts.builders import NOW


@pytest.mark.parametrize(
    ("action", "document"),
    [
        (
            Hold(10, "watching", "data", NOW),
            {
                "kind": "hold",
                "wait_seconds": 10,
                "because": "watching",
                "waits_for": "data",
                "until": "2026-11-22T12:00:00Z",
            },
        ),
        (
            Hold(2, "soon", "revision"),
            {
                "kind": "hold",
                "wait_seconds": 2,
                "because": "soon",
                "waits_for": "revision",
                "until": None,
            },
        ),
        (Shift(1, 50, "good"), {"kind": "shift", "step": 1, "percent": 50, "because": "good"}),
        (Promote("good"), {"kind": "promote", "because": "good"}),
        (RollBack("bad"), {"kind": "roll_back", "because": "bad", "refuse": True}),
        (
            Stop("promoted", "good"),
            {"kind": "stop", "outcome": "promoted", "go_on": True, "because": "good"},
        ),
    ],
)
def test_an_action_is_a_json_object_with_a_kind(action, document):
    assert action.as_json() == document


@pytest.mark.parametrize(
    ("outcome", "go_on"),
    [
        ("promoted", True),
        ("unchanged", True),
        ("passed", True),
        ("rolled_back", False),
        ("stopped", False),
        ("superseded", False),
    ],
)
def test_a_delivery_goes_on_to_its_next_target_only_after_a_good_end(outcome, go_on):
    assert Stop(outcome, "").go_on is go_on
