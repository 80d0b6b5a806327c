"""What a state means. The client itself meets a door in tests/contract/gcp."""

import pytest
from google.cloud.workflows.executions_v1.types import Execution

from gcp.executions import WorkflowExecutions, is_alive
from rollouts.errors import Transient

State = Execution.State


@pytest.mark.parametrize("state", [State.ACTIVE, State.QUEUED])
def test_what_runs_or_waits_to_is_alive(state):
    assert is_alive(state, "x")


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_what_has_ended_is_not(state):
    assert not is_alive(state, "x")


@pytest.mark.parametrize(
    ("state", "name"),
    [(State.UNAVAILABLE, "UNAVAILABLE"), (State.STATE_UNSPECIFIED, "STATE_"), (99, "99")],
)
def test_what_nobody_can_tell_is_neither(state, name):
    with pytest.raises(Transient, match=f"was not read: it is {name}"):
        is_alive(state, "the state was not read")


def test_no_execution_at_all_is_not_alive_and_not_asked_for():
    assert not WorkflowExecutions("nowhere.invalid").alive("")
