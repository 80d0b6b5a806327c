"""What a state means. The client itself meets a door in tests/contract/gcp."""

from typing import Any

import pytest
from google.api_core import exceptions as api_errors
from google.cloud.workflows.executions_v1.types import Execution

from gcp.executions import WorkflowExecutions, is_alive
from gcp.lazily import Lazy
from rollouts.errors import Denied, OverQuota, Refused, Transient

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


def answering(error):
    """Return the adapter before a client that answers with an error."""

    class Client:
        def get_execution(self, **_):
            raise error

    executions = WorkflowExecutions("nowhere.invalid")
    executions._client = Lazy[Any](Client)
    return executions


def test_an_execution_that_is_not_found_is_gone():
    assert not answering(api_errors.NotFound("no such execution")).alive("projects/p/e1")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (api_errors.PermissionDenied("no right"), Denied),
        (api_errors.Forbidden("no right"), Denied),
        (api_errors.Unauthenticated("who"), Denied),
        (api_errors.InvalidArgument("no name"), Refused),
        (api_errors.ServiceUnavailable("away"), Transient),
        (api_errors.DeadlineExceeded("slow"), Transient),
        (api_errors.ResourceExhausted("too often"), OverQuota),
    ],
)
def test_an_execution_that_nobody_could_ask_after_is_not_gone(error, told):
    """A sweeper without the right to ask must not take back every rollout."""
    with pytest.raises(told, match="the state of the execution projects/p/e1 was not read"):
        answering(error).alive("projects/p/e1")
