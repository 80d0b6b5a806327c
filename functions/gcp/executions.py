"""Workflow executions by the official client (gRPC): does this one still live?"""

from typing import Final

from google.api_core import exceptions as api_errors
from google.cloud.workflows import executions_v1
from google.cloud.workflows.executions_v1.types import Execution

from gcp.lazily import Lazy
from gcp.vendor_errors import translated
from rollouts.errors import Transient

TIMEOUT_SECONDS: Final = 20.0
_ALIVE: Final = frozenset({Execution.State.ACTIVE, Execution.State.QUEUED})
_ENDED: Final = frozenset(
    {Execution.State.SUCCEEDED, Execution.State.FAILED, Execution.State.CANCELLED}
)


class WorkflowExecutions:
    """Implements `ports.Executions`. `endpoint` is WORKFLOW_EXECUTIONS_ENDPOINT."""

    def __init__(self, endpoint: str) -> None:
        self._client = Lazy(
            lambda: executions_v1.ExecutionsClient(client_options={"api_endpoint": endpoint})
        )

    def alive(self, execution: str) -> bool:
        """Whether an execution, by its full name, still runs or waits to. Unknown ones do not.

        A state that is neither (the data is unavailable, or a newer state) raises Transient:
        whoever takes a rollout back because its driver died must know that it did.
        """
        if not execution:
            return False
        not_done = f"the state of the execution {execution} was not read"
        with translated(not_done):
            try:
                found = self._client().get_execution(
                    request={"name": execution, "view": executions_v1.ExecutionView.BASIC},
                    retry=None,
                    timeout=TIMEOUT_SECONDS,
                )
            except api_errors.NotFound:
                return False
        return is_alive(found.state, not_done)


def is_alive(state: int, not_done: str) -> bool:
    """Whether a state is one of an execution that runs or waits to. Raises Transient."""
    if state not in _ALIVE | _ENDED:
        raise Transient(f"{not_done}: it is {getattr(state, 'name', state)}")
    return state in _ALIVE
